"""The published client reads the audit trail."""

from __future__ import annotations

import pytest
from suger_sdk_python.exceptions import BadRequestException, ForbiddenException

from tests.contracts.published import Opened, Published

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


async def test_a_wrong_filter_is_a_400_and_a_role_too_low_a_403(client: Published, open_published: Opened) -> None:
    with pytest.raises(BadRequestException):
        await client.call(*CALL, client.organisation_id, q="(= nothing")
    viewer = await open_published("Southwind", "VIEWER")
    with pytest.raises(ForbiddenException):
        await viewer.call(*CALL, viewer.organisation_id)
