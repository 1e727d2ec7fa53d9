"""Reads a user's own account: GET, a fixed list of paths, and never without the account's id."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from tillwright.gateways.stripe import allowed
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.answer import Answer
from tillwright.gateways.stripe.reader import Params, StripeReader


class ConnectedReader:
    """The only way to an account that a user connected. What it stands on can send GET to one host and nothing else."""

    def __init__(self, reader: StripeReader) -> None:
        self._reader = reader

    async def get(
        self, platform: Access, account_id: str, path: str, params: Params | None = None, *, deadline: float = 30.0
    ) -> Answer:
        """One request on `account_id` with the platform's key.

        Raises:
            Denied: the path, a parameter or an expansion is not on the list; nothing was sent.
            StripeFailure: what Stripe said.
        """
        allowed.check(account_id, path, params or {})
        return await self._reader.get(replace(platform, on_account=account_id), path, params, deadline=deadline)

    async def pages(
        self, platform: Access, account_id: str, path: str, params: Params | None = None, *, deadline: float = 30.0
    ) -> AsyncIterator[Answer]:
        """Every page of a list, to its end; errors as for `get`."""
        allowed.check(account_id, path, params or {})
        on_account = replace(platform, on_account=account_id)
        async for page in self._reader.pages(on_account, path, params, deadline=deadline):
            yield page
