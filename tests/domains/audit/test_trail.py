"""The trail can only be added to, and a change shows."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import psycopg
import pytest
from psycopg import errors

from tests.conftest import START
from tillwright.domains import audit
from tillwright.gateways.database import Database
from tillwright.kit.seal import Secret

ACTOR = audit.Actor("USER", "usr_1", "Ada")


async def write(database: Database, organisation: str, count: int) -> None:
    for number in range(count):
        async with database.tenant(organisation) as tx:
            await audit.record(tx, organisation, ACTOR, "console:thing:change", f"thing_{number}", {"n": number}, START)


async def test_entries_come_newest_first_and_by_action(database: Database, organisation: str) -> None:
    await write(database, organisation, 3)
    async with database.tenant(organisation) as tx:
        entries = await audit.recent(tx, organisation, limit=2)
        assert [e.number for e in entries] == [3, 2]
        assert [e.number for e in await audit.recent(tx, organisation, before=2)] == [1]
        assert await audit.recent(tx, organisation, action="nothing") == []
        assert await audit.first_break(tx, organisation) is None


async def test_writers_at_once_make_one_chain(database: Database, organisation: str) -> None:
    await asyncio.gather(*(write(database, organisation, 5) for _ in range(5)))
    async with database.tenant(organisation) as tx:
        assert [e.number for e in await audit.recent(tx, organisation)] == list(range(25, 0, -1))
        assert await audit.first_break(tx, organisation) is None


async def test_the_application_can_not_change_the_trail(database: Database, organisation: str) -> None:
    await write(database, organisation, 1)
    for statement in ("update audit_entries set subject_id = 'x'", "delete from audit_entries"):
        with pytest.raises(errors.InsufficientPrivilege):
            async with database.tenant(organisation) as tx:
                await tx.execute(statement)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("update tillwright.audit_entries set detail = '{\"n\": 7}' where number = 2", 2),
        ("update tillwright.audit_entries set actor_name = 'Eve' where number = 3", 3),
        ("delete from tillwright.audit_entries where number = 1", 1),
        ("delete from tillwright.audit_entries where number = 2", 2),
    ],
)
async def test_what_the_owner_changed_shows(
    database: Database, database_url: Secret, organisation: str, statement: str, broken: int
) -> None:
    await write(database, organisation, 4)
    with psycopg.connect(database_url.reveal()) as owner:
        owner.execute(statement)
    async with database.tenant(organisation) as tx:
        assert await audit.first_break(tx, organisation) == broken


async def test_a_filter_and_a_sort_find_entries(database: Database, organisation: str) -> None:
    await write(database, organisation, 5)
    async with database.tenant(organisation) as tx:
        found, total = await audit.query(
            tx, organisation, q='(and (= actor_name "Ada") (> number 2))', s="number:asc", limit=2, offset=1
        )
        assert ([e.number for e in found], total) == ([4, 5], 3)
        assert [e.number for e in await audit.recent(tx, organisation, search="THING_3")] == [4]
        assert await audit.recent(tx, organisation, search="100%") == []


@pytest.mark.parametrize(
    ("damage", "broken_at"),
    [
        ("delete from tillwright.audit_entries where number > 3", 4),
        ("delete from tillwright.audit_entries", 1),
    ],
)
async def test_a_head_noted_elsewhere_shows_what_the_chain_cannot(
    database: Database, database_url: Secret, organisation: str, damage: str, broken_at: int
) -> None:
    await write(database, organisation, 5)
    async with database.tenant(organisation) as tx:
        noted = await audit.head(tx, organisation)
        assert await audit.first_break(tx, organisation, anchor=noted) is None
        assert await audit.first_break(tx, organisation, anchor=noted, since=noted[0]) is None
    with psycopg.connect(database_url.reveal(), autocommit=True) as owner:
        owner.execute(damage)
    async with database.tenant(organisation) as tx:
        assert await audit.first_break(tx, organisation) is None, "the chain alone does not show it"
        assert await audit.first_break(tx, organisation, anchor=noted) == broken_at


async def test_a_chain_computed_anew_does_not_fit_what_was_noted(
    database: Database, database_url: Secret, organisation: str
) -> None:
    await write(database, organisation, 3)
    async with database.tenant(organisation) as tx:
        noted = await audit.head(tx, organisation)
    with psycopg.connect(database_url.reveal(), autocommit=True) as owner:
        owner.execute("delete from tillwright.audit_entries")
    for name in ("other", "other", "other", "other"):
        async with database.tenant(organisation) as tx:
            await audit.record(tx, organisation, ACTOR, "console:thing:change", name, {}, START)
    async with database.tenant(organisation) as tx:
        assert await audit.first_break(tx, organisation) is None
        assert await audit.first_break(tx, organisation, anchor=noted) == 3
        assert await audit.first_break(tx, organisation, anchor=noted, since=3) == 3


async def test_an_entry_forged_with_its_digest_and_the_next_ones_link_shows(
    database: Database, database_url: Secret, organisation: str
) -> None:
    """Each digest covers the one before: to hide one entry a forger has to compute every later one anew."""
    await write(database, organisation, 4)
    async with database.tenant(organisation) as tx:
        second = (await audit.recent(tx, organisation))[2]
    forged = replace(second, subject_id="thing_other")
    with psycopg.connect(database_url.reveal()) as owner:
        owner.execute(
            "update tillwright.audit_entries set subject_id = %s, digest = %s where number = 2",
            (forged.subject_id, forged.link()),
        )
        owner.execute("update tillwright.audit_entries set previous = %s where number = 3", (forged.link(),))
    async with database.tenant(organisation) as tx:
        assert await audit.first_break(tx, organisation) == 3
