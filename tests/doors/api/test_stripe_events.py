"""Stripe's events over HTTP: as they came, by type, object and time, for who may read."""

from __future__ import annotations

from datetime import timedelta

import httpx
import orjson
import pytest

from tests.contracts.published import Opened, published_clients
from tests.sandbox.conftest import Sandbox
from tillwright.domains.webhooks import envelope, store
from tillwright.domains.webhooks.model import Arrival
from tillwright.kit.clock import ManualClock, to_unix
from tillwright.kit.seal import Secret
from tillwright.wiring import House


@pytest.fixture
async def opened(house: House):
    async with published_clients(house) as opened:
        yield opened


async def test_events_are_listed_and_shown(
    opened: Opened, house: House, stripe_sandbox: Sandbox, clock: ManualClock
) -> None:
    client = await opened(role="VIEWER")
    stranger = await opened("Southwind", "ADMIN")

    async def get(path: str, who: str = client.key, organisation: str = client.organisation_id, **params: str):
        headers = {"Authorization": f"Key {who}"}
        return await client.http.get(f"/org/{organisation}{path}", headers=headers, params=params)

    assert (await get("/stripeEvent")).json() == {"items": [], "nextCursor": None}
    await house.integrations.connect(
        client.principal,
        publishable_key=stripe_sandbox.publishable_key,
        secret_key=Secret(stripe_sandbox.restricted_key),
    )
    now, arrivals = clock.now(), []
    for number, (type_, object_id) in enumerate(
        [("invoice.paid", "in_1"), ("invoice.voided", "in_2"), ("customer.updated", "cus_1"), ("invoice.paid", "in_3")]
    ):
        kind = "customer" if object_id.startswith("cus") else "invoice"
        body = {
            "id": f"evt_{number}", "object": "event", "type": type_, "livemode": False, "api_version": None,
            "created": to_unix(now - timedelta(hours=number)), "data": {"object": {"id": object_id, "object": kind}},
        }  # fmt: skip
        raw = orjson.dumps(body)
        arrivals.append(Arrival(client.organisation_id, "acct_1", envelope.read(raw), raw, now))
    async with house.database.tenant(client.organisation_id) as tx:
        await store.insert(tx, client.organisation_id, arrivals)

    async def ids(**params: str) -> list[str]:
        seen: list[str] = []
        while True:
            page = (await get("/stripeEvent", **params)).json()
            seen += [one["id"] for one in page["items"]]
            if page["nextCursor"] is None:
                return seen
            params["cursor"] = page["nextCursor"]

    assert await ids(limit="2") == ["evt_3", "evt_2", "evt_1", "evt_0"]
    assert await ids(eventType="invoice.*", limit="1") == ["evt_3", "evt_1", "evt_0"]
    assert await ids(eventType="invoice.paid") == ["evt_3", "evt_0"]
    assert await ids(objectID="in_2") == ["evt_1"]
    assert await ids(since=(now - timedelta(minutes=150)).isoformat(), limit="1") == ["evt_0", "evt_1", "evt_2"]
    assert await ids(until=(now - timedelta(minutes=30)).isoformat()) == ["evt_1", "evt_2", "evt_3"]
    assert await ids(livemode="true") == []
    assert (await get("/stripeEvent", since="2027-01-01T00:00:00")).json()["code"] == "time_without_zone"
    assert (await get("/stripeEvent", cursor="x")).status_code == 400

    one = (await get("/stripeEvent/evt_1")).json()
    assert (one["eventType"], one["objectID"], one["outcome"]) == ("invoice.voided", "in_2", None)
    assert one["stripeEvent"]["data"]["object"]["id"] == "in_2"
    assert (await get("/stripeEvent/evt_none")).json()["code"] == "stripe_event_absent"
    missed: list[httpx.Response] = [
        await get("/stripeEvent/evt_1", who=stranger.key, organisation=stranger.organisation_id),
        await get("/stripeEvent/evt_1", who=stranger.key),
    ]
    assert [answer.status_code for answer in missed] == [404, 404]
    theirs = await get("/stripeEvent", who=stranger.key, organisation=stranger.organisation_id, livemode="false")
    assert theirs.json()["items"] == []
