"""Stripe's events from the command line, as a script uses them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import orjson
import pytest

from tests.doors.cli.test_people import rows, run, settings
from tests.doors.console.conftest import PASSWORD
from tillwright.domains.webhooks import envelope, store
from tillwright.domains.webhooks.model import Arrival
from tillwright.doors.cli import events
from tillwright.kit.errors import Absent
from tillwright.wiring import House

__all__ = ["settings"]
NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)


def test_events_are_listed_and_shown(house: House, settings: None) -> None:
    async def begin() -> None:
        owner = await house.tenancy.create_organisation("Northwind", "ada@example.com", PASSWORD, person="Ada")
        arrivals: list[Arrival] = []
        for number, type_ in enumerate(["invoice.paid", "invoice.voided", "customer.updated"]):
            kind = type_.partition(".")[0]
            body = {
                "id": f"evt_{number}", "object": "event", "type": type_, "livemode": False,
                "created": int(NOON.timestamp()) + number * 86_400, "data": {"object": {"id": f"x_{number}"}},
            }  # fmt: skip
            body["data"]["object"]["object"] = kind  # type: ignore[index]
            raw = orjson.dumps(body)
            arrivals.append(Arrival(owner.organisation_id, None, envelope.read(raw), raw, NOON))
        async with house.database.tenant(owner.organisation_id) as tx:
            await store.insert(tx, owner.organisation_id, arrivals)

    asyncio.run(begin())
    mode = ("--mode", "test")
    assert [row["id"] for row in rows(events.app, "list", *mode)] == ["evt_2", "evt_1", "evt_0"]
    assert [row["id"] for row in rows(events.app, "list", "--type", "invoice.*", *mode)] == ["evt_1", "evt_0"]
    assert [row["id"] for row in rows(events.app, "list", "--object", "x_2", *mode)] == ["evt_2"]
    assert [row["id"] for row in rows(events.app, "list", "--from", "2027-01-16", "--limit", "1", *mode)] == ["evt_2"]
    assert rows(events.app, "list") == [], "nothing is connected, and no mode was named"
    assert "invoice.voided" in run(events.app, "list", *mode)
    (one,) = rows(events.app, "show", "evt_1")
    assert (one["type"], one["stripeEvent"]["id"]) == ("invoice.voided", "evt_1")
    assert '"id": "evt_1"' in run(events.app, "show", "evt_1")
    with pytest.raises(Absent):
        run(events.app, "show", "evt_none")
