"""Is the mirror right, over HTTP: the same answer as the console's and the command line's."""

from __future__ import annotations

from datetime import timedelta

from tests.contracts.published import published_clients
from tests.sandbox.conftest import Sandbox
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret
from tillwright.wiring import House


async def test_the_answer_is_right_only_once_everything_is_proven(
    house: House, stripe_sandbox: Sandbox, clock: ManualClock
) -> None:
    async with published_clients(house) as opened:
        client = await opened(role="VIEWER")
        headers, path = {"Authorization": f"Key {client.key}"}, f"/org/{client.organisation_id}/mirror"
        absent = await client.http.get(path, headers=headers)
        assert (absent.status_code, absent.json()["code"]) == (404, "integration_absent")
        stripe_sandbox.client.v1.customers.create({"name": "Ada"})
        await house.integrations.connect(
            client.principal,
            publishable_key=stripe_sandbox.publishable_key,
            secret_key=Secret(stripe_sandbox.restricted_key),
        )
        async with house.database.tenant(client.organisation_id) as tx:
            await house.mirror.start_backfill(tx, client.organisation_id, livemode=False)
        while await house.mirror.backfill_step():
            pass
        found = (await client.http.get(path, headers=headers)).json()
        assert (found["standing"], found["code"], found["provenListCount"]) == ("NOT_KNOWN", "not_proven", 0)
        clock.move(3600)
        while await house.mirror.proving.turn(client.organisation_id, pace=timedelta()):
            pass
        found = (await client.http.get(path, headers=headers)).json()
        assert found["standing"] == "RIGHT", found
        assert found["provenListCount"] == found["readableListCount"]
        customers = next(row for row in found["types"] if row["objectType"] == "customer")
        assert (customers["count"], customers["checkedCount"], customers["coverage"]) == (1, 1, "COMPLETE")
        reviews = next(row for row in found["types"] if row["objectType"] == "review")
        assert (reviews["coverage"], reviews["leavesOut"][:4]) == ("IN_PART", "open")
