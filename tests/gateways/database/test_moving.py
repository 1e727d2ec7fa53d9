"""A backup restored on another server, which counts its transactions anew: nothing is lost or comes twice."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import START, make_organisation, of_database
from tests.domains.mirror.conftest import Scripted, customer, event
from tillwright.domains import events
from tillwright.domains.events import SpineEvent
from tillwright.domains.mirror import Mirror, change_store
from tillwright.gateways.database import Database, Tx, dumps
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Conflict, Invalid, Upstream
from tillwright.kit.seal import Secret
from tillwright.wiring import bring_up_to_date

AHEAD = 3000  # transactions by which the old server is ahead


@pytest.fixture(scope="module")
def younger_server() -> Iterator[str]:
    """Another server's owner's address; its transactions have hardly begun."""
    folder = Path(tempfile.mkdtemp(prefix="tillwright-test-"))
    server = EmbeddedServer(folder / "pg")
    yield server.url
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def mirror(database: Database, clock: ManualClock) -> Mirror:
    nobody: Any = None
    return Mirror(clock=clock, database=database, keys=nobody, reader=Scripted())


@pytest.fixture
def elsewhere(younger_server: str, database_url: Secret) -> Iterator[Secret]:
    """An empty database of it."""
    name = database_url.reveal().split("/")[3].split("?")[0]
    with psycopg.connect(younger_server, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')  # type: ignore[arg-type]
    yield Secret(of_database(younger_server, name))
    with psycopg.connect(younger_server, autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')  # type: ignore[arg-type]


def use_up(url: Secret, count: int) -> None:
    with psycopg.connect(url.reveal(), autocommit=True) as connection:
        connection.execute(
            f"do $$ begin for i in 1..{count} loop perform pg_current_xact_id(); commit; end loop; end $$"  # type: ignore[arg-type]
        )


def move(source: Secret, target: Secret, folder: Path) -> None:
    dumps.dump(source, folder / "backup")
    dumps.restore(target, folder / "backup")
    bring_up_to_date(target)


@dataclass
class Reader:
    """A consumer of the spine; what it was given outlives a move as its own rows would."""

    name: str
    organisation: str
    seen: list[int] = field(default_factory=list)

    async def __call__(self, tx: Tx, event: SpineEvent) -> None:
        self.seen.append(event.data["number"])

    async def read(self, database: Database, limit: int = 200) -> None:
        await events.hand_on(database, self.organisation, self.name, self, limit)


async def record(tx: Tx, organisation: str, number: int) -> None:
    await events.record(tx, organisation, "test:thing:done", {"number": number}, START)


async def test_the_spine_goes_on_where_each_consumer_was(
    database: Database, database_url: Secret, organisation: str, elsewhere: Secret, tmp_path: Path
) -> None:
    use_up(database_url, AHEAD)
    quiet = await make_organisation(database, "Contoso")
    ahead, half, never = (Reader(name, organisation) for name in ("ahead", "half", "never"))
    for number in (1, 2, 3):
        async with database.tenant(organisation) as tx:
            await record(tx, organisation, number)
    await half.read(database, 2)
    async with database.tenant(organisation) as first, database.tenant(organisation) as second:
        await first.execute("select pg_current_xact_id()")
        await record(second, organisation, 5)  # the earlier id in the later transaction
        await record(first, organisation, 4)
    async with database.tenant(quiet) as tx:
        await record(tx, quiet, 100)
    await ahead.read(database)
    assert (ahead.seen, half.seen) == ([1, 2, 3, 4, 5], [1, 2])
    async with database.tenant(organisation) as tx:
        await record(tx, organisation, 6)

    move(database_url, elsewhere, tmp_path)
    async with Database(elsewhere) as moved:
        async with moved.tenant(organisation) as tx:
            await record(tx, organisation, 7)
        other = Reader("half", quiet)
        for reader in (ahead, half, never, other):
            assert reader.organisation in await events.behind(moved, reader.name)
            await reader.read(moved, 2)
            await reader.read(moved)
        assert ahead.seen == half.seen == never.seen == [1, 2, 3, 4, 5, 6, 7]
        assert other.seen == [100]
        assert await events.behind(moved, "half") == []
    before = numbers(elsewhere)
    bring_up_to_date(elsewhere)
    assert numbers(elsewhere) == before, "it is settled in once"


async def test_followers_of_the_mirror_miss_no_object(
    database: Database, mirror: Mirror, database_url: Secret, organisation: str, elsewhere: Secret, tmp_path: Path
) -> None:
    use_up(database_url, AHEAD)
    await change(database, mirror, organisation, old=1, given=1)
    assert await followed(database, organisation) == {"cus_old", "cus_given"}
    await change(database, mirror, organisation, old=2)

    move(database_url, elsewhere, tmp_path)
    async with Database(elsewhere) as moved:
        await change(moved, mirror, organisation, new=1)
        assert {"cus_old", "cus_new"} <= await followed(moved, organisation)
        assert await followed(moved, organisation) == set()


async def test_a_backup_is_the_owners_alone_and_covers_nothing_up(
    database_url: Secret, elsewhere: Secret, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    dumps.dump(database_url, file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert abs((dumps.made(file) - datetime.now(UTC)).total_seconds()) < 600
    with pytest.raises(Conflict, match="already"):
        dumps.dump(database_url, file)
    with pytest.raises(Conflict, match="empty"):
        dumps.restore(database_url, file)
    with pytest.raises(Invalid, match="no file"):
        dumps.restore(elsewhere, tmp_path / "none")
    file.write_bytes(file.read_bytes()[:2000])
    with pytest.raises(Upstream, match="pg_restore"):
        dumps.restore(elsewhere, file)
    with pytest.raises(Upstream):
        dumps.dump(Secret("postgresql://u:canary-password@127.0.0.1:1/none"), tmp_path / "other")
    assert not (tmp_path / "other").exists()


async def change(database: Database, mirror: Mirror, organisation: str, **customers: int) -> None:
    """Each customer's version, as an event brings it."""
    for name, version in customers.items():
        body = customer(version, id=f"cus_{name}", name=f"version {version}")
        async with database.tenant(organisation) as tx:
            await mirror.apply(tx, organisation, [event(body, version)])


async def followed(database: Database, organisation: str) -> set[str]:
    async with database.tenant(organisation) as tx:
        return {each.id for each in await change_store.next_changes(tx, organisation, "test", 100)}


def numbers(url: Secret) -> list[tuple[str, int]]:
    with psycopg.connect(url.reveal()) as connection:
        return connection.execute("select transaction_id::text, id from tillwright.spine_events order by 2").fetchall()
