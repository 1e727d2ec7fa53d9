"""The mirror is compared with Stripe: what drifted is found, mended and told; what is merely late is no drift."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.domains.mirror.conftest import NOON, OneKey, Scripted, customer, event
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.kinds import KINDS
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.domains.mirror.proof import service, store
from tillwright.domains.mirror.proof.compare import Drift, Ours, differing, findings
from tillwright.domains.mirror.proof.model import Proof
from tillwright.domains.mirror.proof.service import LATE, REST
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.errors import Facts, PermissionMissing, RequestRefused
from tillwright.kit.clock import ManualClock

CUSTOMERS = "/v1/customers"


@pytest.fixture
def stripe() -> Scripted:
    lists: dict[str, list[dict[str, Any]]] = {kind.path: [] for kind in KINDS}
    lists[CUSTOMERS] = [customer(number, name=f"Person {number}") for number in reversed(range(250))]
    lists["/v1/payment_links"] = [{"id": f"plink_{n}", "object": "payment_link", "active": True} for n in range(120)]
    return Scripted(lists=lists)


@pytest.fixture
async def filled(mirror: Mirror, database: Database, organisation: str, clock: ManualClock) -> Mirror:
    async with database.tenant(organisation) as tx:
        await mirror.start_backfill(tx, organisation, livemode=False)
    while await mirror.backfill_step():
        pass
    clock.move(LATE.total_seconds() + 60)
    return mirror


async def one_pass(mirror: Mirror, organisation: str, clock: ManualClock) -> int:
    pages = 0
    while read := await mirror.proving.turn(organisation):
        pages += read
    return pages


async def alter(database: Database, organisation: str, sql: str) -> None:
    """What a fault of ours or of the database would do: no event, no fetch."""
    async with database.tenant(organisation) as tx:
        await tx.execute(sql)  # type: ignore[arg-type]


async def proofs(mirror: Mirror, database: Database, organisation: str) -> dict[str, Proof]:
    async with database.tenant(organisation) as tx:
        return {row.object: row for row in await mirror.proofs(tx)}


async def drift(mirror: Mirror, database: Database, organisation: str) -> dict[str, tuple[str, bool]]:
    async with database.tenant(organisation) as tx:
        return {row.id: (row.drift.value, row.mended is not None) for row in await mirror.drifts(tx)}


async def test_a_true_mirror_is_proven_page_by_page(
    filled: Mirror, database: Database, organisation: str, clock: ManualClock
) -> None:
    pages = await one_pass(filled, organisation, clock)
    asked = [kind for kind in KINDS if kind.of is None]
    assert pages == len(asked) + 2 + 1, "as few requests as there are pages, none for children of nobody"
    found = await proofs(filled, database, organisation)
    assert found.keys() == {kind.object for kind in KINDS}
    assert all(row.true for row in found.values())
    assert (found["customer"].proven_rows, found["payment_link"].proven_rows) == (250, 120)
    async with database.tenant(organisation) as tx:
        months = await filled.proven_months(tx, "customer", livemode=False)
    assert [(str(row.month), row.rows, row.drift) for row in months] == [("2023-11-01", 250, 0)]
    assert not await filled.proving.turn(organisation), "a pass is followed by a rest"
    clock.move(REST.total_seconds())
    assert await one_pass(filled, organisation, clock) == pages
    async with database.tenant(organisation) as tx:
        assert (await filled.proven_months(tx, "customer", livemode=False))[0].rows == 250, "of the latest pass"


async def test_drift_of_each_kind_is_found_mended_and_told(
    filled: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    await alter(database, organisation, "delete from mirror_objects where id = 'cus_0007'")
    await alter(database, organisation, "update mirror_objects set deleted = true where id = 'cus_0008'")
    await alter(
        database, organisation,
        "update mirror_objects set digest = 'x', body = body || '{\"name\": \"wrong\"}' where id = 'cus_0200'",
    )  # fmt: skip
    lost = customer(249)["id"]
    stripe.lists[CUSTOMERS] = [row for row in stripe.lists[CUSTOMERS] if row["id"] != lost]  # its event never came
    stripe.objects[f"{CUSTOMERS}/{lost}"] = {"id": lost, "object": "customer", "deleted": True}
    stripe.objects[f"{CUSTOMERS}/cus_0008"] = customer(8, name="Person 8")
    await one_pass(filled, organisation, clock)
    clock.move(5)
    await filled.refetch_step()
    await filled.proving.settle()
    assert await drift(filled, database, organisation) == {
        "cus_0007": ("MISSING", True),
        "cus_0008": ("MISSING", True),
        "cus_0200": ("DIFFERENT", True),
        lost: ("VANISHED", True),
    }
    customers = (await proofs(filled, database, organisation))["customer"]
    assert (customers.true, customers.drifted, customers.unmended) == (False, 4, 0)
    async with database.tenant(organisation) as tx:
        (row,) = [row for row in await filled.drifts(tx) if row.id == "cus_0200"]
        assert row.fields == ("name",)
        assert (await filled.get(tx, "customer", "cus_0200", livemode=False)).body["name"] == "Person 200"
        assert (await filled.get(tx, "customer", lost, livemode=False)).deleted
        told = await (await tx.execute("select data from spine_events where name = 'mirror:DRIFT:found'")).fetchall()
    assert sum(each["data"]["count"] for each in told) == 3
    clock.move(REST.total_seconds())
    await one_pass(filled, organisation, clock)
    assert (await proofs(filled, database, organisation))["customer"].true, "the next pass finds nothing"


async def test_proving_now_waits_for_no_turn(
    filled: Mirror, database: Database, organisation: str, clock: ManualClock
) -> None:
    """What `tillwright mirror check --now` does before it tells."""
    await one_pass(filled, organisation, clock)
    await alter(database, organisation, "delete from mirror_objects where id = 'cus_0007'")
    assert await filled.proving.turn(organisation) == 0, "no list is due"
    before = clock.monotonic()
    pages = await filled.proving.prove_now(Principal.system(organisation, "test"))
    assert pages == len([kind for kind in KINDS if kind.of is None]) + 2 + 1
    assert clock.monotonic() == before, "as fast as the rate budget lets it"
    assert await drift(filled, database, organisation) == {"cus_0007": ("MISSING", True)}
    assert not (await proofs(filled, database, organisation))["customer"].true, "so the command exits 1"
    clock.move(60)
    await filled.proving.prove_now(Principal.system(organisation, "test"))
    assert (await proofs(filled, database, organisation))["customer"].true, "it was mended"


async def test_lists_of_parents_are_proven_parent_by_parent(
    database: Database, organisation: str, clock: ManualClock
) -> None:
    """Of four lists one is long, one vanishes with its parent; in the others something drifts."""
    items = {"rsl_0": [0], "rsl_1": [1], "rsl_2": [*range(10, 160)], "rsl_3": [3]}
    lists: dict[str, list[dict[str, Any]]] = {kind.path: [] for kind in KINDS}
    lists["/v1/radar/value_lists"] = [
        {"id": name, "object": "radar.value_list", "created": 100, "livemode": False} for name in sorted(items)
    ]
    asked: list[tuple[str, str | None]] = []

    class Children(Scripted):
        def page(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
            if path != "/v1/radar/value_list_items":
                return super().page(path, params)
            parent, after = params["value_list"], params.get("starting_after")
            asked.append((parent, after))
            if parent not in items:
                said = Facts(status=400, code="resource_missing", param="value_list")
                raise RequestRefused("stripe_request_refused", "No such list", said)
            below = 1000 if after is None else int(after.removeprefix("rsli_"))
            rows = [{"id": f"rsli_{n}", "object": "radar.value_list_item", "created": n, "value": f"{n}"}
                    for n in reversed(items[parent]) if n < below]  # fmt: skip
            return {"object": "list", "data": rows[:100], "has_more": len(rows) > 100}

    stripe = Children(lists=lists)
    mirror = Mirror(clock=clock, database=database, keys=OneKey(), reader=stripe)
    async with database.tenant(organisation) as tx:
        await mirror.start_backfill(tx, organisation, livemode=False)
    while await mirror.backfill_step():
        pass
    clock.move(REST.total_seconds())
    asked.clear()
    await one_pass(mirror, organisation, clock)
    walk = [("rsl_0", None), ("rsl_1", None), ("rsl_2", None), ("rsl_2", "rsli_60"), ("rsl_3", None)]
    assert asked == walk
    found = (await proofs(mirror, database, organisation))["radar.value_list_item"]
    assert (found.true, found.proven_rows) == (True, 153)

    await alter(database, organisation, "delete from mirror_objects where id = 'rsli_12'")
    del items["rsl_1"]  # its parent's end is not told yet
    items["rsl_3"] = []
    for gone in ("rsli_1", "rsli_3"):
        path = f"/v1/radar/value_list_items/{gone}"
        stripe.objects[path] = {"id": gone, "object": "radar.value_list_item", "deleted": True}
    clock.move(REST.total_seconds())
    asked.clear()
    await one_pass(mirror, organisation, clock)
    assert asked == walk, "a parent that is gone does not end the pass"
    clock.move(5)
    await mirror.refetch_step()
    await mirror.proving.settle()
    assert await drift(mirror, database, organisation) == {
        "rsli_12": ("MISSING", True),
        "rsli_1": ("VANISHED", True),
        "rsli_3": ("VANISHED", True),
    }
    clock.move(REST.total_seconds())
    await one_pass(mirror, organisation, clock)
    found = (await proofs(mirror, database, organisation))["radar.value_list_item"]
    assert (found.true, found.proven_rows) == (True, 151)


async def test_an_event_that_is_merely_late_is_no_drift(
    filled: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    changed = stripe.lists[CUSTOMERS][0] | {"name": "changed just now"}
    stripe.lists[CUSTOMERS][0] = changed
    seconds = (clock.now() - NOON).total_seconds()
    await one_pass(filled, organisation, clock)
    assert len(await drift(filled, database, organisation)) == 1
    async with database.tenant(organisation) as tx:
        late = event(changed, seconds - 1, received=(clock.now() - NOON).total_seconds() + 1)
        await filled.apply(tx, organisation, [late])
    clock.move(LATE.total_seconds())
    await filled.proving.settle()
    assert await drift(filled, database, organisation) == {}
    assert (await proofs(filled, database, organisation))["customer"].true


async def test_what_a_list_leaves_out_is_asked_for_and_is_no_drift(
    filled: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    """As with customers on a test clock: not listed, and there all the same."""
    hidden = stripe.lists[CUSTOMERS].pop(0)
    stripe.objects[f"{CUSTOMERS}/{hidden['id']}"] = hidden
    await one_pass(filled, organisation, clock)
    clock.move(5)
    assert await filled.refetch_step() == 1
    await filled.proving.settle()
    assert await drift(filled, database, organisation) == {}


async def test_what_no_list_ever_has_keeps_nothing_that_vanished_from_its_turn(
    filled: Mirror,
    database: Database,
    organisation: str,
    stripe: Scripted,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service, "_UNSEEN", 2)
    hidden, lost = stripe.lists[CUSTOMERS][-3:-1], stripe.lists[CUSTOMERS][0]["id"]  # the lost one's id is the last
    for each in hidden:
        stripe.objects[f"{CUSTOMERS}/{each['id']}"] = each
    stripe.objects[f"{CUSTOMERS}/{lost}"] = {"id": lost, "object": "customer", "deleted": True}
    stripe.lists[CUSTOMERS] = stripe.lists[CUSTOMERS][1:-3] + stripe.lists[CUSTOMERS][-1:]
    for _ in range(2):
        await one_pass(filled, organisation, clock)
        clock.move(5)
        assert await filled.refetch_step() == 2
        clock.move(REST.total_seconds())
    async with database.tenant(organisation) as tx:
        assert (await filled.get(tx, "customer", lost, livemode=False)).deleted


async def test_a_cursor_that_vanished_and_a_right_that_was_taken_away(
    filled: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    broken: list[str] = []

    async def disturb(path: str, params: Mapping[str, Any]) -> None:
        if path in (CUSTOMERS, "/v1/payment_links") and params.get("starting_after") and path not in broken:
            broken.append(path)
            said = Facts(status=400, code="resource_missing", param="starting_after")
            raise RequestRefused("stripe_request_refused", "No such object", said)
        if path == "/v1/coupons":
            said = Facts(status=403, right="coupon_read")
            raise PermissionMissing("stripe_permission_missing", "The key lacks a right.", said)

    stripe.before = disturb
    await one_pass(filled, organisation, clock)
    found = await proofs(filled, database, organisation)
    assert len(broken) == 2
    assert (found["customer"].true, found["payment_link"].proven_rows) == (True, 120)
    assert found["coupon"].proven_at is None
    assert found["coupon"].error is not None
    assert found["coupon"].error["stripe"]["right"] == "coupon_read"


async def test_a_page_whose_lease_ran_out_counts_once(
    filled: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    async def hang(path: str, params: Mapping[str, Any]) -> None:
        if path == CUSTOMERS and stripe.before is hang:
            stripe.before = None
            clock.move(100)
            await one_pass(filled, organisation, clock)

    stripe.before = hang
    await one_pass(filled, organisation, clock)
    assert (await proofs(filled, database, organisation))["customer"].proven_rows == 250


async def test_a_page_on_its_way_to_a_worker_is_of_no_pass_that_began_since(
    filled: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    """The worker is at the second of three pages when everything is to be proven from its start, as a sweep asks."""

    async def begin_anew(path: str, params: Mapping[str, Any]) -> None:
        if path == CUSTOMERS and params.get("starting_after"):
            stripe.before = None
            async with database.tenant(organisation) as tx:
                await store.now_due(tx, organisation, False, clock.now())

    stripe.before = begin_anew
    while await filled.proving.turn(organisation, pace=timedelta()):
        pass
    customers = (await proofs(filled, database, organisation))["customer"]
    assert (customers.proven_rows, customers.proven_pages, customers.true) == (250, 3, True)
    assert customers.proven_from is not None


async def test_proving_now_waits_for_what_a_worker_has_in_hand(
    filled: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    """Its worker was killed: the lease has to run out first."""
    async with database.tenant(organisation) as tx:
        await store.begin(tx, organisation, clock.now())

    async def take(path: str, params: Mapping[str, Any]) -> None:
        if path == CUSTOMERS and not params.get("starting_after"):
            stripe.before = None
            async with database.tenant(organisation) as tx:
                await tx.execute(
                    "update mirror_proofs set lease = 'dead', leased_until = %s where object = 'price'",
                    (clock.now() + store.LEASE,),
                )

    stripe.before = take
    began = clock.now()
    await filled.proving.prove_now(Principal.system(organisation, "test"))
    found = await proofs(filled, database, organisation)
    assert all(row.proven_from is not None and row.proven_from >= began for row in found.values())


def test_what_counts_as_drift() -> None:
    body = customer(1, name="Ann", url="https://a")
    copy = FetchedCopy(False, "customer", body["id"], None, NOON, listed=True, body=body)
    before = NOON - timedelta(minutes=5)

    def ours(**changes: Any) -> Ours:
        fields: dict[str, Any] = {
            "digest": b"x", "deleted": False, "event_received": before, "fetched_at": before, "in_doubt": False,
            "body": body | {"name": "Bea"},
        }  # fmt: skip
        return Ours(**fields | changes)

    def found(known: Ours | None) -> list[tuple[Drift, tuple[str, ...]]]:
        return [(each.drift, each.fields) for each in findings([copy], {copy.id: known} if known else {})]

    assert found(None) == [(Drift.MISSING, ())]
    assert found(ours(deleted=True)) == [(Drift.MISSING, ())]
    assert found(ours()) == [(Drift.DIFFERENT, ("name",))]
    assert found(ours(body=body | {"url": "https://b"})) == [], "an address that Stripe signs anew"
    assert found(ours(in_doubt=True)) == []
    assert found(ours(event_received=NOON)) == [], "an event came in while the page was made"
    assert differing({"a": 1, "b": None}, {"a": 1.0}) == ("b",)
