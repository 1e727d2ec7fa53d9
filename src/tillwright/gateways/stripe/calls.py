"""One call to Stripe from end to end: its turn in the rate budget, its retries, one deadline over all of it."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from tillwright.gateways.stripe import translate
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.answer import Answer
from tillwright.gateways.stripe.errors import (
    AccountRefused,
    Facts,
    HeldBack,
    KeyRefused,
    PermissionMissing,
    RateLimited,
    StripeFailure,
    StripeUnreachable,
)
from tillwright.gateways.stripe.limits import Limiter
from tillwright.gateways.stripe.reader import Lane
from tillwright.gateways.stripe.retry import RetryPolicy
from tillwright.gateways.stripe.writer import MaySend
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Invalid

_log = logging.getLogger("tillwright.stripe")
_PATH = re.compile(r"/v[12](/[A-Za-z0-9_\-.~!$&'()*+,;=:]+)+")


# What an SDK takes out of the parameters as options of its own: another key, another account, another host.
_RESERVED = frozenset(
    {
        "api_key",
        "base",
        "content_type",
        "headers",
        "idempotency_key",
        "max_network_retries",
        "method_",
        "stripe_account",
        "stripe_context",
        "stripe_version",
        "url_",
    }
)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer as it came. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    raw: bytes


class Exchange(Protocol):
    """Sends one request once."""

    async def __call__(
        self, access: Access, method: str, path: str, params: Mapping[str, Any], idempotency_key: str | None
    ) -> Reply:
        """Raises StripeUnreachable if no whole answer came."""
        ...


OnRefusal = Callable[[Access, StripeFailure], Awaitable[None]]
"""Told that Stripe refused a key, an account or a right that a call relied on; must not raise."""


class Calls:
    """Sends requests through an exchange, under limits, with retries."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        limits: Limiter,
        clock: Clock,
        policy: RetryPolicy | None = None,
        on_refusal: OnRefusal | None = None,
    ) -> None:
        self._exchange = exchange
        self._on_refusal = on_refusal
        self._limits = limits
        self._clock = clock
        self._policy = policy or RetryPolicy()
        self._dice = random.Random()  # noqa: S311 - spreads retries, guards nothing

    async def call(
        self,
        access: Access,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        idempotency_key: str | None,
        *,
        lane: Lane,
        deadline: float,
        retry: bool = True,
        may_send: MaySend | None = None,
    ) -> Answer:
        """The answer, or the last failure; `unknown` stays set if any try may have taken effect."""
        check_request(method, path, params or {})
        ends = self._clock.monotonic() + deadline
        tries, unknown = 0, False
        while True:
            left = ends - self._clock.monotonic()
            if left <= 0 or not await self._limits.take(access, method, path, lane=lane, patience=left):
                raise _settled(_out_of_budget(deadline), tries, unknown)
            if may_send and (why := await may_send()):
                raise _settled(HeldBack("sending_held", why, Facts(message="held back by us")), tries, unknown)
            tries += 1
            outcome = await self._once(access, method, path, params or {}, idempotency_key, ends)
            if isinstance(outcome, Answer):
                return outcome
            await self._tell(access, outcome)
            if isinstance(outcome, KeyRefused) and access.spare:
                # Stripe looks at the key before anything else: nothing happened, and the other key is as good.
                access = replace(access, key=access.spare, spare=None)
                continue
            unknown = unknown or outcome.unknown
            wait = self._policy.wait_after(outcome, tries, self._dice.random()) if retry else None
            # A lock time-out is a 429 about one object; any other says that the account or endpoint is over its rate.
            if isinstance(outcome, RateLimited) and outcome.stripe_code != "lock_timeout":
                await self._limits.empty(access, method, path, wait or 1.0)
            if wait is None or self._clock.monotonic() + wait >= ends:
                raise _settled(outcome, tries, unknown)
            await self._clock.sleep(wait)

    async def _tell(self, access: Access, outcome: StripeFailure) -> None:
        refused = isinstance(outcome, KeyRefused | AccountRefused | PermissionMissing)
        if refused and self._on_refusal and not access.quiet and access.on_account is None:
            await self._on_refusal(access, outcome)

    async def _once(
        self,
        access: Access,
        method: str,
        path: str,
        params: Mapping[str, Any],
        idempotency_key: str | None,
        ends: float,
    ) -> Answer | StripeFailure:
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(max(0.05, ends - started)):
                reply = await self._exchange(access, method, path, params, idempotency_key)
        except TimeoutError:
            outcome: Answer | StripeFailure = translate.unreachable("no answer in time")
        except StripeUnreachable as failure:
            outcome = failure
        else:
            outcome = _read(reply)
        _note(method, path, outcome, self._clock.monotonic() - started)
        return outcome


def check_request(method: str, path: str, params: Mapping[str, Any]) -> None:
    """Refuses a request that could lead to another host, endpoint or account than it seems to.

    Raises:
        Invalid: naming what is wrong; nothing was sent.
    """
    if method not in ("GET", "POST", "DELETE"):
        raise Invalid("stripe_method_malformed", f"{method!r} is none of GET, POST and DELETE.", field="method")
    if not _PATH.fullmatch(path) or any(part in (".", "..") for part in path.split("/")):
        raise Invalid(
            "stripe_path_malformed",
            f"{path!r} is not a path of Stripe's API.",
            field="path",
            remedy="Write it like /v1/customers or /v1/customers/cus_123; ids hold no slash, space or question mark.",
        )
    taken = sorted(_RESERVED.intersection(params))
    if taken:
        raise Invalid("stripe_parameter_reserved", f"{taken[0]} is no parameter of Stripe's API.", field=taken[0])


def _read(reply: Reply) -> Answer | StripeFailure:
    if not 200 <= reply.status < 300:
        return translate.failure(reply.status, reply.headers, reply.raw)
    answer = Answer(
        reply.status,
        reply.raw,
        reply.headers.get("request-id"),
        reply.headers.get("idempotent-replayed") == "true",
        reply.headers,
    )
    try:
        answer.check()
    except ValueError:
        # A 2xx that can't be read did reach Stripe, or a proxy before it: its status says nothing that can be trusted.
        return translate.failure(502, reply.headers, b"")
    return answer


def _settled(failure: StripeFailure, tries: int, unknown: bool) -> StripeFailure:
    failure.tries = tries
    # A refusal that Stripe gives before it looks at the idempotency key says nothing about an earlier try.
    if unknown and (failure.transient or failure.unknown):
        failure.unknown = True
    return failure


def _out_of_budget(deadline: float) -> RateLimited:
    return RateLimited(
        "stripe_budget_used_up",
        f"Stripe's rate limit left no room for this request within {deadline:g} seconds.",
        Facts(message="our own rate budget"),
        remedy="Try again in a little while.",
    )


def _note(method: str, path: str, outcome: Answer | StripeFailure, seconds: float) -> None:
    # Never parameters: they may hold personal data.
    said = outcome.status if isinstance(outcome, Answer) else f"{outcome.status or '-'} {outcome.code}"
    _log.info("%s %s -> %s in %d ms (%s)", method, path, said, seconds * 1000, outcome.request_id or "no request id")
