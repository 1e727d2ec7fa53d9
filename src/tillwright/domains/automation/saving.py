"""What saving and switching a workflow comes to: its number, its state, and what matcher and ticker then see."""

from __future__ import annotations

from datetime import datetime

from tillwright.domains.automation import cron, park_store, schedule_store, store
from tillwright.domains.automation.definition import Definition
from tillwright.domains.automation.model import Workflow, WorkflowState, WorkflowVersion
from tillwright.domains.automation.schedule_store import Schedule
from tillwright.gateways.database import Tx
from tillwright.kit.errors import Absent


def state_of(activate: bool | None, before: Workflow | None) -> WorkflowState:
    """The state after a save that asks for this; a new workflow begins paused."""
    if activate is None:
        return before.state if before else WorkflowState.PAUSED
    return WorkflowState.ACTIVE if activate else WorkflowState.PAUSED


async def next_number(tx: Tx, before: Workflow | None, source: str) -> int:
    """The number a text is saved under; the one in force if it is that text."""
    if before is None:
        return 1
    if await is_in_force(tx, before, source):
        return before.version
    newest, *_ = await store.versions(tx, before.organisation_id, before.id)
    return newest.number + 1


async def is_in_force(tx: Tx, before: Workflow, source: str) -> bool:
    """Whether new runs get exactly this text."""
    version = await store.version(tx, before.organisation_id, before.id, before.version)
    return version is not None and version.source == source


async def version_of(tx: Tx, organisation_id: str, workflow_id: str, number: int) -> WorkflowVersion:
    """One version of a workflow.

    Raises:
        Absent: it has none of this number.
    """
    version = await store.version(tx, organisation_id, workflow_id, number)
    if version is None:
        raise Absent("version_absent", f"There is no version {number} of this workflow.")
    return version


async def put_in_force(tx: Tx, workflow: Workflow, found: Definition, now: datetime) -> None:
    """Let the matcher and the ticker see what holds from now on."""
    await store.touch(tx, workflow.organisation_id)
    if workflow.state is WorkflowState.ACTIVE:
        await park_store.nudge_paused(tx, workflow.organisation_id, workflow.id, now)
    rules = [rule for rule in found.rules if rule.kind == "schedule" and workflow.state is WorkflowState.ACTIVE]
    schedules = [
        Schedule(number, rule.cron, rule.time_zone, cron.next_after(rule.cron, rule.time_zone, now))
        for number, rule in enumerate(rules, 1)
    ]
    await schedule_store.replace(tx, workflow.organisation_id, workflow.id, schedules)
