"""The published client, unchanged: runs of workflows as operations."""

from __future__ import annotations

import pytest
import suger_sdk_python as published
from suger_sdk_python.exceptions import ApiException, NotFoundException

from tests.contracts.published import Opened, Published

SOURCE = "name: by_hand\ntrigger: {manual: {}}\nsteps: [{id: s, stop: Enough.}]\n"


async def test_runs_are_listed_and_shown_as_operations(client: Published, open_published: Opened) -> None:
    await client.house.automation.save(client.principal, SOURCE, activate=True)
    runs = [await client.house.automation.steering.start(client.principal, "by_hand") for _ in range(3)]
    ask = published.ListOperationsV2Request(limit=2)
    first = await client.call("OperationApi", "list_operations_v2", client.organisation_id, ask)
    assert len(first.operations) == 2
    ask = published.ListOperationsV2Request(limit=2, offsetToken=first.offset_token)
    rest = await client.call("OperationApi", "list_operations_v2", client.organisation_id, ask)
    assert {one.id for one in (*first.operations, *rest.operations)} == {run.id for run in runs}
    assert rest.offset_token == ""
    shown = await client.call("OperationApi", "get_operation_v2", client.organisation_id, runs[0].id)
    assert (shown.name, shown.status, shown.type) == ("by_hand", "Running", "TemporalWorkflow")
    await client.house.automation.steering.cancel(client.principal, runs[0].id)
    shown = await client.call("OperationApi", "get_operation_v2", client.organisation_id, runs[0].id)
    assert (shown.status, shown.end_time is not None) == ("Canceled", True)
    history = await client.call("OperationApi", "list_operation_history_v2", client.organisation_id, runs[0].id)
    assert history.operation_history_event == []
    other = await open_published("Other")
    with pytest.raises(NotFoundException):
        await other.call("OperationApi", "get_operation_v2", other.organisation_id, runs[0].id)
    with pytest.raises(ApiException):
        bad = published.ListOperationsV2Request(limit=0)
        await client.call("OperationApi", "list_operations_v2", client.organisation_id, bad)
