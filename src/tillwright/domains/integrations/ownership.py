"""The metadata by which what we made at Stripe is known as ours, though the answer that told its id was lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ORGANISATION = "tillwright_organisation"


def organisation_of(found: Mapping[str, Any]) -> Any:
    """The organisation an object of Stripe's was made for, None if it is not ours."""
    metadata: Mapping[str, Any] = found.get("metadata") or {}
    return metadata.get(ORGANISATION)
