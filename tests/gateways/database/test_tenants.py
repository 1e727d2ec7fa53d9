"""Tenants cannot meet: the policy holds whatever a statement asks for."""

from __future__ import annotations

import multiprocessing

import psycopg
import pytest
from psycopg import errors

from tests.conftest import make_organisation
from tillwright.gateways.database import Database
from tillwright.gateways.database.migrate import migrate, revision
from tillwright.kit.errors import Upstream
from tillwright.kit.seal import Secret


async def test_rows_of_another_organisation_do_not_exist(database: Database) -> None:
    one, two = await make_organisation(database, "One"), await make_organisation(database, "Two")
    async with database.tenant(one) as tx:
        assert [r["id"] for r in await (await tx.execute("select id from organisations")).fetchall()] == [one]
        assert (await tx.execute("update organisations set name = 'x' where id = %s", (two,))).rowcount == 0
        assert (await tx.execute("delete from organisations where id = %s", (two,))).rowcount == 0


async def test_a_row_can_not_be_written_for_another(database: Database) -> None:
    one, two = await make_organisation(database, "One"), await make_organisation(database, "Two")
    with pytest.raises(errors.InsufficientPrivilege):
        async with database.tenant(one) as tx:
            await tx.execute(
                "insert into spine_events (organisation_id, name, data, created) values (%s, 'a', '{}', now())", (two,)
            )


async def test_without_an_organisation_no_row_shows(database: Database, organisation: str) -> None:
    async with database.open() as tx:
        assert await (await tx.execute("select id from organisations")).fetchall() == []


async def test_the_setting_ends_with_its_transaction(database: Database, organisation: str) -> None:
    for _ in range(20):
        async with database.tenant(organisation) as tx:
            await tx.execute("select 1")
        async with database.open() as tx:
            assert await (await tx.execute("select id from organisations")).fetchall() == []


async def test_the_application_role_owns_nothing_and_bypasses_nothing(database: Database) -> None:
    async with database.open() as tx:
        row = await (
            await tx.execute(
                "select current_user as me, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, "
                "(select count(*) from pg_class where relowner = r.oid) as owned "
                "from pg_roles r where rolname = current_user"
            )
        ).fetchone()
    assert row == {
        "me": "tillwright_app",
        "rolsuper": False,
        "rolbypassrls": False,
        "rolcreaterole": False,
        "rolcreatedb": False,
        "owned": 0,
    }
    with pytest.raises(errors.InsufficientPrivilege):
        async with database.open() as tx:
            await tx.execute("alter table organisations disable row level security")


def _migrate(url: str) -> str:
    return migrate(Secret(url))


def test_processes_that_start_together_migrate_once(database_server: str) -> None:
    with psycopg.connect(database_server, autocommit=True) as connection:
        connection.execute("create database together")
    url = database_server.replace("/postgres?", "/together?")
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert len(set(pool.map(_migrate, [url] * 6))) == 1
    has, wants = revision(Secret(url))
    assert has == wants


async def test_an_unreachable_database_is_said_so() -> None:
    with pytest.raises(Upstream) as caught:
        migrate(Secret("postgresql://nobody@127.0.0.1:1/none"))
    assert "TILLWRIGHT_DATABASE_URL" in (caught.value.remedy or "")
