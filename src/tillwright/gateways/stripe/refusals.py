"""Reads Stripe's refusals: which right or account a 403's text names, and a text with every key masked."""

from __future__ import annotations

import re

_RIGHTS = (re.compile(r"rak_([a-z0-9_]+_(?:read|write))"), re.compile(r"\('([a-z0-9_]+_(?:read|write))'\)"))
_ACCOUNT = re.compile(r"(?<![A-Za-z0-9_])acct_[A-Za-z0-9_]+")
_KEY = re.compile(r"\b((?:sk|rk|pk)_(?:test|live)|whsec|sk|rk|ek)_[A-Za-z0-9_*]{3,}")

UNAVAILABLE = "not available for use by restricted keys"
_LACKS = ("does not have the required permissions", "permission denied", "does not have any connect permissions")
_ADDRESS = ("ip address", "ip allow", "allowlist", "allow list")


def named_right(message: str) -> str | None:
    """The permission a refusal names, without `rak_`: `charge_write`. A hint: Stripe's text can name another."""
    for pattern in _RIGHTS:
        found = pattern.search(message)
        if found:
            return found[1]
    return None


def named_account(message: str) -> str | None:
    """The account id a refusal names."""
    found = _ACCOUNT.search(message)
    return found[0].rstrip("_") if found else None


def masked(message: str) -> str:
    """The text without any key, not even Stripe's half-masked ones."""
    return _KEY.sub(lambda found: f"{found[1]}_…", message)


def lacks_permission(message: str) -> bool:
    """Whether a text speaks of a missing right, whatever the status it came with."""
    low = message.lower()
    return named_right(message) is not None or UNAVAILABLE in low or any(words in low for words in _LACKS)


def forbids_address(message: str) -> bool:
    """Whether a text says that the key may not be used from this network address."""
    low = message.lower()
    return any(words in low for words in _ADDRESS)
