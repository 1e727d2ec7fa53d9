"""What can go wrong at Stripe, as errors of our own families.

StripeFailure
├── KeyRefused (Denied)            401: unknown, revoked or expired key, or an address the key does not allow
├── PermissionMissing (Denied)     403: the key lacks a right
├── AccountRefused (Denied)        403: the account is not, or no longer, within this key's reach
├── CardDeclined (Invalid)         402: a stored result; another attempt needs another key
├── RequestRefused (Invalid)       400 and other 4xx: the request itself is wrong
├── KeyMisused (Conflict)          400: an idempotency key used for another request
├── InFlight (Conflict)            409: the same key or object is being worked on at this moment
├── StripeAbsent (Absent)          404: no such object
├── NoSuchEndpoint (Absent)        404: this account or API version has no such resource
├── RateLimited (Upstream)         429, or our own budget is used up
├── HeldBack (Upstream)            not sent: whoever asked for it may not have it sent just now
├── StripeBroken (Upstream)        5xx, or an answer that makes no sense: outcome unknown
└── StripeUnreachable (Upstream)   no answer: outcome unknown
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tillwright.kit.errors import Absent, Conflict, Denied, Invalid, TillwrightError, Upstream


@dataclass(frozen=True)
class Facts:
    """What Stripe said of a failure. `message` has every key masked; `retry_after` is in seconds."""

    status: int | None = None
    type: str | None = None
    code: str | None = None
    param: str | None = None
    decline_code: str | None = None
    message: str = ""
    request_id: str | None = None
    replayed: bool = False
    should_retry: bool | None = None
    retry_after: float | None = None
    right: str | None = None
    account: str | None = None


class StripeFailure(TillwrightError):
    """A request that did not succeed. `unknown`: it may have taken effect all the same. `tries`: times it was sent."""

    unknown = False
    transient = False  # the same request may succeed later; Stripe keeps no result of this refusal

    def __init__(self, code: str, sentence: str, facts: Facts, *, remedy: str | None = None) -> None:
        super().__init__(code, sentence, remedy=remedy)
        self.facts = facts
        self.tries = 1

    @property
    def status(self) -> int | None:
        return self.facts.status

    @property
    def stripe_code(self) -> str | None:
        return self.facts.code

    @property
    def stripe_type(self) -> str | None:
        return self.facts.type

    @property
    def param(self) -> str | None:
        return self.facts.param

    @property
    def decline_code(self) -> str | None:
        return self.facts.decline_code

    @property
    def request_id(self) -> str | None:
        return self.facts.request_id

    def record(self) -> dict[str, Any]:
        """The failure as plain data, fit to be stored and shown."""
        said = {name: value for name, value in asdict(self.facts).items() if value not in (None, "", False)}
        return {"code": self.code, "sentence": self.sentence, "remedy": self.remedy, "unknown": self.unknown} | {
            "stripe": said
        }


class KeyRefused(StripeFailure, Denied):
    transient = True


class PermissionMissing(StripeFailure, Denied):
    """`right` is the permission Stripe named (without `rak_`), a hint only; `account` the account it named."""

    transient = True

    @property
    def right(self) -> str | None:
        return self.facts.right

    @property
    def account(self) -> str | None:
        return self.facts.account


class AccountRefused(StripeFailure, Denied):
    transient = True


class CardDeclined(StripeFailure, Invalid):
    pass


class RequestRefused(StripeFailure, Invalid):
    pass


class KeyMisused(StripeFailure, Conflict):
    pass


class InFlight(StripeFailure, Conflict):
    transient = True


class StripeAbsent(StripeFailure, Absent):
    pass


class NoSuchEndpoint(StripeFailure, Absent):
    pass


class RateLimited(StripeFailure, Upstream):
    transient = True


class HeldBack(StripeFailure, Upstream):
    transient = True


class StripeBroken(StripeFailure, Upstream):
    unknown = True


class StripeUnreachable(StripeFailure, Upstream):
    unknown = True
