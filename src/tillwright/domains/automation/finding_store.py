"""The SQL of automation's `/query` lists, and the columns that people may ask by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

from tillwright.domains.automation.approval_store import approval_of
from tillwright.domains.automation.model import Approval, Run, Workflow
from tillwright.domains.automation.run_store import run_of
from tillwright.domains.automation.store import workflow_of
from tillwright.gateways.database import Tx
from tillwright.kit.query import Column, Where

WORKFLOWS: Mapping[str, Column] = {
    **{name: Column(name) for name in ("id", "name", "description", "trigger")},
    "status": Column("state"),
    "version": Column("version", "number"),
    "last_updated_by": Column("updated_by"),
    "creation_time": Column("created", "time"),
    "last_update_time": Column("updated", "time"),
}
RUNS: Mapping[str, Column] = {
    **{name: Column(name) for name in ("id", "workflow_id", "workflow_name", "reason", "waits_for")},
    "status": Column("state"),
    "version": Column("version", "number"),
    "livemode": Column("livemode", "boolean"),
    "event_id": Column("(trigger->>'stripe_event_id')"),
    "event_type": Column("(trigger->>'stripe_event_type')"),
    "object_id": Column("(trigger->>'object_id')"),
    "parent_run_id": Column("parent"),
    "creation_time": Column("created", "time"),
    "start_time": Column("started", "time"),
    "end_time": Column("finished", "time"),
}
APPROVALS: Mapping[str, Column] = {
    **{name: Column(name) for name in ("id", "run_id", "workflow_id", "workflow_name", "step", "role", "currency")},
    "status": Column("state"),
    "amount": Column("amount", "number"),
    "livemode": Column("livemode", "boolean"),
    "decided_by": Column("decided_by"),
    "expiry_time": Column("due", "time"),
    "creation_time": Column("created", "time"),
    "decision_time": Column("decided", "time"),
}


async def workflows(
    tx: Tx, organisation_id: str, where: Where, order: LiteralString, limit: int, offset: int
) -> tuple[Sequence[Workflow], int]:
    rows, total = await _found(tx, "workflows", organisation_id, where, order, limit, offset)
    return [workflow_of(row) for row in rows], total


async def runs(
    tx: Tx, organisation_id: str, where: Where, order: LiteralString, limit: int, offset: int
) -> tuple[Sequence[Run], int]:
    rows, total = await _found(tx, "workflow_runs", organisation_id, where, order, limit, offset)
    return [run_of(row) for row in rows], total


async def approvals(
    tx: Tx, organisation_id: str, where: Where, order: LiteralString, limit: int, offset: int
) -> tuple[Sequence[Approval], int]:
    rows, total = await _found(tx, "approvals", organisation_id, where, order, limit, offset)
    return [approval_of(row) for row in rows], total


async def _found(
    tx: Tx, table: LiteralString, organisation_id: str, where: Where, order: LiteralString, limit: int, offset: int
) -> tuple[Sequence[Mapping[str, Any]], int]:
    values = (organisation_id, *where.values)
    condition: LiteralString = " from " + table + " where organisation_id = %s and " + where.sql
    row = await (await tx.execute("select count(*) as n" + condition, values)).fetchone()
    wanted: LiteralString = "select *" + condition + " order by " + order + ", id limit %s offset %s"
    rows = await (await tx.execute(wanted, (*values, limit, offset))).fetchall()
    return rows, row["n"] if row else 0
