"""What this room needs of billing: one write at Stripe, made once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from tillwright.gateways.database import Tx
from tillwright.gateways.stripe.writer import Method

OnDone = Callable[[Tx, dict[str, Any]], Awaitable[None]]


class Written(Protocol):
    """How a write stands: DONE, REFUSED, PENDING or UNKNOWN, with Stripe's answer or what it said against it."""

    @property
    def state(self) -> str: ...
    @property
    def answer(self) -> dict[str, Any] | None: ...
    @property
    def error(self) -> dict[str, Any] | None: ...


class Writes(Protocol):
    async def perform(
        self,
        organisation_id: str,
        *,
        run_id: str,
        step: str,
        attempt: int = 1,
        method: Method,
        path: str,
        params: Mapping[str, Any],
        livemode: bool,
        on_done: OnDone | None = None,
    ) -> Written: ...
