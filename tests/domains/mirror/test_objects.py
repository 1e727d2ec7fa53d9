"""Taking events in, looking them up, counting them: on the real database."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import make_organisation
from tests.domains.mirror.conftest import NOON, Scripted, customer, event
from tillwright.domains.mirror import EventCopy, Mirror
from tillwright.domains.mirror.apply import Verdict
from tillwright.domains.mirror.columns import UNDATED
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Absent, Invalid


async def apply(mirror: Mirror, database: Database, organisation: str, *copies: EventCopy) -> list[Verdict]:
    async with database.tenant(organisation) as tx:
        return list(await mirror.apply(tx, organisation, copies))


async def body(mirror: Mirror, database: Database, organisation: str, object_id: str) -> dict[str, Any]:
    async with database.tenant(organisation) as tx:
        return (await mirror.get(tx, "customer", object_id, livemode=False)).body


async def test_an_object_is_kept_as_stripe_sent_it(mirror: Mirror, database: Database, organisation: str) -> None:
    sent = customer(1, name="Zoë", metadata={"a": "1"}, balance=-12, address=None, list=[1.5, {"x": "\0"}])
    await apply(mirror, database, organisation, event(sent, 0, type="customer.created"))
    async with database.tenant(organisation) as tx:
        kept = await mirror.get(tx, "customer", "cus_0001", livemode=False)
        with pytest.raises(Absent, match="live mode"):
            await mirror.get(tx, "customer", "cus_0001", livemode=True)
    assert kept.body == sent | {"list": [1.5, {"x": "\ufffd"}]}  # the one character PostgreSQL's JSON cannot hold
    assert (kept.account_id, kept.deleted, kept.seen) == ("acct_1", False, NOON + timedelta(seconds=1))
    assert kept.created is not None
    assert kept.created.timestamp() == sent["created"]


async def test_an_unknown_type_is_kept_too(mirror: Mirror, database: Database, organisation: str) -> None:
    novelty = {"id": "nov_1", "object": "novelty", "surprise": True}
    await apply(mirror, database, organisation, event(novelty, 0, type="novelty.appeared"))
    async with database.tenant(organisation) as tx:
        assert (await mirror.get(tx, "novelty", "nov_1", livemode=False)).created is None
        assert [each.id for each in (await mirror.list(tx, "novelty", livemode=False)).items] == ["nov_1"]


async def test_events_and_fetches_of_one_object_do_not_block_each_other(
    mirror: Mirror, database: Database, organisation: str, clock: ManualClock, stripe: Scripted
) -> None:
    """Both write the object and its mark; taken in two orders, the database would have to abort one of them."""
    stripe.objects["/v1/customers/cus_0001"] = customer(1, name="settled")
    numbers = iter(range(1000))

    async def doubt() -> None:
        for _ in range(40):
            await apply(mirror, database, organisation, event(customer(1, name=f"n{next(numbers)}"), 0))
            clock.move(2)

    async def settle() -> None:
        for _ in range(40):
            await mirror.refetch_step()

    await asyncio.wait_for(asyncio.gather(doubt(), settle(), doubt(), settle()), 60)
    clock.move(60)
    await mirror.refetch_step()
    assert (await body(mirror, database, organisation, "cus_0001"))["name"] == "settled"


async def test_another_organisation_sees_nothing(mirror: Mirror, database: Database, organisation: str) -> None:
    await apply(mirror, database, organisation, event(customer(1, name="Ann"), 0))
    async with database.tenant(await make_organisation(database, "Other")) as tx:
        assert (await mirror.list(tx, "customer", livemode=False)).items == []
        assert (await mirror.list(tx, "customer", livemode=False, search="ann")).items == []
        assert await mirror.counts(tx, livemode=False) == {}


async def test_a_late_update_revives_nothing(
    mirror: Mirror, database: Database, organisation: str, clock: ManualClock, stripe: Scripted
) -> None:
    created = event(customer(1, name="A"), 0, type="customer.created")
    ended = event(customer(1, name="B"), 10, type="customer.deleted")
    late = event(customer(1, name="B"), 5, received=3600)
    same_second = event(customer(1, name="C"), 10)
    assert await apply(mirror, database, organisation, created, ended, late) == [
        Verdict.WRITE, Verdict.WRITE, Verdict.KEEP,
    ]  # fmt: skip
    assert await apply(mirror, database, organisation, same_second) == [Verdict.ASK]
    stripe.objects["/v1/customers/cus_0001"] = {"id": "cus_0001", "object": "customer", "deleted": True}
    clock.move(7200)
    assert await mirror.refetch_step() == 1
    async with database.tenant(organisation) as tx:
        kept = await mirror.get(tx, "customer", "cus_0001", livemode=False)
        assert (await mirror.list(tx, "customer", livemode=False)).items == []
        count = (await mirror.counts(tx, livemode=False))["customer"]
    assert kept.deleted
    assert kept.body["name"] == "B"
    assert (count.present, count.deleted) == (0, 1)


async def test_two_updates_of_one_second_are_settled_by_asking(
    mirror: Mirror, database: Database, organisation: str, clock: ManualClock, stripe: Scripted
) -> None:
    one, two = event(customer(1, name="first"), 7), event(customer(1, name="second"), 7)
    verdicts = await apply(mirror, database, organisation, two, one)
    assert verdicts == [Verdict.WRITE, Verdict.WRITE_AND_ASK]
    assert await mirror.refetch_step() == 0, "asked too soon: what Stripe says now may lack what is on its way"
    stripe.objects["/v1/customers/cus_0001"] = customer(1, name="second")
    clock.move(60)
    assert await mirror.refetch_step() == 1
    assert (await body(mirror, database, organisation, "cus_0001"))["name"] == "second"
    async with database.tenant(organisation) as tx:
        assert await mirror.doubts(tx, livemode=False) == []
    assert stripe.asked["/v1/customers/cus_0001"] == 1


async def test_in_whatever_order_and_however_often(
    mirror: Mirror, database: Database, organisation: str, clock: ManualClock, stripe: Scripted
) -> None:
    """120 customers with up to 8 changes each, seconds shared, shuffled, repeated, in batches: the end is Stripe's."""
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    copies: list[EventCopy] = []
    for number in range(120):
        second = 0
        for change in range(dice.randint(1, 8)):
            second += dice.choice([0, 0, 1, 5])
            last = customer(number, name=f"{change}")
            ends = change > 0 and dice.random() < 0.15
            kind = "customer.deleted" if ends else "customer.updated"
            copies += [event(last, second, type=kind, received=dice.randint(10, 500))] * dice.randint(1, 3)
            stripe.objects[f"/v1/customers/{last['id']}"] = (
                {"id": last["id"], "object": "customer", "deleted": True} if ends else last
            )
            if ends:
                break
    dice.shuffle(copies)
    clock.move(600)
    while copies:
        size = dice.choice([1, 2, 5, 40, 100])
        await apply(mirror, database, organisation, *copies[:size])
        del copies[:size]
    clock.move(60)
    while await mirror.refetch_step(limit=100):
        clock.move(2)
    async with database.tenant(organisation) as tx:
        assert await mirror.doubts(tx, livemode=False) == []
        for path, truth in stripe.objects.items():
            kept = await mirror.get(tx, "customer", path.rsplit("/", 1)[1], livemode=False)
            assert kept.deleted is truth.get("deleted", False), path
            assert kept.deleted or kept.body == truth, path
        count = (await mirror.counts(tx, livemode=False))["customer"]
    gone = sum(truth.get("deleted", False) for truth in stripe.objects.values())
    assert (count.present, count.deleted) == (120 - gone, gone)


async def test_search_filters_and_pages(mirror: Mirror, database: Database, organisation: str) -> None:
    people = [customer(n, name=f"Person {n:03d}", email=f"p{n}@example.com") for n in range(120)]
    people[7] |= {"name": "Zoë 100%_sure", "email": "ZOE@shop.example"}
    payments = [
        {"id": f"pi_{n}", "object": "payment_intent", "created": 1_800_000_000 + n * 3600, "customer": f"cus_{n % 3}",
         "status": "succeeded" if n % 2 else "canceled", "amount": 1000 + n, "currency": "eur"}
        for n in range(48)
    ]  # fmt: skip
    await apply(mirror, database, organisation, *[event(each, 0) for each in [*people, *payments]])
    async with database.tenant(organisation) as tx:

        async def found(kind: str = "customer", **options: Any) -> list[str]:
            return [each.id for each in (await mirror.list(tx, kind, livemode=False, **options)).items]

        assert await found(search="zoë") == ["cus_0007"]
        assert await found(search="zoe@SHOP") == ["cus_0007"]
        assert await found(search="us_0007") == ["cus_0007"]
        assert await found(search="100%_s") == ["cus_0007"]
        assert await found(search="%") == ["cus_0007"]
        assert await found(search="_") == [*(await found(limit=50))], "each id has one"
        assert await found(search="\\") == []
        assert len(await found(search="person", limit=1000)) == 119

        seen: list[str] = []
        cursor = None
        while True:
            page = await mirror.list(tx, "customer", livemode=False, search="example.com", cursor=cursor, limit=50)
            seen += [each.id for each in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == sorted((each["id"] for each in people if each["email"].endswith("example.com")), reverse=True)

        first = await mirror.list(tx, "payment_intent", livemode=False, limit=30)
        second = await mirror.list(tx, "payment_intent", livemode=False, limit=30, cursor=first.next_cursor)
        assert [each.id for each in [*first.items, *second.items]] == [f"pi_{n}" for n in reversed(range(48))]
        assert second.next_cursor is None
        assert len(await found("payment_intent", filters={"customer": "cus_1", "status": "succeeded"})) == 8
        assert await found("payment_intent", filters={"customer": "cus_1"}, search="pi_1") == [
            "pi_19", "pi_16", "pi_13", "pi_10", "pi_1",
        ]  # fmt: skip
        start = first.items[-1].created
        assert len(await found("payment_intent", filters={"created_from": start})) == 30
        assert len(await found("payment_intent", filters={"created_before": start})) == 18

        until = NOON + timedelta(days=9)
        charted = await mirror.charting.days(tx, livemode=False, since=UNDATED, until=until)
        days = charted["payment_intent"]
        assert sum(day.count for day in days) == 48
        assert sum(day.amount for day in days) == sum(each["amount"] for each in payments)
        assert {day.currency for day in days} == {"eur"}
        assert {name: count.present for name, count in (await mirror.counts(tx, livemode=False)).items()} == {
            "customer": 120, "payment_intent": 48,
        }  # fmt: skip

        wrongs = ({"filters": {"colour": 1}}, {"cursor": "zzz"}, {"cursor": "WzEsMl0"}, {"limit": 0}, {"limit": 1001})
        for wrong in wrongs:
            with pytest.raises(Invalid):
                await found(**wrong)


async def test_search_may_use_its_index(database: Database, organisation: str) -> None:
    """Under the tenant's policy an operator that is not leakproof passes no index: the search applies it by hand."""
    async with database.tenant(organisation) as tx:
        row = await (await tx.execute("select pg_get_functiondef('mirror_search'::regproc) as text")).fetchone()
        indexes = await (
            await tx.execute(
                "select indexdef from pg_indexes where tablename = 'mirror_objects' and indexdef like '%search gin%'"
            )
        ).fetchall()
    assert row is not None
    assert "SECURITY DEFINER" in row["text"]
    assert "current_setting('tillwright.organisation', true)" in row["text"]
    assert len(indexes) == 1


async def test_forgetting_leaves_nothing(mirror: Mirror, database: Database, organisation: str) -> None:
    twice = [event(customer(n, name=name), 0) for n in range(3) for name in "ab"]
    await apply(mirror, database, organisation, *twice)
    async with database.tenant(organisation) as tx:
        await mirror.start_backfill(tx, organisation, livemode=False)
        assert await mirror.forget(tx, organisation) == 3
    async with database.tenant(organisation) as tx:
        for table in ("mirror_objects", "mirror_counts", "mirror_backfills", "mirror_refetches"):
            row = await (await tx.execute(f"select count(*) as n from {table}")).fetchone()
            assert row == {"n": 0}
