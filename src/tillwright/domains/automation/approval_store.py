"""The only SQL on approvals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from tillwright.domains.automation.model import Approval, ApprovalState
from tillwright.gateways.database import Tx

_FIELDS = [field.name for field in fields(Approval)]


def approval_of(row: Mapping[str, Any]) -> Approval:
    values = {name: row[name] for name in _FIELDS}
    values["state"] = ApprovalState(row["state"])
    return Approval(**values)


async def add(tx: Tx, approval: Approval) -> bool:
    """Insert it; False if exactly this was asked before."""
    added = await tx.execute(
        "insert into approvals (organisation_id, id, run_id, workflow_id, workflow_name, step, attempt, payload_hash, "
        "request, question, amount, currency, role, livemode, state, due, created) values (%(organisation_id)s, "
        "%(id)s, %(run_id)s, %(workflow_id)s, %(workflow_name)s, %(step)s, %(attempt)s, %(payload_hash)s, "
        "%(request)s, %(question)s, %(amount)s, %(currency)s, %(role)s, %(livemode)s, %(state)s, %(due)s, %(created)s) "
        "on conflict (id) do nothing",
        vars(approval) | {"request": Jsonb(dict(approval.request))},
    )
    return added.rowcount == 1


async def lock(tx: Tx, organisation_id: str, approval_id: str) -> Approval | None:
    row = await (
        await tx.execute(
            "select * from approvals where organisation_id = %s and id = %s for update", (organisation_id, approval_id)
        )
    ).fetchone()
    return approval_of(row) if row else None


async def supersede(tx: Tx, organisation_id: str, run_id: str, step: str, attempt: int, *, but: str) -> None:
    """Withdraw what was asked about a step before, whatever the answer was."""
    await tx.execute(
        "update approvals set state = 'SUPERSEDED' where organisation_id = %s and run_id = %s and step = %s "
        "and attempt = %s and id <> %s and state in ('PENDING', 'APPROVED')",
        (organisation_id, run_id, step, attempt, but),
    )


async def decide(
    tx: Tx, organisation_id: str, approval_id: str, state: ApprovalState, by: str, note: str | None, at: datetime
) -> None:
    await tx.execute(
        "update approvals set state = %s, decided_by = %s, note = %s, decided = %s "
        "where organisation_id = %s and id = %s and state = 'PENDING'",
        (state, by, note, at, organisation_id, approval_id),
    )


async def withdraw(tx: Tx, organisation_id: str, run_id: str) -> None:
    """Ask no more for a run that is over."""
    await tx.execute(
        "update approvals set state = 'SUPERSEDED' where organisation_id = %s and run_id = %s and state = 'PENDING'",
        (organisation_id, run_id),
    )


async def waiting(tx: Tx, organisation_id: str, roles: Sequence[str], now: datetime, limit: int) -> int:
    """How many ask for one of these roles and can still be answered, counted no further than the limit."""
    row = await (
        await tx.execute(
            "select count(*) as found from (select 1 from approvals where organisation_id = %s and state = 'PENDING' "
            "and role = any(%s) and due > %s limit %s) as pending",
            (organisation_id, list(roles), now, limit),
        )
    ).fetchone()
    return row["found"] if row else 0


async def page(
    tx: Tx,
    organisation_id: str,
    *,
    state: ApprovalState | None,
    run_id: str | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Approval]:
    """Newest first."""
    where: list[LiteralString] = ["organisation_id = %s"]
    values: list[Any] = [organisation_id]
    if state is not None:
        where.append("state = %s")
        values.append(state)
    if run_id is not None:
        where.append("run_id = %s")
        values.append(run_id)
    if before:
        where.append("(created, id) < (%s, %s)")
        values.extend(before)
    rows = await (
        await tx.execute(
            f"select * from approvals where {' and '.join(where)} order by created desc, id desc limit %s",  # noqa: S608 - constants
            (*values, limit),
        )
    ).fetchall()
    return [approval_of(row) for row in rows]
