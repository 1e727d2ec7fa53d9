"""What Stripe did not do when an integration was deleted: tried again for a day, with a key kept for that alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from tillwright.domains import audit
from tillwright.domains.integrations import PARTNER, Integration, Integrations
from tillwright.domains.removal import store
from tillwright.domains.removal.receipt import Line
from tillwright.domains.removal.unfinished import GIVEN_UP_AFTER, LISTED, Unfinished, hopeful, wait
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.access import Access
from tillwright.kit.clock import Clock
from tillwright.kit.errors import TillwrightError, Upstream
from tillwright.kit.seal import Seal

_PURPOSE = "removal"
_REMOVED = "Our webhook endpoint was removed at Stripe later; the key for it was shredded."
_NOT_REMOVED = "Our webhook endpoint could not be removed at Stripe:"

T = TypeVar("T")


class Hooks(Protocol):
    """Our webhook endpoints at Stripe, which can be taken back when nothing of them is left here."""

    async def hooks(self, organisation_id: str) -> Sequence[str]:
        """What names them at Stripe."""
        ...

    async def take_back(self, access: Access, hooks: Sequence[str]) -> int:
        """Delete those that are still there; returns how many. Raises what Stripe says."""
        ...


class Links(Protocol):
    """Access to users' own accounts, which can be taken back when nothing of it is left here."""

    async def links(self, organisation_id: str, livemode: bool) -> Sequence[tuple[str, str]]:
        """(account, Connect client id) of each."""
        ...

    async def take_back(self, access: Access, account_id: str, client_id: str) -> None:
        """End one; one that was ended before is no error. Raises what Stripe says."""
        ...


class Debts:
    """What is owed is noted before anything is taken back, for later there is no key and nobody knows the names."""

    def __init__(
        self, *, database: Database, clock: Clock, integrations: Integrations, hooks: Hooks, links: Links, seal: Seal
    ) -> None:
        self._database = database
        self._clock = clock
        self._integrations = integrations
        self._hooks = hooks
        self._links = links
        self._seal = seal

    async def of(self, work: Unfinished, integration: Integration) -> Unfinished | None:
        """What would have to be taken back later, with the key for it sealed apart; read while it is still there."""
        if integration.partner != PARTNER:
            return None
        try:
            hooks = await self._hooks.hooks(work.organisation_id)
            access = await self._integrations.access(work.organisation_id, why="finish deleting at Stripe")
            links = await self._links.links(work.organisation_id, access.livemode)
        except TillwrightError:
            return None  # a key that does not open: what is left must be done by hand, and the receipt says so
        sealed = self._seal.close(access.key, organisation=work.organisation_id, partner=PARTNER, purpose=_PURPOSE)
        return replace(
            work,
            due=self._clock.now() + wait(0),
            livemode=access.livemode,
            account_id=access.account_id,
            sealed_key=sealed,
            hooks=tuple(hooks),
            links=tuple(links),
        )

    async def settle(self, work: Unfinished, patience: float) -> None:
        """One attempt, of at most `patience` seconds for each thing owed; then the receipt tells how it ended."""
        late = self._clock.now() - work.begun > GIVEN_UP_AFTER
        access = await self._access(work)
        endings, failed = list[Line](), list[TillwrightError]()
        ended, silent = 0, False
        for account_id, client_id in work.links:
            try:
                if silent:  # the others would be waited for just as long: they are tried the next time
                    raise Upstream("stripe_silent", "Stripe did not answer in time.")
                await _within(patience, self._links.take_back(access, account_id, client_id))
                ended += 1
            except TillwrightError as error:
                silent = silent or error.code == "stripe_silent"
                failed.append(error)
                endings.append(Line(f"{LISTED} {error.sentence}", done=False, id=account_id))
        if ended:
            endings.append(Line("Access to users' own accounts was taken back at Stripe later.", count=ended))
        try:
            count = await _within(patience, self._hooks.take_back(access, work.hooks))
            endings.append(Line(_REMOVED, count=count))
        except TillwrightError as error:
            failed.append(error)
            endings.append(Line(f"{_NOT_REMOVED} {error.sentence} The key kept for it was shredded.", done=False))
        if any(hopeful(error) for error in failed) and not late:
            async with self._database.tenant(work.organisation_id) as tx:
                await store.put_off(tx, work, self._clock.now() + wait(work.attempts))
            return
        await self._end(work, endings)

    async def _end(self, work: Unfinished, endings: Sequence[Line]) -> None:
        async with self._database.tenant(work.organisation_id) as tx:
            if not await store.end(tx, work):
                return
            receipt = await store.receipt(tx, work.organisation_id, work.id)
            if receipt is not None:
                tried = [account_id for account_id, _ in work.links]
                await store.rewrite(tx, work.organisation_id, receipt.ended(endings, tried))
            said = {"receiptId": work.id, "done": all(line.done for line in endings)}
            subject, now = f"{work.partner}/{work.service}", self._clock.now()
            actor = Principal.system(work.organisation_id, "tillwright").actor
            await audit.record(tx, work.organisation_id, actor, "system:integration:end_delete", subject, said, now)

    async def _access(self, work: Unfinished) -> Access:
        key = self._seal.open(
            work.sealed_key or b"", organisation=work.organisation_id, partner=PARTNER, purpose=_PURPOSE
        )
        async with self._database.tenant(work.organisation_id) as tx:
            actor = Principal.system(work.organisation_id, "tillwright").actor
            why = "take back at Stripe what a deleted integration left there"
            what = f"{PARTNER}/{_PURPOSE}"
            await audit.opened(tx, work.organisation_id, actor, what, why, self._clock.now())
        return Access(work.organisation_id, key, bool(work.livemode), work.account_id)


async def _within(patience: float, asked: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(patience):
            return await asked
    except TimeoutError as error:
        raise Upstream("stripe_silent", "Stripe did not answer in time.") from error
