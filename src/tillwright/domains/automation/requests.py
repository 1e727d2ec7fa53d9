"""What a step can ask for: one small value a kind of request, which a carrier of the same kind carries out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Refund:
    """Money back for one charge: `amount` in minor units, at most what remains; all of that if it is None.

    The charge is named by itself or by its payment intent.
    """

    charge: str | None
    payment_intent: str | None
    amount: int | None
    params: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        named = {"charge": self.charge, "payment_intent": self.payment_intent, "amount": self.amount}
        params = {**{name: value for name, value in named.items() if value is not None}, **self.params}
        return {"kind": "refund", "method": "POST", "path": "/v1/refunds", "params": params}


@dataclass(frozen=True)
class PromotionCodes:
    """Many promotion codes of one coupon, each with a word of its own: `prefix`, then `length` letters and digits."""

    count: int
    prefix: str
    length: int
    params: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        params = {**self.params, "code": f"{self.prefix}{'?' * self.length}"}
        return {
            "kind": "promotion_codes", "method": "POST", "path": "/v1/promotion_codes", "params": params,
            "times": self.count,
        }  # fmt: skip


@dataclass(frozen=True)
class Sweep:
    """The same write for each object of a list at Stripe (`{id}` in its path), then perhaps one more."""

    listing: StripeRead
    each: StripeWrite
    then: StripeWrite | None = None

    def plain(self) -> dict[str, Any]:
        made = self.each.plain() | {"kind": "sweep", "for_each_of": self.listing.plain()}
        return made | ({"then": self.then.plain()} if self.then else {})


@dataclass(frozen=True)
class Selection:
    """Objects of one type from the mirror; what they have to fulfil is in `where` (see `mirror.selection`).

    `want`: the `objects` themselves, the `first` of them, or the `total`: how many, and the sum of `field` by currency.
    """

    want: Literal["objects", "first", "total"]
    object: str
    where: Mapping[str, Any]
    fields: tuple[str, ...] = ()
    limit: int = 1000
    oldest_first: bool = False
    field: str = "amount"

    def plain(self) -> dict[str, Any]:
        return {"kind": "selection"} | dict(self.__dict__) | {"where": dict(self.where), "fields": list(self.fields)}


@dataclass(frozen=True)
class Values:
    """Values worked out once, for later steps to read; nothing is asked of anybody."""

    values: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        return {"kind": "values", "values": dict(self.values)}


@dataclass(frozen=True)
class HttpCall:
    """One request to an address outside Stripe. Secrets are named, never held: `secret_url` is the name of one that is
    the whole address, `secret_headers` maps a header to the name of its value, `bearer` is the name of a token.

    `body` is any JSON, or a text that is sent as it is.
    """

    method: str
    url: str | None
    secret_url: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: {})
    secret_headers: Mapping[str, str] = field(default_factory=lambda: {})
    bearer: str | None = None
    body: Any = None

    def plain(self) -> dict[str, Any]:
        return {"kind": "http"} | {name: value for name, value in self.__dict__.items() if value not in (None, {})}
