"""The port through which something at Stripe is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.answer import Answer

Method = Literal["POST", "DELETE"]


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
    ) -> Answer:
        """Sends the request; every retry carries the same key and parameters.

        Raises:
            StripeFailure: with `unknown` set, the write may have taken effect.
        """
        ...
