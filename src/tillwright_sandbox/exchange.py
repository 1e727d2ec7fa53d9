"""A request as it came in and the answer as it goes out, before and after anybody understands them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .keys import Key
    from .operations import Operation


@dataclass
class Exchange:
    """Raw facts first; the pipeline fills in the rest as it goes."""

    request_id: str
    method: str
    address: str  # the path, no query
    query: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    fields: list[tuple[str, Any]] = field(default_factory=list)  # the form's pairs, in order
    operation: Operation | None = None
    path: dict[str, str] = field(default_factory=dict)
    key: Key | None = None
    account: str | None = None
    livemode: bool | None = None
    api_version: str = ""
    idempotency_key: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    object_id: str | None = None  # what an accepted write made or changed
    executed: bool = False  # a behaviour ran: its answer is kept under the idempotency key
    accepted: bool = False  # it took effect
    replayed: bool = False
    fault: str | None = None


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
