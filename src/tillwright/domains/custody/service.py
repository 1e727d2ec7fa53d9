"""The verbs: look at what is sealed with which key, seal everything anew, and let an old key go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from tillwright.domains import audit
from tillwright.domains.audit import Actor
from tillwright.domains.custody import store
from tillwright.domains.custody.columns import SEALED, Sealed
from tillwright.gateways.database import Database, Tx
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Conflict, Invalid
from tillwright.kit.keyring import Keyring
from tillwright.kit.seal import BEGINNING, Seal

BATCH = 100
"""Values sealed anew in one transaction."""
PATIENCE = 60.0
"""Seconds to wait for transactions that may still be sealing with the key before."""


@dataclass(frozen=True)
class Holding:
    """How many values a master key seals. `id` is its fingerprint, in hex; `present`: it seals what is sealed now."""

    id: str
    values: int
    present: bool
    known: bool


class Custody:
    """Works over all organisations, online: every value can be read at every moment, by every process."""

    def __init__(self, *, database: Database, clock: Clock, keyring: Keyring) -> None:
        self._database = database
        self._clock = clock
        self._keyring = keyring

    async def holdings(self) -> Sequence[Holding]:
        """Each master key with what it seals, the present one first."""
        counts = await self._counts()
        keys = [key.id.hex() for key in self._keyring.present()]
        found = [Holding(each, counts.pop(each, 0), each == keys[0], known=True) for each in keys]
        return found + [Holding(each, number, present=False, known=False) for each, number in counts.items()]

    async def rotate(self) -> int:
        """Make a new master key where the keys are in a file, and seal everything anew; returns how many values.

        Cut off anywhere it can be called again: a rotation that was begun is ended, not begun anew.

        Raises:
            Conflict: transactions that began before stay open, so that nobody can say it is complete.
            Invalid: a value is sealed with a key that is not there; nothing was made.
        """
        held = [each for each in await self.holdings() if each.values]
        lost = [each.id for each in held if not each.known]
        if lost:
            raise Invalid(
                "master_key_lost",
                f"Values are sealed with master keys that are not here: {', '.join(lost)}.",
                remedy="Put these keys back (TILLWRIGHT_OLD_MASTER_KEYS, or lines of the key file), then rotate.",
            )
        under_way = any(not each.present for each in held)
        if self._keyring.changeable and not under_way:
            self._keyring.add()
        return await self.reseal()

    async def reseal(self) -> int:
        """Seal with the present key whatever another one seals, until nothing is left; returns how many values."""
        async with self._database.open() as tx:
            _, begun = await store.horizon(tx)
        sealed = await self._pass()
        await self._wait_for(begun)
        # What began before everybody saw the new key has ended by now: what it left behind is the last.
        sealed += await self._pass()
        return sealed

    async def retire(self) -> Sequence[str]:
        """Take the keys out of the file that seal nothing any more; returns their ids.

        Raises:
            Conflict: a value is still sealed with one of them, or the keys are not in a file.
        """
        await self.reseal()
        left = [each.id for each in await self.holdings() if each.values and not each.present]
        if left:
            raise Conflict(
                "master_key_in_use",
                f"Values are still sealed with {', '.join(left)}.",
                remedy="Run `tillwright keys rotate` again.",
            )
        return self._keyring.keep_first()

    async def _pass(self) -> int:
        async with self._database.open() as tx:
            organisations = await store.organisation_ids(tx)
        return sum([await self._column(owner, place) for owner, place in _places(organisations)])

    async def _column(self, organisation_id: str, place: Sealed) -> int:
        seal, sealed = Seal(self._keyring), 0
        while True:
            async with self._of(organisation_id) as tx:
                done = await store.renew(
                    tx,
                    organisation_id,
                    place,
                    seal.beginning,
                    lambda blob, partner, purpose: seal.renew(
                        blob, organisation=organisation_id, partner=partner, purpose=purpose
                    ),
                    BATCH,
                )
                if done and organisation_id:
                    said = {"values": done, "masterKey": seal.beginning[1:].hex()}
                    actor = Actor("SYSTEM", "tillwright keys", "tillwright keys")
                    subject = f"{place.table}.{place.column}"
                    await audit.record(
                        tx, organisation_id, actor, "system:master_key:reseal", subject, said, self._clock.now()
                    )
            sealed += done
            if done < BATCH:
                return sealed

    async def _wait_for(self, begun: int) -> None:
        ends = self._clock.monotonic() + PATIENCE
        while True:
            async with self._database.open() as tx:
                oldest, _ = await store.horizon(tx)
            if oldest >= begun:
                return
            if self._clock.monotonic() > ends:
                raise Conflict(
                    "transactions_open",
                    "Transactions that began before the rotation are still open in the database.",
                    remedy="Wait until they end (see pg_stat_activity), then run it again: it goes on where it was.",
                )
            await self._clock.sleep(0.2)

    async def _counts(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        async with self._database.open() as tx:
            organisations = await store.organisation_ids(tx)
        for owner, place in _places(organisations):
            async with self._of(owner) as tx:
                for beginning, number in await store.beginnings(tx, owner, place, BEGINNING):
                    counts[beginning[1:].hex()] = counts.get(beginning[1:].hex(), 0) + number
        return counts

    def _of(self, owner: str) -> AbstractAsyncContextManager[Tx]:
        return self._database.tenant(owner) if owner else self._database.open()


def _places(organisations: Sequence[str]) -> Sequence[tuple[str, Sealed]]:
    """(owner, column) of everything sealed; the owner is empty where the table is everybody's."""
    own = [(each, place) for each in organisations for place in SEALED if not place.everybodys]
    return own + [("", place) for place in SEALED if place.everybodys]


def as_json(holdings: Sequence[Holding]) -> Sequence[Mapping[str, object]]:
    """Plain data, for programs."""
    return [vars(each) for each in holdings]
