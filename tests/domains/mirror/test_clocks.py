"""What lives on test clocks is in no plain list: it is read clock by clock, and proven clock by clock."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.domains.mirror.conftest import OneKey, Scripted, customer
from tests.sandbox.conftest import Sandbox
from tillwright.domains.mirror import BackfillState, Mirror
from tillwright.domains.mirror.backfill import store
from tillwright.domains.mirror.coverage import Coverage, coverage_of
from tillwright.domains.mirror.kinds import BY_OBJECT, CLOCK, KINDS
from tillwright.domains.mirror.proof.pace import LATE, REST
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.errors import Facts, PermissionMissing, RequestRefused
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret
from tillwright.wiring import House

CUSTOMERS, CLOCKS = "/v1/customers", "/v1/test_helpers/test_clocks"
ON_CLOCKS = [kind for kind in KINDS if kind.on_clocks]


def furnish(sandbox: Sandbox) -> list[str]:
    """Two clocks with customers, subscriptions and a quote, one without anything, and a customer of everyday life."""
    stripe = sandbox.client.v1
    now = sandbox.world.clock.now()
    product = stripe.products.create({"name": "Studio plan"})
    monthly = {"currency": "eur", "unit_amount": 900, "recurring": {"interval": "month"}, "product": product.id}
    price = stripe.prices.create(monthly).id  # type: ignore[arg-type]
    stripe.customers.create({"name": "Nobody's clock"})
    clocks = [stripe.test_helpers.test_clocks.create({"frozen_time": now + n * 86_400}).id for n in range(3)]
    for clock in clocks[:2]:
        for number in range(3):
            mine = stripe.customers.create({"name": f"{clock} {number}", "test_clock": clock})
            trial = {"customer": mine.id, "items": [{"price": price}], "trial_period_days": 30}
            stripe.subscriptions.create(trial)  # type: ignore[arg-type]
        line = {"price": price, "quantity": 1}
        stripe.quotes.create({"customer": mine.id, "line_items": [line], "test_clock": clock})  # type: ignore[list-item]
    return clocks


async def bodies(house: House, organisation: str, object_type: str) -> dict[str, Any]:
    async with house.database.tenant(organisation) as tx:
        page = await house.mirror.list(tx, object_type, livemode=False, limit=1000)
    return {row.id: row.body for row in page.items}


def book(sandbox: Sandbox, object_type: str) -> dict[str, Any]:
    """All that the sandbox holds of a type, listed or not."""
    ids = [record.id for record in sandbox.objects.kind(object_type).newest_first()]
    return {name: sandbox.http("GET", f"{BY_OBJECT[object_type].path}/{name}").json() for name in ids}


async def test_the_mirror_equals_the_whole_book_and_is_proven(
    house: House, stripe_sandbox: Sandbox, clock: ManualClock
) -> None:
    furnish(stripe_sandbox)
    principal = await house.tenancy.create_organisation("Northwind", "ada@example.com", "a long password")
    organisation = principal.organisation_id
    await house.integrations.connect(
        principal, publishable_key=stripe_sandbox.publishable_key, secret_key=Secret(stripe_sandbox.secret_key)
    )
    await house.mirror.backfill(principal)
    while await house.mirror.backfill_step(parallel=1, most=1):  # so that each page is a worker's last
        pass
    for kind in (*ON_CLOCKS, BY_OBJECT[CLOCK], BY_OBJECT["subscription_schedule"]):
        assert await bodies(house, organisation, kind.object) == book(stripe_sandbox, kind.object), kind.object
    assert len(await bodies(house, organisation, "customer")) == 7
    async with house.database.tenant(organisation) as tx:
        lists = await house.mirror.backfill_progress(tx)
    assert {row.state for row in lists} <= {BackfillState.DONE, BackfillState.ABSENT}
    asked = {row.object: row.pages for row in lists}
    assert {kind.object: asked[kind.object] for kind in ON_CLOCKS} == {kind.object: 1 + 3 for kind in ON_CLOCKS}

    async def prove() -> dict[str, tuple[int, int]]:
        clock.move(REST.total_seconds())
        while await house.mirror.proving.turn(organisation, pace=timedelta()):
            pass
        async with house.database.tenant(organisation) as tx:
            assert await house.mirror.doubts(tx, livemode=False) == [], "nothing had to be asked for by its id"
            return {row.object: (row.proven_rows, row.drifted) for row in await house.mirror.proofs(tx)}

    proven = await prove()
    assert [proven[kind.object] for kind in ON_CLOCKS] == [(7, 0), (6, 0), (2, 0)]
    async with house.database.tenant(organisation) as tx:
        gone = await tx.execute("delete from mirror_objects where object = 'customer' and body->>'test_clock' <> ''")
        assert gone.rowcount == 6
    assert (await prove())["customer"] == (7, 6)
    assert await bodies(house, organisation, "customer") == book(stripe_sandbox, "customer"), "found and mended"
    assert (await prove())["customer"] == (7, 0)


class Clocked(Scripted):
    """Customers of everyday life and of clocks, 250 on one of them; counts how often each was given."""

    def __init__(self) -> None:
        super().__init__(lists={kind.path: [] for kind in KINDS})
        self.lists[CLOCKS] = [{"id": f"clock_{n}", "object": CLOCK, "livemode": False} for n in range(4)]
        self.plain = [customer(number, test_clock=None) for number in reversed(range(250))]
        self.of = {f"clock_{n}": [customer(1000 * (n + 1) + i, test_clock=f"clock_{n}") for i in reversed(range(size))]
                   for n, size in enumerate((3, 250, 0, 2))}  # fmt: skip
        self.gone: set[str] = set()
        self.given: Counter[str] = Counter()
        self.walked: list[str] = []

    def page(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        clock = params.get("test_clock")
        if clock in self.gone:
            said = Facts(status=400, code="resource_missing", param="test_clock")
            raise RequestRefused("stripe_request_refused", "No such test clock", said)
        if path == CUSTOMERS:
            self.lists[path] = self.of[clock] if clock else self.plain
            self.walked += [clock] if clock else []
        elif clock:
            return {"object": "list", "data": [], "has_more": False}
        page = super().page(path, params)
        self.given.update(row["id"] for row in page["data"])
        return page

    @property
    def all(self) -> set[str]:
        return {row["id"] for rows in (self.plain, *self.of.values()) for row in rows}


@pytest.fixture
def stripe() -> Clocked:
    return Clocked()


async def start(mirror: Mirror, database: Database, organisation: str, *, livemode: bool = False) -> None:
    async with database.tenant(organisation) as tx:
        await mirror.start_backfill(tx, organisation, livemode=livemode)


async def customers(mirror: Mirror, database: Database, organisation: str) -> set[str]:
    async with database.tenant(organisation) as tx:
        return {row.id for row in (await mirror.list(tx, "customer", livemode=False, limit=1000)).items}


async def test_a_walk_over_the_clocks_goes_on_where_it_was_killed(
    mirror: Mirror, database: Database, organisation: str, stripe: Clocked, clock: ManualClock
) -> None:
    class Killed(BaseException):
        pass

    async def kill(path: str, params: Mapping[str, Any]) -> None:
        if path == CUSTOMERS and params.get("test_clock") == "clock_1" and params.get("starting_after"):
            raise Killed

    await start(mirror, database, organisation)
    stripe.before = kill
    with pytest.raises(Killed):
        while await mirror.backfill_step():
            pass
    stripe.before = None
    clock.move(store.LEASE.total_seconds())
    revived = Mirror(clock=clock, database=database, keys=OneKey(), reader=stripe)
    while await revived.backfill_step():
        pass
    assert await customers(mirror, database, organisation) == stripe.all
    twice = {name for name, times in stripe.given.items() if times > 1}
    assert len(twice) == 100, "the page in flight, and nothing else"
    assert stripe.walked == ["clock_0", *["clock_1"] * 4, "clock_2", "clock_3"]


async def test_a_clock_that_is_gone_is_passed_over_and_a_lost_cursor_costs_nothing_of_the_others(
    mirror: Mirror, database: Database, organisation: str, stripe: Clocked
) -> None:
    lost: list[str] = []

    async def disturb(path: str, params: Mapping[str, Any]) -> None:
        if path == CUSTOMERS and params.get("test_clock") == "clock_1" and params.get("starting_after") and not lost:
            lost.append(params["starting_after"])
            said = Facts(status=400, code="resource_missing", param="starting_after")
            raise RequestRefused("stripe_request_refused", "No such customer", said)

    stripe.gone, stripe.before = {"clock_2"}, disturb
    await start(mirror, database, organisation)
    while await mirror.backfill_step():
        pass
    assert await customers(mirror, database, organisation) == stripe.all
    assert lost


async def test_a_mirror_that_was_filled_before_clocks_were_walked_reads_their_lists_too(
    mirror: Mirror,
    database: Database,
    database_url: Secret,
    organisation: str,
    stripe: Clocked,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await start(mirror, database, organisation)
    while await mirror.backfill_step():
        pass
    upgrade = importlib.import_module("tillwright.gateways.database.migrations.versions.0042_clock_lists")
    with psycopg.connect(database_url.reveal(), options="-c search_path=tillwright") as connection:
        connection.execute("delete from mirror_ranges where parent_id is not null and object <> 'subscription_item'")
        connection.execute("delete from mirror_objects where body->>'test_clock' is not null")
        monkeypatch.setattr(upgrade, "op", connection)
        upgrade.upgrade()
    assert len(await customers(mirror, database, organisation)) == 250
    stripe.given.clear()
    while await mirror.backfill_step():
        pass
    assert await customers(mirror, database, organisation) == stripe.all
    assert sum(stripe.given.values()) == 3 + 250 + 2, "the plain list is not read once more"
    async with database.tenant(organisation) as tx:
        assert {row.state for row in await mirror.backfill_progress(tx)} == {BackfillState.DONE}


async def test_there_are_no_clocks_in_live_mode(
    mirror: Mirror, database: Database, organisation: str, stripe: Clocked, clock: ManualClock
) -> None:
    stripe.plain, stripe.lists[CLOCKS] = [], []
    await start(mirror, database, organisation, livemode=True)
    while await mirror.backfill_step():
        pass
    clock.move(LATE.total_seconds() + 1)
    while await mirror.proving.turn(organisation, pace=timedelta()):
        pass
    assert stripe.walked == []
    async with database.tenant(organisation) as tx:
        rows = await (await tx.execute("select number from mirror_ranges where object = 'customer'")).fetchall()
    assert len(rows) == 1


async def test_clocks_that_may_not_be_listed_leave_their_lists_in_part(
    mirror: Mirror, database: Database, organisation: str, stripe: Clocked
) -> None:
    async def refuse(path: str, params: Mapping[str, Any]) -> None:
        if path == CLOCKS:
            raise PermissionMissing("stripe_permission_missing", "The key lacks a right.", Facts(status=403))

    stripe.before = refuse
    await start(mirror, database, organisation)
    while await mirror.backfill_step():
        pass
    async with database.tenant(organisation) as tx:
        lists = {row.object: row for row in await mirror.backfill_progress(tx)}
    assert coverage_of(lists["customer"], lists[CLOCK]) is Coverage.IN_PART
    assert coverage_of(lists["coupon"], lists[CLOCK]) is Coverage.COMPLETE
