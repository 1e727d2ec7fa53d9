"""The port through which Stripe is read: nothing that holds only this can change anything there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal, Protocol

from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.answer import Answer

Lane = Literal["interactive", "bulk"]
Params = Mapping[str, Any]


class StripeReader(Protocol):
    """GET, and nothing else. Errors are those of `errors.py`; `deadline` is in seconds, retries and waits included."""

    async def get(
        self,
        access: Access,
        path: str,
        params: Params | None = None,
        *,
        lane: Lane = "interactive",
        deadline: float = 30.0,
    ) -> Answer:
        """One request. The bulk lane gives way to the interactive one when the account's rate budget is short."""
        ...

    def pages(
        self,
        access: Access,
        path: str,
        params: Params | None = None,
        *,
        lane: Lane = "interactive",
        deadline: float = 30.0,
    ) -> AsyncIterator[Answer]:
        """Every page of a list, 100 rows each unless `params` says otherwise; ends by `has_more`.

        `deadline` holds for each page.
        """
        ...
