"""Days of a large account: counted once an hour, exact for today, and the same as counting them from the objects."""

from __future__ import annotations

from datetime import timedelta

import pytest
from psycopg.types.json import Jsonb

from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror import store as objects
from tillwright.domains.mirror.charting import service
from tillwright.doors.console.charts import board
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock


async def _fill(database: Database, organisation: str, kind: str, first: int, last: int) -> None:
    """One object every six hours before noon of the 15th, the first one now."""
    async with database.tenant(organisation) as tx:
        await tx.execute(
            "insert into mirror_objects (organisation_id, livemode, object, id, created, fetched_at, digest, status, "
            "body) select %s, false, %s, 'x_' || n, timestamptz '2027-01-15 12:00Z' - n * interval '6 hours', now(), "
            "'\\x00', (array['succeeded', 'failed'])[n %% 2 + 1], jsonb_build_object('amount', n, 'currency', "
            "(array['eur', 'jpy', null])[n %% 3 + 1]) from generate_series(%s::int, %s::int) n",
            (organisation, kind, first, last),
        )
        await tx.execute(
            "insert into mirror_counts values (%s, false, %s, %s, 0, now()) on conflict (organisation_id, livemode, "
            "object) do update set present = excluded.present",
            (organisation, kind, last),
        )


async def test_counted_days_are_those_of_the_objects(
    mirror: Mirror, database: Database, organisation: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MANY", 100)
    await _fill(database, organisation, "payment_intent", 1, 400)
    await _fill(database, organisation, "customer", 1, 50)
    midnight = clock.now().replace(hour=0)

    async def both(days: int) -> tuple[list, list]:
        since, until = midnight - timedelta(days=days), midnight + timedelta(days=1)
        async with database.tenant(organisation) as tx:
            shown = (await mirror.charting.days(tx, livemode=False, since=since, until=until))["payment_intent"]
            counted = await objects.days(tx, False, "payment_intent", since, until)
        key = repr
        return sorted(shown, key=key), sorted(counted, key=key)

    async def kept() -> int:
        async with database.tenant(organisation) as tx:
            row = await (await tx.execute("select count(*) as n from mirror_days")).fetchone()
        assert row
        return row["n"]

    assert await kept() == 0
    await mirror.charting.step()
    assert await kept() > 100
    for days in (0, 1, 29, 364):
        shown, counted = await both(days)
        assert shown == counted, days
        assert shown
    # An object of today shows at once, one of the past within the hour; few objects are never counted beforehand.
    async with database.tenant(organisation) as tx:
        await tx.execute(
            "update mirror_objects set body = body || '{\"amount\": 7000}' where object = 'payment_intent' "
            "and id in ('x_1', 'x_9')"
        )
        rows = await (await tx.execute("select distinct object from mirror_days")).fetchall()
    assert [row["object"] for row in rows] == ["payment_intent"]
    shown, counted = await both(29)
    assert sum(day.amount for day in counted) - sum(day.amount for day in shown) == 7000 - 9
    clock.move(3601)
    await mirror.charting.step()
    shown, counted = await both(29)
    assert shown == counted
    # With no worker at work for a day the pages read the objects again.
    async with database.tenant(organisation) as tx:
        await tx.execute("update mirror_objects set deleted = true where id = 'x_20'")
    clock.move(timedelta(hours=27).total_seconds())
    shown, counted = await both(29)
    assert shown == counted


async def test_a_forgotten_organisation_has_no_days_left(
    mirror: Mirror, database: Database, organisation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MANY", 1)
    await _fill(database, organisation, "refund", 1, 40)
    await mirror.charting.step()
    async with database.tenant(organisation) as tx:
        await mirror.forget(tx, organisation)
        for table in ("mirror_days", "mirror_day_marks"):
            row = await (await tx.execute(f"select count(*) as n from {table}")).fetchone()  # type: ignore[arg-type]
            assert row
            assert row["n"] == 0


async def test_what_was_received_is_counted_and_nothing_twice(
    mirror: Mirror, database: Database, organisation: str, clock: ManualClock
) -> None:
    """Parts that were captured, in currencies without minor units and with thousandths; charges without an intent."""
    rows = [
        ("payment_intent", "pi_1", "succeeded", {"amount": 5000, "amount_received": 5000, "currency": "jpy"}),
        ("payment_intent", "pi_2", "succeeded", {"amount": 12340, "amount_received": 10000, "currency": "kwd"}),
        ("payment_intent", "pi_3", "requires_capture", {"amount": 700, "amount_received": 0, "currency": "eur"}),
        ("payment_intent", "pi_4", "succeeded", {"amount": 700, "amount_received": 600, "currency": "eur"}),
        ("charge", "ch_1", "succeeded", {"amount": 5000, "amount_captured": 5000, "currency": "jpy",
                                         "payment_intent": "pi_1"}),
        ("charge", "ch_2", "succeeded", {"amount": 12340, "amount_captured": 10000, "currency": "kwd",
                                         "payment_intent": "pi_2"}),
        ("charge", "ch_3", "succeeded", {"amount": 900, "amount_captured": 300, "currency": "jpy",
                                         "payment_intent": None}),
        ("charge", "ch_4", "succeeded", {"amount": 5005, "amount_captured": 5000, "currency": "kwd"}),
        ("charge", "ch_5", "succeeded", {"amount": 800, "amount_captured": 0, "currency": "eur"}),
        ("charge", "ch_6", "failed", {"amount": 800, "amount_captured": 0, "currency": "eur"}),
        ("refund", "re_1", "succeeded", {"amount": 250, "currency": "jpy"}),
    ]  # fmt: skip
    async with database.tenant(organisation) as tx:
        for kind, name, status, body in rows:
            await tx.execute(
                "insert into mirror_objects (organisation_id, livemode, object, id, created, fetched_at, digest, "
                "status, body) values (%s, false, %s, %s, %s, now(), '\\x00', %s, %s)",
                (organisation, kind, name, clock.now(), status, Jsonb(body)),
            )
        midnight = clock.now().replace(hour=0)
        days = await mirror.charting.days(tx, livemode=False, since=midnight, until=midnight + timedelta(days=1))
    paid = {
        (kind, day.currency): day.amount
        for kind in ("payment_intent", "charge")
        for day in days[kind]
        if day.status == "succeeded"
    }
    assert paid == {
        ("payment_intent", "jpy"): 5000,
        ("payment_intent", "kwd"): 10000,
        ("payment_intent", "eur"): 600,
        ("charge", "jpy"): 300,
        ("charge", "kwd"): 5000,
        ("charge", "eur"): 0,
    }
    shown = {
        currency: {chart.title: chart.total for chart in board(days, clock.now().date(), currency=currency).charts}
        for currency in ("jpy", "kwd", "eur")
    }
    assert [shown[currency]["Payments received"] for currency in shown] == ["5,300 JPY", "15.000 KWD", "6.00 EUR"]
    assert shown["eur"]["Failed attempts"] == "1"
