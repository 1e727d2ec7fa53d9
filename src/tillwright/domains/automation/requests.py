"""What a step can ask for: one small value a kind of request, which a carrier of the same kind carries out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol


class Request(Protocol):
    """Plain values only: the same inputs must give the same request, in every process and after every crash."""

    def plain(self) -> dict[str, Any]:
        """As JSON for the timeline; its `kind` names the carrier."""
        ...


@dataclass(frozen=True)
class StripeWrite:
    """One request to Stripe; `params` as Stripe's documentation nests them."""

    method: Literal["POST", "DELETE"]
    path: str
    params: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        return {"kind": "stripe", "method": self.method, "path": self.path, "params": dict(self.params)}


@dataclass(frozen=True)
class StripeRead:
    """One GET of Stripe, for what the mirror does not hold or what must be as it is now."""

    path: str
    params: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        return {"kind": "stripe_read", "method": "GET", "path": self.path, "params": dict(self.params)}


@dataclass(frozen=True)
class Mail:
    """One mail to one person; `html` may be left out."""

    to: str
    subject: str
    text: str
    html: str | None = None

    def plain(self) -> dict[str, Any]:
        return {"kind": "mail", "to": self.to, "subject": self.subject, "text": self.text, "html": self.html}
