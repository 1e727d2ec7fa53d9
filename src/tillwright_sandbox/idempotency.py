"""Idempotency keys as Stripe keeps them: the first answer to a key is the only one, for 24 hours.

An answer is kept from the moment the endpoint began to execute, errors and 500s included. Not kept: refusals before
execution (400 of validation, 401, 403), 429, and 409 while another request with the key is under way.
"""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from .clock import Clock
from .errors import StripeError

KEPT_SECONDS = 24 * 3600
LONGEST = 255

Scope = tuple[str, bool, str]  # account id, livemode, key


@dataclass(slots=True)
class Kept:
    """The first request under a key; `status` is None while it is under way."""

    method: str
    path: str
    fingerprint: str
    at: int
    request_id: str
    status: int | None = None
    body: str = ""


class Idempotency:
    """`begin` before executing, then `settle` with the answer, or `release` when nothing is to be kept."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.enabled = True
        self.kept: dict[Scope, Kept] = {}
        self.replays = 0

    def begin(
        self, account: str, livemode: bool, key: str, method: str, path: str, params: object, request_id: str
    ) -> Kept | None:
        """None: go on and execute. A Kept: answer it again. Raises where Stripe refuses the key."""
        if not self.enabled:
            return None
        if len(key) > LONGEST:
            text = f"The idempotency key is too long ({len(key)} characters); it can be at most {LONGEST} characters."
            raise StripeError(400, "idempotency_error", None, text)
        scope = (account, livemode, key)
        known = self.kept.get(scope)
        if known is not None and known.status is not None and self.clock.now() - known.at >= KEPT_SECONDS:
            known = None
        print_ = fingerprint(params)
        if known is None:
            self.kept[scope] = Kept(method, path, print_, self.clock.now(), request_id)
            return None
        self._refuse_misuse(known, key, path, method, print_)
        if known.status is None:
            raise in_progress(key)
        self.replays += 1
        return known

    def _refuse_misuse(self, known: Kept, key: str, path: str, method: str, print_: str) -> None:
        if (known.method, known.path) != (method, path):
            raise StripeError(
                400,
                "idempotency_error",
                None,
                "Keys for idempotent requests can only be used for the same endpoint they were first used for "
                f"('{path}' vs '{known.path}'). Try using a key other than '{key}' if you meant to execute a "
                "different request.",
            )
        if known.fingerprint != print_:
            raise StripeError(
                400,
                "idempotency_error",
                None,
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request.",
            )

    def settle(self, account: str, livemode: bool, key: str, status: int, body: bytes) -> None:
        """Keeps the answer of an executed request; 429 and 409 are forgotten."""
        if status in (409, 429):
            self.release(account, livemode, key)
            return
        known = self.kept.get((account, livemode, key))
        if known is not None and known.status is None:
            known.status, known.body = status, body.decode()

    def release(self, account: str, livemode: bool, key: str) -> None:
        """Forgets a request that did not get as far as executing."""
        known = self.kept.get((account, livemode, key))
        if known is not None and known.status is None:
            del self.kept[(account, livemode, key)]

    def expire(self) -> int:
        """Forgets every settled key at once, as if a day had passed. Answers how many."""
        gone = [scope for scope, known in self.kept.items() if known.status is not None]
        for scope in gone:
            del self.kept[scope]
        return len(gone)

    def state(self) -> dict[str, Any]:
        return {"enabled": self.enabled, "kept": len(self.kept), "replays": self.replays}

    def snapshot(self) -> dict[str, Any]:
        oldest = self.clock.now() - KEPT_SECONDS
        rows = [
            [*scope, asdict(known)]
            for scope, known in self.kept.items()
            if known.status is not None and known.at > oldest
        ]
        return {"enabled": self.enabled, "kept": rows}

    def restore(self, state: dict[str, Any]) -> None:
        self.enabled = state["enabled"]
        self.kept = {(account, live, key): Kept(**known) for account, live, key, known in state["kept"]}


def fingerprint(params: object) -> str:
    """A digest of the parameters as sent; their order does not matter."""
    return hashlib.sha256(orjson.dumps(params, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()


def in_progress(key: str) -> StripeError:
    return StripeError(
        409,
        "idempotency_error",
        "idempotency_key_in_use",
        "There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
        f"twice, and the other request is still going through): {key}. Please try again later.",
    )
