"""Connections that the server ended while nobody used them cost a reconnect, and no caller an error."""

from __future__ import annotations

import psycopg
import pytest

from tillwright.gateways.database import Database


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


async def test_a_single_statement_sees_no_organisation_and_is_committed_at_once(
    database: Database, organisation: str
) -> None:
    seen = await database.single("select count(*) as n, current_user as who from audit_entries", ())
    assert seen == {"n": 0, "who": "tillwright_app"}
    assert await database.single("select pg_current_xact_id() as one", ()) != await database.single(
        "select pg_current_xact_id() as one", ()
    )
