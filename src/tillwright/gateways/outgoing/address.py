"""Which addresses a request may be dialled to."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Prefixes that carry an IPv4 address within: what they lead to is judged, not what they look like.
# A network's own translator (64:ff9b:1::/48) may carry it anywhere within, so nothing there is let out.
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_COMPATIBLE = IPv6Network("::/96")
_TEREDO = IPv6Network("2001::/32")
_ALLOCATED = IPv6Network("2000::/3")
# Ranges that an older Python takes for public, and those of clouds' and networks' own machinery.
_MACHINERY = tuple(
    map(
        ip_network,
        [
            "0.0.0.0/8",
            "100.64.0.0/10",
            "168.63.129.16/32",
            "192.0.0.0/24",
            "192.88.99.0/24",
            "2001::/23",
            "2001:db8::/32",
            "3fff::/20",
        ],
    )
)


def within(address: Address, opened: Sequence[Network]) -> bool:
    """Whether the operator opened a network that holds this address, however it is written."""
    return any(one in network for one in _meant(address) for network in opened if one.version == network.version)


def public(address: Address) -> bool:
    """Whether everything that this address may lead to is on the public internet."""
    return all(_plainly_public(one) for one in _meant(address))


def _meant(address: Address) -> list[Address]:
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address in _TEREDO:
        return [address, *(address.teredo or ())]
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64:
        return [low]
    if address in _SIX_TO_FOUR:
        return [address, IPv4Address(int(address) >> 80 & 0xFFFFFFFF)]
    return [address, low] if address in _COMPATIBLE else [address]


def _plainly_public(address: Address) -> bool:
    if any(address in network for network in _MACHINERY if network.version == address.version):
        return False
    if isinstance(address, IPv6Address) and (address not in _ALLOCATED or address.scope_id):
        return False
    odd = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    return address.is_global and not odd and not address.is_private and not address.is_link_local


def read(text: str) -> Address | None:
    """A literal address as a URL may hold it, or None for a name."""
    try:
        return ip_address(text.strip("[]"))
    except ValueError:
        return None
