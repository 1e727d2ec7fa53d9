"""Bringing in what was there before: resumable, fair, never older than what an event brought."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import make_organisation
from tests.domains.mirror.conftest import NOON, OneKey, Scripted, customer, event
from tillwright.domains.mirror import BackfillState, Mirror, Progress
from tillwright.domains.mirror.backfill import store
from tillwright.domains.mirror.kinds import KINDS
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.errors import (
    Facts,
    NoSuchEndpoint,
    PermissionMissing,
    RequestRefused,
    StripeAbsent,
    StripeBroken,
)
from tillwright.kit.clock import ManualClock

CUSTOMERS = "/v1/customers"


@pytest.fixture
def stripe() -> Scripted:
    """Empty lists of every core type but customers, of which there are 350."""
    lists: dict[str, list[dict[str, Any]]] = {kind.path: [] for kind in KINDS}
    lists[CUSTOMERS] = [customer(number, name=f"Person {number}") for number in reversed(range(350))]
    return Scripted(lists=lists)


async def start(mirror: Mirror, database: Database, organisation: str, *, again: bool = False) -> None:
    async with database.tenant(organisation) as tx:
        await mirror.start_backfill(tx, organisation, livemode=False, again=again)


async def progress(mirror: Mirror, database: Database, organisation: str) -> dict[str, Progress]:
    async with database.tenant(organisation) as tx:
        return {each.object: each for each in await mirror.backfill_progress(tx)}


async def finish(mirror: Mirror) -> int:
    pages = 0
    while read := await mirror.backfill_step():
        pages += read
        assert pages < 200, "it does not end"
    return pages


async def names(mirror: Mirror, database: Database, organisation: str) -> dict[str, Any]:
    async with database.tenant(organisation) as tx:
        page = await mirror.list(tx, "customer", livemode=False, limit=1000)
        return {each.id: each.body.get("name") for each in page.items}


async def test_every_core_list_is_read_to_its_end(
    mirror: Mirror, database: Database, organisation: str, stripe: Scripted
) -> None:
    assert await mirror.backfill_step() == 0, "nobody asked for it yet"
    await start(mirror, database, organisation)
    before = await progress(mirror, database, organisation)
    assert [each.object for each in before.values()] == [kind.object for kind in KINDS]
    assert {each.state for each in before.values()} == {BackfillState.WAITING}
    assert await finish(mirror) == 4 + len([kind for kind in KINDS if kind.of is None]) - 1, (
        "as few requests as there are pages"
    )
    after = await progress(mirror, database, organisation)
    assert {each.state for each in after.values()} == {BackfillState.DONE}
    assert (after["customer"].done, after["customer"].pages, after["customer"].plural) == (350, 4, "Customers")
    assert await names(mirror, database, organisation) == {each["id"]: each["name"] for each in stripe.lists[CUSTOMERS]}
    await start(mirror, database, organisation)
    assert await mirror.backfill_step() == 0, "what is done stays done"
    await start(mirror, database, organisation, again=True)
    assert (await progress(mirror, database, organisation))["customer"].estimate == 350
    await finish(mirror)
    async with database.tenant(organisation) as tx:
        assert (await mirror.counts(tx, livemode=False))["customer"].present == 350


async def test_it_goes_on_where_it_was_killed(
    mirror: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    class Killed(BaseException):
        pass

    async def kill(path: str, params: Mapping[str, Any]) -> None:
        if path == CUSTOMERS and stripe.asked[path] == 3:
            raise Killed

    await start(mirror, database, organisation)
    stripe.before = kill
    with pytest.raises(Killed):
        await finish(mirror)
    stripe.before = None
    assert len(await names(mirror, database, organisation)) == 200
    assert (await progress(mirror, database, organisation))["customer"].done == 200
    revived = Mirror(clock=clock, database=database, keys=OneKey(), reader=stripe)
    await finish(revived)
    assert (await progress(mirror, database, organisation))["customer"].state is BackfillState.RUNNING, "still leased"
    clock.move(store.LEASE.total_seconds())
    await finish(revived)
    assert (await progress(mirror, database, organisation))["customer"].done == 350
    assert len(await names(mirror, database, organisation)) == 350
    assert stripe.asked[CUSTOMERS] == 5, "only the page in flight was read twice"


async def test_a_page_whose_lease_ran_out_is_not_written(
    mirror: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    """A worker that hung comes back with its page after another one read it: the count stays right."""
    other = Mirror(clock=clock, database=database, keys=OneKey(), reader=Scripted(lists=stripe.lists))

    async def hang(path: str, params: Mapping[str, Any]) -> None:
        if path == CUSTOMERS and stripe.asked[path] == 1:
            clock.move(store.LEASE.total_seconds() + 1)
            await finish(other)

    stripe.before = hang
    await start(mirror, database, organisation)
    await finish(mirror)
    done = (await progress(mirror, database, organisation))["customer"]
    assert (done.done, done.pages, done.state) == (350, 4, BackfillState.DONE)


async def test_an_older_snapshot_never_overwrites_a_newer_event(
    mirror: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    """Events come in after Stripe made the page and before it is written, and one came long before."""
    newest = customer(349, name="changed meanwhile")
    ended = customer(348, name="Person 348")

    async def change(path: str, params: Mapping[str, Any]) -> None:
        if path == CUSTOMERS and stripe.asked[path] == 1:
            clock.move(1)
            async with database.tenant(organisation) as tx:
                copies = [event(newest, 0.5, received=1), event(ended, 0.5, received=1, type="customer.deleted")]
                await mirror.apply(tx, organisation, copies)

    async with database.tenant(organisation) as tx:
        old = event(customer(347, name="long ago"), -9000)
        await mirror.apply(tx, organisation, [old])
    await start(mirror, database, organisation)
    stripe.before = change
    await finish(mirror)
    kept = await names(mirror, database, organisation)
    assert kept["cus_0349"] == "changed meanwhile"
    assert "cus_0348" not in kept
    assert kept["cus_0347"] == "Person 347"
    stripe.objects[f"{CUSTOMERS}/cus_0349"] = newest
    stripe.objects[f"{CUSTOMERS}/cus_0348"] = {"id": "cus_0348", "object": "customer", "deleted": True}
    clock.move(60)
    assert await mirror.refetch_step() == 2, "both are in doubt, and are asked for"
    assert await names(mirror, database, organisation) == kept
    async with database.tenant(organisation) as tx:
        assert (await mirror.get(tx, "customer", "cus_0348", livemode=False)).deleted
        assert await mirror.doubts(tx, livemode=False) == []


async def test_a_cursor_that_was_deleted_meanwhile(
    mirror: Mirror, database: Database, organisation: str, stripe: Scripted
) -> None:
    gone: list[dict[str, Any]] = []

    async def delete(path: str, params: Mapping[str, Any]) -> None:
        if path == CUSTOMERS and params.get("starting_after") and not gone:
            gone.extend(row for row in stripe.lists[path] if row["id"] == params["starting_after"])
            stripe.lists[path].remove(gone[0])
            said = Facts(status=400, code="resource_missing", param="starting_after")
            raise RequestRefused("stripe_request_refused", "No such customer", said)

    await start(mirror, database, organisation)
    stripe.before = delete
    await finish(mirror)
    assert (await progress(mirror, database, organisation))["customer"].state is BackfillState.DONE
    assert len(await names(mirror, database, organisation)) == 350, "the deleted one is here until its event comes"


async def test_what_may_not_be_read_is_said_and_stops_nothing_else(
    mirror: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    async def refuse(path: str, params: Mapping[str, Any]) -> None:
        if path == "/v1/coupons":
            said = Facts(status=403, right="coupon_read")
            raise PermissionMissing("stripe_permission_missing", "The key lacks a right.", said, remedy="Add Coupons.")
        if path == "/v1/refunds":
            raise NoSuchEndpoint("stripe_no_such_endpoint", "Not offered.", Facts(status=404))
        if path == CUSTOMERS and stripe.asked[path] < 4:
            raise StripeBroken("stripe_broken", "Stripe is down.", Facts(status=500))

    await start(mirror, database, organisation)
    stripe.before = refuse
    for _ in range(8):
        await finish(mirror)
        clock.move(30)
    after = await progress(mirror, database, organisation)
    assert (after["coupon"].state, after["refund"].state) == (BackfillState.DENIED, BackfillState.ABSENT)
    assert after["coupon"].error is not None
    assert after["coupon"].error["remedy"] == "Add Coupons."
    assert after["coupon"].error["stripe"]["right"] == "coupon_read"
    assert {each.state for each in after.values()} == {BackfillState.DENIED, BackfillState.ABSENT, BackfillState.DONE}
    assert after["customer"].done == 350, "tried again until Stripe was there"
    stripe.before = None
    await start(mirror, database, organisation)
    await finish(mirror)
    after = await progress(mirror, database, organisation)
    assert {each.state for each in after.values()} == {BackfillState.DONE}, "the right was given, VERIFY pressed again"


async def test_organisations_take_turns(
    mirror: Mirror, database: Database, organisation: str, stripe: Scripted
) -> None:
    other = await make_organisation(database, "Other")
    await start(mirror, database, organisation)
    await start(mirror, database, other)
    assert await mirror.backfill_step(parallel=2, most=2) == 2
    for each in (organisation, other):
        assert (await progress(mirror, database, each))["customer"].done == 100


async def test_objects_of_the_other_mode_are_refused(
    mirror: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    stripe.lists[CUSTOMERS][5] |= {"livemode": True}
    await start(mirror, database, organisation)
    await finish(mirror)
    customers = (await progress(mirror, database, organisation))["customer"]
    assert (customers.state, customers.done) == (BackfillState.FAILED, 0)
    assert customers.error is not None
    assert customers.error["code"] == "mirror_other_mode"
    assert customers.finished == NOON + timedelta(0)


async def test_undeletable_objects_are_not_buried_by_a_404(
    mirror: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    """A key of another account is told "no such object" for everything: no reason to forget a payment."""

    async def absent(path: str, params: Mapping[str, Any]) -> None:
        raise StripeAbsent("stripe_absent", "No such object.", Facts(status=404, code="resource_missing"))

    payment = {"id": "pi_1", "object": "payment_intent", "created": 1, "status": "succeeded"}
    coupon = {"id": "FREE", "object": "coupon", "created": 1}
    doubtful = [event(each | {"name": name}, 0) for each in (payment, coupon) for name in "ab"]
    async with database.tenant(organisation) as tx:
        await mirror.apply(tx, organisation, doubtful)
    stripe.before = absent
    clock.move(60)
    assert await mirror.refetch_step() == 1
    async with database.tenant(organisation) as tx:
        assert not (await mirror.get(tx, "payment_intent", "pi_1", livemode=False)).deleted
        assert (await mirror.get(tx, "coupon", "FREE", livemode=False)).deleted
        (doubt,) = await mirror.doubts(tx, livemode=False)
    assert (doubt["object"], doubt["failing"]) == ("payment_intent", 1)
    assert doubt["error"]["code"] == "stripe_absent"
    assert await mirror.refetch_step() == 0, "not before its time"
