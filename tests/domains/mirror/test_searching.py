"""What objects are found by: fields inside others, ids of every type, and rows of an earlier version."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.domains.mirror.conftest import NOON, customer
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.columns import search_of, searched_by
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.domains.mirror.searching import service
from tillwright.domains.mirror.searching.service import Searching
from tillwright.gateways.database import Database

BILLED = {"billing_details": {"name": "Grace Hopper", "email": "Grace@Navy.example", "phone": None}}


@pytest.mark.parametrize(
    ("body", "search"),
    [
        ({"object": "charge", "receipt_number": "1-2", **BILLED}, "x\n1-2\ngrace hopper\ngrace@navy.example"),
        ({"object": "payment_method", **BILLED}, "x\ngrace hopper\ngrace@navy.example"),
        ({"object": "charge", "billing_details": "none"}, "x"),
        ({"object": "charge", "billing_details": {"name": {"id": "cus_1"}, "email": 5}}, "x\ncus_1"),
        ({"object": "checkout.session", "customer_details": {"email": "a@b.example"}}, "x\na@b.example"),
        ({"object": "novelty", "name": "not looked for"}, "x"),
    ],
)
def test_what_an_object_is_searched_by(body: dict[str, Any], search: str) -> None:
    assert search_of(body["object"], "x", body) == search


async def found(mirror: Mirror, database: Database, organisation: str, of: str, search: str) -> list[str]:
    async with database.tenant(organisation) as tx:
        return [row.id for row in (await mirror.list(tx, of, livemode=False, search=search)).items]


async def test_types_that_only_events_brought_are_found_by_id(
    mirror: Mirror, database: Database, organisation: str
) -> None:
    novelty = {"id": "nov_1", "object": "novelty"}
    async with database.tenant(organisation) as tx:
        await mirror.keep(tx, organisation, [FetchedCopy(False, "novelty", "nov_1", "acct_1", NOON, False, novelty)])
    assert await found(mirror, database, organisation, "novelty", "NOV_1") == ["nov_1"]


async def test_rows_of_before_are_looked_through_batch_by_batch_and_once(
    mirror: Mirror, database: Database, organisation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 40)
    charges = [
        {"id": f"ch_{n:03d}", "object": "charge", "created": n, "livemode": False}
        | {"billing_details": {"name": f"Person {n}", "email": None, "phone": None}}
        for n in range(100)
    ]
    bodies = [*charges, customer(1, name="Ann"), {"id": "nov_1", "object": "novelty"}]
    step = partial(mirror.searching.step, [organisation])
    copies = [FetchedCopy(False, body["object"], body["id"], "acct_1", NOON, False, body) for body in bodies]
    async with database.tenant(organisation) as tx:
        await mirror.keep(tx, organisation, copies)
        assert await step() == 0, "what is written now is written right"
        await tx.execute("update mirror_objects set search = id where object = 'charge'")
        await tx.execute("update mirror_objects set search = null where object = 'novelty'")
    async with database.tenant(organisation) as tx:
        await tx.execute("update mirror_counts set searched = null")
        before = await (await tx.execute("select id, changed::text from mirror_objects order by id")).fetchall()
    assert await found(mirror, database, organisation, "charge", "person 7") == []
    step = partial(Searching(database=database).step, [organisation])  # another process, of a later version
    looked = [n for n in [await step() for _ in range(9)] if n]
    assert looked == [40, 40, 20, 1, 1]
    assert await found(mirror, database, organisation, "charge", "person 77") == ["ch_077"]
    assert await found(mirror, database, organisation, "novelty", "nov") == ["nov_1"]
    assert await step() == 0
    async with database.tenant(organisation) as tx:
        after = await (await tx.execute("select id, changed::text from mirror_objects order by id")).fetchall()
        rows = await tx.execute("select object, searched from mirror_counts")
        assert {row["object"]: row["searched"] async for row in rows} == {
            name: searched_by(name) for name in ("charge", "customer", "novelty")
        }
    assert after == before, "whoever follows changes is told of none"
