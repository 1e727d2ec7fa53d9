"""Connections that the server ended while nobody used them cost a reconnect, and no caller an error."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from tillwright.gateways.database import Database, engine
from tillwright.kit.seal import Secret


async def end_all(database: Database) -> int:
    with psycopg.connect(database.owner_url.reveal(), autocommit=True) as owner:
        ended = owner.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        ).fetchall()
    return len(ended)


@pytest.mark.parametrize("times", [1, 3])
async def test_nobody_notices(database: Database, organisation: str, times: int) -> None:
    for _ in range(times):
        assert await database.single("select 1 as one", ()) == {"one": 1}
        async with database.tenant(organisation) as tx:
            await tx.execute("select 1")
        assert await end_all(database) >= 2
    async with database.tenant(organisation) as tx:
        row = await (await tx.execute("select current_setting('tillwright.organisation') as bound")).fetchone()
    assert row == {"bound": organisation}
    assert await database.single("select 1 as one", ()) == {"one": 1}


async def test_however_many_were_idle_the_next_caller_passes_over_all_of_them(
    database: Database, organisation: str
) -> None:
    async with AsyncExitStack() as together:
        for _ in range(9):
            await together.enter_async_context(database.tenant(organisation))
    assert await end_all(database) >= 9
    async with database.tenant(organisation) as tx:
        assert await (await tx.execute("select 1 as one")).fetchone() == {"one": 1}


async def test_a_single_statement_sees_no_organisation_and_is_committed_at_once(
    database: Database, organisation: str
) -> None:
    seen = await database.single("select count(*) as n, current_user as who from audit_entries", ())
    assert seen == {"n": 0, "who": "tillwright_app"}
    assert await database.single("select pg_current_xact_id() as one", ()) != await database.single(
        "select pg_current_xact_id() as one", ()
    )


async def test_a_server_that_was_away_for_long_is_found_as_soon_as_after_a_moment(
    database_url: Secret,
    database_server: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Who waits already is served, too. With a pause that doubles, thirty tries would take longer than the universe."""
    monkeypatch.setattr(engine, "RECONNECT", 0.02)
    name = sql.Identifier(urlsplit(database_url.reveal()).path.removeprefix("/"))

    def allow(yes: bool) -> None:
        with psycopg.connect(database_server, autocommit=True) as owner:
            owner.execute(sql.SQL("alter database {} allow_connections {}").format(name, sql.Literal(yes)))

    async def look() -> int:
        async with database.open() as tx:
            return (await tx.execute("select 1")).rowcount

    def tries() -> int:
        return sum("error connecting" in each for each in caplog.messages)

    caplog.set_level(logging.WARNING, "psycopg.pool")
    async with Database(database_url) as database:
        await database.single("select 1 as one", ())
        await end_all(database)
        allow(False)
        waiting = [asyncio.create_task(look()) for _ in range(3)]
        alone = asyncio.create_task(database.single("select 1 as one", ()))
        while tries() < 60 and not alone.done():  # noqa: ASYNC110 - the pool's own task tells nobody
            await asyncio.sleep(0.01)
        assert not any(task.done() for task in [*waiting, alone])
        allow(True)
        assert await asyncio.gather(*waiting) == [1, 1, 1]
        assert await alone == {"one": 1}
