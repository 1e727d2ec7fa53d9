"""The metadata by which what we made at Stripe is known as ours, though the answer that told its id was lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ORGANISATION = "tillwright_organisation"
_CONNECT = "tillwright_connect"
CONNECT_MARK = {_CONNECT: "true"}
"""On the webhook endpoint for users' accounts, whose `connect` Stripe never shows again."""


def organisation_of(found: Mapping[str, Any]) -> Any:
    """The organisation an object of Stripe's was made for, None if it is not ours."""
    metadata: Mapping[str, Any] = found.get("metadata") or {}
    return metadata.get(ORGANISATION)


def is_for_connect(found: Mapping[str, Any]) -> bool:
    """Whether a webhook endpoint of ours is the one for users' accounts."""
    metadata: Mapping[str, Any] = found.get("metadata") or {}
    return _CONNECT in metadata
