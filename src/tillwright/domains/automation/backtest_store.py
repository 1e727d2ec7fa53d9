"""The only SQL on back-tests: which text was tried, when, in which mode."""

from __future__ import annotations

from datetime import datetime

from tillwright.gateways.database import Tx


async def add(
    tx: Tx, organisation_id: str, report_id: str, workflow: str, digest: str, livemode: bool, at: datetime, by: str
) -> None:
    await tx.execute(
        "insert into backtests (organisation_id, id, workflow, source_digest, livemode, created, created_by) "
        "values (%s, %s, %s, %s, %s, %s, %s)",
        (organisation_id, report_id, workflow, digest, livemode, at, by),
    )


async def was_tried(tx: Tx, organisation_id: str, digest: str) -> bool:
    """Whether exactly this text was tried, against live events or test ones."""
    row = await (
        await tx.execute(
            "select 1 from backtests where organisation_id = %s and source_digest = %s limit 1",
            (organisation_id, digest),
        )
    ).fetchone()
    return row is not None
