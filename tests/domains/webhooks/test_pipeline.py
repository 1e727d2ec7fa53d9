"""What follows an accepted event: once, in one transaction, and one bad event holds up no other."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import make_organisation
from tests.domains.webhooks.conftest import Rooms, Sender, listen
from tillwright.domains.mirror import EventCopy
from tillwright.domains.webhooks import Outcome, StripeEvent
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock, from_unix, to_unix
from tillwright.kit.errors import Absent, Invalid
from tillwright.kit.seal import Seal
from tillwright.kit.turns import share


async def spine(database: Database, organisation: str) -> list[dict[str, Any]]:
    async with database.tenant(organisation) as tx:
        return await (await tx.execute("select name, data from spine_events order by id")).fetchall()


async def test_an_event_falls_through_to_the_mirror_and_the_spine(
    database: Database, organisation: str, sender: Sender, nowhere: Rooms, clock: ManualClock
) -> None:
    invoice = {"id": "in_1", "object": "invoice", "created": 5, "customer": "cus_1", "amount_due": 700}
    await sender.send(sender.event(1, invoice, type="invoice.payment_failed"))
    await sender.send(sender.event(2, {"object": "balance", "available": []}, type="balance.available"))
    await sender.send(sender.event(3, type="nobody.ever.saw", data={"strange": True}))
    await sender.send(sender.event(4, {"id": "nov_1", "object": "novelty"}, type="novelty.appeared"))
    assert await nowhere.webhooks.apply_pending() == 4
    assert await nowhere.webhooks.apply_pending() == 0
    async with database.tenant(organisation) as tx:
        assert (await nowhere.mirror.get(tx, "invoice", "in_1", livemode=False)).body == invoice
        assert (await nowhere.mirror.get(tx, "balance", "balance", livemode=False)).body["available"] == []
        assert (await nowhere.mirror.get(tx, "novelty", "nov_1", livemode=False)).account_id == "acct_1"
        page = await nowhere.webhooks.list(tx, livemode=False)
        assert [each.outcome for each in page.items] == [
            Outcome.WRITTEN, Outcome.NOTHING, Outcome.WRITTEN, Outcome.WRITTEN,
        ]  # fmt: skip
        assert (await nowhere.webhooks.waiting(tx))["waiting"] == 0
    said = await spine(database, organisation)
    assert [each["name"] for each in said] == [
        "stripe:event:invoice.payment_failed", "stripe:event:balance.available",
        "stripe:event:nobody.ever.saw", "stripe:event:novelty.appeared",
    ]  # fmt: skip
    assert said[0]["data"] == {
        "event_id": "evt_1", "created": to_unix(clock.now()), "livemode": False, "account_id": "acct_1", "cause": None,
        "object_type": "invoice", "object_id": "in_1",
    }  # fmt: skip


async def test_two_workers_apply_each_event_once(
    database: Database, organisation: str, sender: Sender, nowhere: Rooms
) -> None:
    await asyncio.gather(*(sender.send(sender.event(n)) for n in range(300)))

    async def work() -> int:
        done = 0
        while applied := await nowhere.webhooks.apply_pending(limit=20):
            done += applied
        return done

    assert sum(await asyncio.gather(work(), work(), work())) == 300
    said = await spine(database, organisation)
    assert sorted(each["data"]["event_id"] for each in said) == sorted(f"evt_{n}" for n in range(300))
    async with database.tenant(organisation) as tx:
        assert (await nowhere.mirror.counts(tx, livemode=False))["customer"].present == 300


async def test_an_event_that_cannot_be_applied_holds_up_no_other(
    database: Database,
    organisation: str,
    sender: Sender,
    nowhere: Rooms,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = nowhere.mirror.apply

    async def poisoned(tx: Any, organisation_id: str, copies: list[EventCopy]) -> Any:
        if any(copy.event_id == "evt_2" for copy in copies):
            raise ValueError("poison")
        return await real(tx, organisation_id, copies)

    monkeypatch.setattr(nowhere.mirror, "apply", poisoned)
    for number in range(5):
        await sender.send(sender.event(number))
    assert await nowhere.webhooks.apply_pending() == 4
    assert await nowhere.webhooks.apply_pending() == 0, "not tried again before its time"
    async with database.tenant(organisation) as tx:
        waiting = await nowhere.webhooks.waiting(tx)
        bad = await nowhere.webhooks.event(tx, "evt_2")
    assert (waiting["waiting"], waiting["failing"]) == (1, 1)
    assert (bad.applied, bad.failures, bad.error) == (None, 1, "ValueError: poison")
    monkeypatch.undo()
    clock.move(1)
    assert await nowhere.webhooks.apply_pending() == 1
    async with database.tenant(organisation) as tx:
        good = await nowhere.webhooks.event(tx, "evt_2")
    assert (good.outcome, good.error) == (Outcome.WRITTEN, None)
    assert len(await spine(database, organisation)) == 5


async def test_an_organisation_with_many_does_not_starve_one_with_few(
    database: Database, organisation: str, sender: Sender, nowhere: Rooms, seal: Seal, clock: ManualClock
) -> None:
    other = await make_organisation(database, "Quiet")
    quiet = await listen(database, seal, clock, nowhere.webhooks, other)
    await asyncio.gather(*(sender.send(sender.event(n)) for n in range(200)))
    await quiet.send(quiet.event(1))
    assert await nowhere.webhooks.apply_pending(limit=50) == share(50, 2) + 1
    assert len(await spine(database, other)) == 1


async def test_an_old_version_and_a_thin_event_are_fetched_again(
    database: Database, organisation: str, sender: Sender, nowhere: Rooms
) -> None:
    await sender.send(sender.event(1, api_version="2019-05-16"))
    await sender.send(
        sender.event(
            2, object="v2.core.event", created="2027-01-15T08:00:00Z", type="v1.billing.meter.no_meter_found",
            related_object={"id": "mtr_1", "type": "billing.meter"}, data={}, context="acct_1",
        )
    )  # fmt: skip
    await nowhere.webhooks.apply_pending()
    async with database.tenant(organisation) as tx:
        assert [each["object"] for each in await nowhere.mirror.doubts(tx, livemode=False)] == [
            "billing.meter", "customer",
        ]  # fmt: skip
        assert (await nowhere.webhooks.event(tx, "evt_1")).outcome is Outcome.WRITTEN_AND_ASKED
        assert (await nowhere.webhooks.event(tx, "evt_2")).outcome is Outcome.ASKED


async def test_events_are_found_again(
    database: Database, organisation: str, sender: Sender, nowhere: Rooms, clock: ManualClock
) -> None:
    for number in range(30):
        kind = "invoice.paid" if number % 3 == 0 else "customer.updated"
        await sender.send(sender.event(number, type=kind))
    async with database.tenant(organisation) as tx:
        look = nowhere.webhooks.list
        first = await look(tx, livemode=False, limit=20)
        rest = await look(tx, livemode=False, limit=20, cursor=first.next_cursor)
        assert [each.id for each in [*first.items, *rest.items]] == [f"evt_{n}" for n in reversed(range(30))]
        assert rest.next_cursor is None
        assert len((await look(tx, livemode=False, event_type="invoice.*")).items) == 10
        assert (await look(tx, livemode=False, event_type="invoice_*")).items == []
        assert [each.id for each in (await look(tx, livemode=False, object_ids=["cus_7"])).items] == ["evt_7"]
        assert (await look(tx, livemode=True)).items == []
        since = clock.now() - timedelta(days=1)
        assert await nowhere.webhooks.counts(tx, livemode=False, since=since) == {
            "customer.updated": 20, "invoice.paid": 10,
        }  # fmt: skip
        with pytest.raises(Absent):
            await nowhere.webhooks.event(tx, "evt_none")
        odd: list[dict[str, Any]] = [
            {"limit": 0}, {"cursor": "zz"}, {"cursor": "WyJ4Il0"}, {"cursor": first.next_cursor, "since": since},
        ]  # fmt: skip
        for wrong in odd:
            with pytest.raises(Invalid):
                await look(tx, livemode=False, **wrong)


async def test_events_of_a_span_come_in_the_order_in_which_they_happened(
    database: Database, organisation: str, sender: Sender, nowhere: Rooms, clock: ManualClock
) -> None:
    """Deliveries come in any order; pages of a span hold each of its events once, also several of one second."""
    noon = to_unix(clock.now()) - 86_400
    happened = {f"evt_{number}": noon + number // 4 for number in range(40)}
    numbers = list(range(40))
    random.Random(7).shuffle(numbers)
    for number in numbers:
        await sender.send(sender.event(number, created=happened[f"evt_{number}"]))
    async with database.tenant(organisation) as tx:
        since, until = from_unix(noon + 2), from_unix(noon + 8)
        found: list[StripeEvent] = []
        cursor = None
        while True:
            page = await nowhere.webhooks.list(tx, livemode=False, limit=7, cursor=cursor, since=since, until=until)
            found += page.items
            if (cursor := page.next_cursor) is None:
                break
        assert sorted(each.id for each in found) == sorted(
            name for name, at in happened.items() if noon + 2 <= at < noon + 8
        )
        assert found == sorted(found, key=lambda each: (each.created, each.place), reverse=True)
        only = await nowhere.webhooks.list(tx, livemode=False, since=from_unix(noon + 9))
        assert {each.id for each in only.items} == {"evt_36", "evt_37", "evt_38", "evt_39"}
