"""The published client reads the audit trail."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from suger_sdk_python.exceptions import BadRequestException, ForbiddenException

from tests.contracts.published import Opened, Published
from tillwright.domains.webhooks import Outcome, envelope, store
from tillwright.domains.webhooks.model import Arrival

CALL = ("AuditingApi", "query_auditing_events")


async def test_entries_are_paged_filtered_and_sorted(client: Published) -> None:
    for n in range(3):
        await client.house.tenancy.change_organisation(client.principal, name=f"Name {n}")
    page = await client.call(*CALL, client.organisation_id, page_size=2)
    assert (len(page.data), page.page_number, page.page_size, page.total_count) == (2, 1, 2, 5)
    newest = page.data[0]
    assert (newest.organization_id, newest.status, newest.event_type) == (client.organisation_id, "DONE", None)
    assert newest.other_type_event["action"] == "tenancy:organisation:update"
    second = await client.call(*CALL, client.organisation_id, page_size=2, page_number=3)
    assert [event.other_type_event["number"] for event in second.data] == [1]
    found = await client.call(
        *CALL, client.organisation_id, q='(= event_type "tenancy:api_client:create")', s="creation_time:asc"
    )
    assert [event.other_type_event["detail"]["name"] for event in found.data] == ["Published"]
    assert client.key not in str(found)


async def test_stripes_events_are_there_beside_the_entries(client: Published) -> None:
    at = client.house.clock.now() + timedelta(minutes=1)
    arrivals: list[Arrival] = []
    for number in range(3):
        body = {
            "id": f"evt_{number}", "object": "event", "type": "invoice.paid", "livemode": False,
            "created": 1_800_000_000,
            "data": {"object": {"id": f"in_{number}", "object": "invoice"}},
        }  # fmt: skip
        raw = orjson.dumps(body)
        arrivals.append(Arrival(client.organisation_id, "acct_1", envelope.read(raw), raw, at))
    async with client.house.database.tenant(client.organisation_id) as tx:
        await store.insert(tx, client.organisation_id, arrivals)
        await store.settle(tx, client.organisation_id, [("evt_1", Outcome.WRITTEN)], at)
    entries = (await client.call(*CALL, client.organisation_id, q='(= source "TILLWRIGHT")')).total_count
    assert entries > 0
    page = await client.call(*CALL, client.organisation_id, page_size=4)
    assert page.total_count == entries + 3
    assert [one.id for one in page.data[:3]] == ["evt_2", "evt_1", "evt_0"]
    assert page.data[3].other_type_event["source"] == "TILLWRIGHT"
    assert [one.status for one in page.data] == ["PENDING", "DONE", "PENDING", "DONE"]
    told = page.data[0].other_type_event
    assert (told["action"], told["subjectId"], told["livemode"]) == ("invoice.paid", "in_2", False)
    assert told["stripeEvent"]["data"]["object"]["id"] == "in_2"
    found = await client.call(
        *CALL,
        client.organisation_id,
        q='(and (= source "STRIPE") (ilike event_type "invoice"))',
        s="id:asc",
        page_size=2,
    )
    assert ([one.id for one in found.data], found.total_count) == (["evt_0", "evt_1"], 3)


async def test_a_wrong_filter_is_a_400_and_a_role_too_low_a_403(client: Published, open_published: Opened) -> None:
    with pytest.raises(BadRequestException):
        await client.call(*CALL, client.organisation_id, q="(= nothing")
    viewer = await open_published("Southwind", "VIEWER")
    with pytest.raises(ForbiddenException):
        await viewer.call(*CALL, viewer.organisation_id)
