"""The port through which something at Stripe is changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, Protocol

from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.answer import Answer

Method = Literal["POST", "DELETE"]
MaySend = Callable[[], Awaitable[str | None]]
"""Asked before each sending, after its turn in the rate budget has come: why it may not be sent, None if it may."""


class StripeWriter(Protocol):
    """One write under an idempotency key that the caller recorded before."""

    async def send(
        self,
        access: Access,
        method: Method,
        path: str,
        params: Mapping[str, Any] | None,
        idempotency_key: str,
        *,
        deadline: float = 30.0,
        retry: bool = True,
        may_send: MaySend | None = None,
    ) -> Answer:
        """Sends the request; every retry carries the same key and parameters.

        Raises:
            StripeFailure: with `unknown` set, the write may have taken effect.
            HeldBack: `may_send` said no.
        """
        ...
