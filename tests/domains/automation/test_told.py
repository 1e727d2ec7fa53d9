"""What becomes of workflows and their runs is told under the published scopes."""

from __future__ import annotations

from tests.domains.automation.stage import Stage
from tests.domains.automation.test_safety import CREDIT, HEAD, begin
from tillwright.domains import events
from tillwright.domains.automation import RunState
from tillwright.domains.notifications.configuration.model import Change
from tillwright.domains.notifications.notices.service import CONSUMER


async def test_a_workflow_made_changed_failed_and_deleted_is_told_by_its_scope(stage: Stage) -> None:
    principal = stage.principal
    bad = HEAD + CREDIT.replace("'${object.customer}'", "cus_none")
    workflow = await stage.automation.save(principal, HEAD + CREDIT, activate=True)
    await stage.automation.save(principal, bad)
    (run_id,) = await begin(stage, 1)
    assert await stage.segment(run_id) == RunState.FAILED
    await stage.automation.delete(principal, workflow.id)
    house = stage.house
    await house.notices.configurations.change(
        principal, Change(scopes={f"{did}.WORKFLOW": {"enabled": True} for did in ("CREATE", "UPDATE", "DELETE")})
    )
    while await events.hand_on(house.database, principal.organisation_id, CONSUMER, house.notices.notices.react):
        pass
    told = (await house.notices.board.list(principal, priorities=["LOW", "MEDIUM", "HIGH", "CRITICAL"]))[0]
    assert sorted(one.scope for one in told if "WORKFLOW" in one.scope) == [
        "CREATE.WORKFLOW", "DELETE.WORKFLOW", "FAIL.WORKFLOW_EXECUTION", "UPDATE.WORKFLOW",
    ]  # fmt: skip
