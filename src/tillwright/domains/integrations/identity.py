"""Asks Stripe whose key this is: the account's id, and what else the key may see of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import PermissionMissing
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.kit.errors import Denied


@dataclass(frozen=True)
class Identity:
    """`name`, `country` and `currency` are None where the key may not read its account."""

    account_id: str
    name: str | None = None
    country: str | None = None
    currency: str | None = None
    capabilities: dict[str, str] = field(default_factory=dict[str, str])


async def identify(reader: StripeReader, access: Access, *, deadline: float = 15.0) -> Identity:
    """The account behind a key.

    A restricted key often may not read it; the refusal then names the account.

    Raises:
        Denied: Stripe does not accept the key, or tells nothing of its account.
        Upstream: Stripe could not be reached.
    """
    refused: PermissionMissing | None = None
    for path in ("/v1/account", "/v1/balance"):
        try:
            answer = await reader.get(access, path, deadline=deadline)
        except PermissionMissing as failure:
            if failure.account:
                return Identity(failure.account)
            refused = refused or failure
            continue
        if answer.body.get("object") == "account":
            return read_account(answer.body)
    raise Denied(
        "account_hidden",
        "Stripe does not tell which account this key belongs to.",
        field="secretKey",
        remedy="Give the key the permission «Accounts: Read» (rak_connected_account_read) in Stripe's Dashboard.",
    ) from refused


def read_account(body: dict[str, Any]) -> Identity:
    """Picks what we show from Stripe's account object."""
    settings: dict[str, Any] = body.get("settings") or {}
    dashboard: dict[str, Any] = settings.get("dashboard") or {}
    profile: dict[str, Any] = body.get("business_profile") or {}
    capabilities: dict[str, Any] = body.get("capabilities") or {}
    return Identity(
        account_id=body["id"],
        name=dashboard.get("display_name") or profile.get("name") or body.get("email"),
        country=body.get("country"),
        currency=body.get("default_currency"),
        capabilities={str(name): str(state) for name, state in capabilities.items()},
    )
