"""A contact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

INFO = ("companyName", "companyLocation", "phoneNumber", "role")
"""What may be said of a contact besides name and address; texts."""


@dataclass(frozen=True)
class Contact:
    """`info` holds names of `INFO` and `lastModifiedBy`; `buyers` are the customers it is linked to."""

    id: str
    name: str
    email: str
    info: Mapping[str, Any]
    tags: Sequence[str]
    created: datetime
    updated: datetime
    buyers: Sequence[str] = ()
