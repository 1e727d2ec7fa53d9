"""Tells from addresses alone whether Stripe can reach us: pure."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from tillwright.kit.errors import Invalid

NO_PUBLIC_ADDRESS = "public_address_missing"


def can_reach(public_url: str, api_base: str) -> bool:
    """Whether what answers at `api_base` can send events to `public_url`: two on one machine can, too."""
    return _public(public_url) or not _public(api_base)


def unreachable(address: str) -> Invalid:
    """What the integration says of itself behind an address that only this machine or network knows."""
    return Invalid(
        NO_PUBLIC_ADDRESS,
        f"Stripe cannot reach {address}, which is an address of this machine or network only. "
        "Tillwright asks Stripe for new events every few seconds instead.",
        field="TILLWRIGHT_PUBLIC_URL",
        remedy="To be told at once, set TILLWRIGHT_PUBLIC_URL to an https:// address that the internet reaches.",
    )


def _public(url: str) -> bool:
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost", ".internal", ".lan", ".home.arpa", ".test"))
