"""Cuts secrets out of Stripe's answers before they are stored: pure."""

from __future__ import annotations

from typing import Any, cast

# What Stripe shows once, or what lets its bearer act: an endpoint's signing secret, an intent's client secret, a
# session's link. None of it is needed again.
SECRETS = frozenset({"secret", "client_secret", "ephemeral_key_secret"})


def without_secrets(value: Any) -> Any:
    """The same data, where every text under such a name is replaced by a mark that there was one."""
    if isinstance(value, dict):
        given = cast("dict[str, Any]", value)
        return {
            name: "(cut out)" if name in SECRETS and isinstance(part, str) else without_secrets(part)
            for name, part in given.items()
        }
    if isinstance(value, list):
        return [without_secrets(part) for part in cast("list[Any]", value)]
    return value
