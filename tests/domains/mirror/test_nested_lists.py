"""Lists with a parent's id in their path: asked for only where there is something, kept true pass by pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domains.mirror.conftest import NOON, Scripted, customer, event
from tests.domains.mirror.test_proof import one_pass
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.kinds import BY_OBJECT, KINDS
from tillwright.domains.mirror.proof.service import LATE, REST
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock


def line(number: int) -> dict[str, Any]:
    return {"id": f"il_{number:03d}", "object": "line_item", "amount": number, "currency": "eur", "description": None}


def invoice(name: str, lines: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    held = {"object": "list", "data": lines[:10], "has_more": len(lines) > 10}
    return {"id": name, "object": "invoice", "created": 1_700_000_000, "livemode": False, "lines": held} | fields


def balance(name: str, of: str) -> dict[str, Any]:
    return {"id": name, "object": "customer_balance_transaction", "created": 1, "customer": of, "amount": -5}


@pytest.fixture
def stripe() -> Scripted:
    lists: dict[str, list[dict[str, Any]]] = {kind.path: [] for kind in KINDS}
    lists["/v1/customers"] = [customer(1, balance=-5), customer(2, balance=0), customer(3, balance=0)]
    long, short = [line(n) for n in range(130)], [line(900)]
    lists["/v1/invoices"] = [
        invoice("in_long", long),
        invoice("in_short", short, customer="cus_0002", starting_balance=-7, ending_balance=0),
        invoice("in_other", [], customer="cus_0003", starting_balance=0, ending_balance=0),
    ]
    lists["/v1/invoices/in_long/lines"] = long
    lists["/v1/customers/cus_0001/balance_transactions"] = [balance("cbtxn_1", "cus_0001")]
    lists["/v1/customers/cus_0002/balance_transactions"] = [balance("cbtxn_2", "cus_0002")]
    lists["/v1/products"] = [
        {"id": name, "object": "product", "created": 1, "name": name} for name in ("prod_1", "my.own", "odd/one")
    ]
    lists["/v1/entitlements/features"] = [{"id": "feat_1", "object": "entitlements.feature", "name": "Reports"}]
    lists["/v1/products/prod_1/features"] = [{"id": "pf_1", "object": "product_feature"}]
    lists["/v1/products/my.own/features"] = []
    return Scripted(lists=lists)


async def fill(mirror: Mirror, database: Database, organisation: str) -> None:
    async with database.tenant(organisation) as tx:
        await mirror.start_backfill(tx, organisation, livemode=False)
    while await mirror.backfill_step():
        pass


async def there(mirror: Mirror, database: Database, organisation: str, of: str) -> list[tuple[str, str | None]]:
    async with database.tenant(organisation) as tx:
        page = await mirror.list(tx, of, livemode=False, limit=1000)
        count = (await mirror.counts(tx, livemode=False)).get(of)
    assert (count.present if count else 0) == len(page.items)
    return [(row.id, row.parent) for row in page.items]


async def test_only_lists_with_something_in_them_are_asked_for(
    mirror: Mirror, database: Database, organisation: str, stripe: Scripted
) -> None:
    await fill(mirror, database, organisation)
    nested = {path: times for path, times in stripe.asked.items() if path.count("/") > 3}
    assert nested == {
        "/v1/invoices/in_long/lines": 2,
        "/v1/customers/cus_0001/balance_transactions": 1,
        "/v1/customers/cus_0002/balance_transactions": 1,
        "/v1/products/prod_1/features": 1,
        "/v1/products/my.own/features": 1,
    } | {path: stripe.asked[path] for path in nested if BY_OBJECT and path in {kind.path for kind in KINDS}}
    lines = await there(mirror, database, organisation, "line_item")
    assert sorted(lines) == [(f"il_{n:03d}", "in_long") for n in range(130)] + [("il_900", "in_short")]
    balances = await there(mirror, database, organisation, "customer_balance_transaction")
    assert sorted(balances) == [("cbtxn_1", "cus_0001"), ("cbtxn_2", "cus_0002")]
    assert await there(mirror, database, organisation, "product_feature") == [("pf_1", "prod_1")]


async def test_without_features_no_product_is_asked_for_any(
    mirror: Mirror, database: Database, organisation: str, stripe: Scripted
) -> None:
    stripe.lists["/v1/entitlements/features"] = []
    await fill(mirror, database, organisation)
    assert not [path for path in stripe.asked if path.endswith("/features") and "products" in path]


async def test_a_pass_brings_what_is_new_and_buries_what_it_does_not_meet(
    mirror: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    await fill(mirror, database, organisation)
    clock.move(LATE.total_seconds() + REST.total_seconds())
    await one_pass(mirror, organisation, clock)
    assert len(await there(mirror, database, organisation, "line_item")) == 131, "nothing was lost by comparing"
    lines = stripe.lists["/v1/invoices/in_long/lines"]
    removed = lines.pop(50)
    lines.append(line(500))
    clock.move(60)
    changed = invoice("in_long", lines, total=5)
    happened = (clock.now() - NOON).total_seconds()
    async with database.tenant(organisation) as tx:
        await mirror.apply(tx, organisation, [event(changed, happened, type="invoice.updated")])
    stripe.lists["/v1/invoices"][0] = changed
    stripe.objects["/v1/invoices/in_long"] = changed
    clock.move(LATE.total_seconds() + 100)
    await one_pass(mirror, organisation, clock)
    names = [name for name, _ in await there(mirror, database, organisation, "line_item")]
    assert "il_500" in names
    assert removed["id"] not in names
    assert len(names) == 131
    async with database.tenant(organisation) as tx:
        assert (await mirror.get(tx, "line_item", removed["id"], livemode=False)).deleted
        found = [row for row in await mirror.drifts(tx) if row.object == "line_item"]
        doubts = [row for row in await mirror.doubts(tx, livemode=False) if row["object"] == "line_item"]
    assert found == [], "no event tells of a line: that it is new is no drift"
    assert doubts == [], "nobody can be asked for a line"
    lines.insert(3, removed)
    clock.move(REST.total_seconds() + 100)
    await one_pass(mirror, organisation, clock)
    assert len(await there(mirror, database, organisation, "line_item")) == 132, "it is there again, and is shown"
