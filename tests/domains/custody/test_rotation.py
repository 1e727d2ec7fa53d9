"""The master key is changed online: cut off at any place, every value is readable by every process."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import START, make_organisation
from tillwright.domains.audit import Actor
from tillwright.domains.custody import Custody
from tillwright.domains.custody.columns import SEALED
from tillwright.domains.integrations import Credentials
from tillwright.gateways.database import Database
from tillwright.kit.clock import SystemClock
from tillwright.kit.errors import Conflict, Invalid
from tillwright.kit.keyring import Keyring
from tillwright.kit.seal import MasterKey, Seal, Secret

PLAIN = {"stripe_events.raw", "connection_cache.body"}
"""Binary columns that hold nobody's secret; digests are told by their name."""
ACTOR = Actor("SYSTEM", "test", "test")


class Killed(BaseException):
    pass


class Vault:
    """Two organisations with sealed secrets, and a process that runs since before the rotation."""

    def __init__(self, database: Database, file: Path, organisations: Sequence[str]) -> None:
        self.database, self.file, self.organisations = database, file, organisations
        self.ring = Keyring((), file)
        self.running = Credentials(Seal(self.ring))

    def custody(self) -> Custody:
        """As another process would have it."""
        return Custody(database=self.database, clock=SystemClock(), keyring=Keyring((), self.file))

    async def fill(self, each: int) -> None:
        for organisation in self.organisations:
            async with self.database.tenant(organisation) as tx:
                for number in range(each):
                    await self.running.put(
                        tx,
                        organisation,
                        partner="STRIPE",
                        purpose=f"key_{number}",
                        livemode=False,
                        secret=Secret(f"{organisation}:{number}"),
                        at=START,
                    )

    async def check(self, each: int) -> None:
        """Every value opens to what it was, for a process of before and for one that starts now."""
        for credentials in (self.running, Credentials(Seal(Keyring((), self.file)))):
            for organisation in self.organisations:
                async with self.database.tenant(organisation) as tx:
                    for number in range(each):
                        purpose = f"key_{number}"
                        secret = await credentials.open(
                            tx, organisation, partner="STRIPE", purpose=purpose, actor=ACTOR, why="test", at=START
                        )
                        assert secret.matches(f"{organisation}:{number}")


@pytest.fixture
async def vault(database: Database, tmp_path: Path) -> Vault:
    vault = Vault(database, tmp_path / "master.key", [await make_organisation(database, name) for name in "AB"])
    await vault.fill(3)
    return vault


async def test_everything_is_sealed_anew_and_the_old_key_can_go(vault: Vault) -> None:
    (before,) = await vault.custody().holdings()
    assert (before.values, before.present) == (6, True)
    assert await vault.custody().rotate() == 6
    new, old = await vault.custody().holdings()
    assert (new.values, old.values, old.id) == (6, 0, before.id)
    await vault.check(3)
    await vault.fill(4)
    assert (await vault.custody().holdings())[0].values == 8, "a process of before seals with the new key"
    assert await vault.custody().retire() == [old.id]
    assert [each.id for each in await vault.custody().holdings()] == [new.id]
    await vault.check(4)
    assert vault.file.stat().st_mode & 0o077 == 0
    assert await vault.custody().rotate() == 8, "and again"


POINTS = [
    "before the file is replaced",
    "after the file is replaced",
    *(f"before value {number} is sealed" for number in range(1, 7)),
]


@pytest.mark.parametrize("point", POINTS)
async def test_killed_anywhere_nothing_is_unreadable_and_the_next_call_ends_it(
    vault: Vault, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = await vault.custody().holdings()
    replace, renew, done = os.replace, Seal.renew, [0]

    def replaced(*arguments: Any) -> None:
        if point.startswith("before the file"):
            raise Killed
        replace(*arguments)
        if point.startswith("after the file"):
            raise Killed

    def renewed(self: Seal, *arguments: Any, **options: Any) -> bytes:
        done[0] += 1
        if point == f"before value {done[0]} is sealed":
            raise Killed
        return renew(self, *arguments, **options)

    monkeypatch.setattr("tillwright.kit.keyring.os.replace", replaced)
    monkeypatch.setattr(Seal, "renew", renewed)
    monkeypatch.setattr("tillwright.domains.custody.service.BATCH", 1)
    with pytest.raises(Killed):
        await vault.custody().rotate()
    monkeypatch.undo()
    await vault.check(3)
    assert await vault.custody().rotate() == 6 - max(0, done[0] - 1), "what was sealed anew stays so"
    await vault.check(3)
    holdings = await vault.custody().holdings()
    assert holdings[0].values == sum(each.values for each in holdings) == 6
    assert holdings[-1].id == first.id
    assert len(holdings) == 2, "a rotation that was begun is ended, not begun anew"


async def test_what_was_begun_before_is_waited_for(vault: Vault, database_url: Secret) -> None:
    old = vault.ring.present()[0]
    organisation = vault.organisations[0]
    blob = Seal([old]).close(Secret("late"), organisation=organisation, partner="STRIPE", purpose="late")
    with psycopg.connect(database_url.reveal()) as slow:
        slow.execute("set search_path = tillwright")
        slow.execute(
            "insert into credentials (organisation_id, partner, purpose, livemode, sealed, created) "
            "values (%s, 'STRIPE', 'late', false, %s, now())",
            (organisation, blob),
        )

        class Waiting(SystemClock):
            async def sleep(self, seconds: float) -> None:
                slow.commit()  # only now: the first pass could not see it

        custody = Custody(database=vault.database, clock=Waiting(), keyring=Keyring((), vault.file))
        assert await custody.rotate() == 7
    assert [each.values for each in await vault.custody().holdings()] == [7, 0]


async def test_a_value_of_a_lost_key_stops_it_before_anything_is_made(vault: Vault, tmp_path: Path) -> None:
    stranger = Credentials(Seal(Keyring((), tmp_path / "other.key")))
    organisation = vault.organisations[0]
    async with vault.database.tenant(organisation) as tx:
        await stranger.put(
            tx, organisation, partner="STRIPE", purpose="lost", livemode=False, secret=Secret("x"), at=START
        )
    with pytest.raises(Invalid) as caught:
        await vault.custody().rotate()
    assert caught.value.code == "master_key_lost"
    assert len(vault.file.read_text().split()) == 1
    with pytest.raises(Invalid):
        await vault.custody().retire()


async def test_keys_of_the_environment_are_somebody_elses_to_change(vault: Vault) -> None:
    await vault.custody().rotate()
    _, old = (MasterKey.parse(line) for line in vault.file.read_text().split())
    new = vault.ring.present()[0]
    given = Custody(database=vault.database, clock=SystemClock(), keyring=Keyring([old], old=[new]))
    assert await given.rotate() == 6, "sealed with the key that is first by now"
    with pytest.raises(Conflict) as caught:
        await given.retire()
    assert caught.value.code == "master_key_in_environment"


def test_each_binary_column_is_sealed_by_the_table_or_said_to_be_plain(database_url: Secret) -> None:
    with psycopg.connect(database_url.reveal()) as connection:
        rows = connection.execute(
            "select table_name || '.' || column_name from information_schema.columns "
            "where table_schema = 'tillwright' and data_type = 'bytea'"
        ).fetchall()
    there = {name for (name,) in rows if not name.endswith("digest")}
    told = {f"{each.table}.{each.column}" for each in SEALED}
    assert there - PLAIN - told == set(), "sealed? Then a row in custody/columns.py; else PLAIN"
    assert told <= there
