"""The only SQL of this room: what is under way on one side."""

from __future__ import annotations

from tillwright.gateways.database import Tx


async def runs_under_way(tx: Tx, livemode: bool) -> int:
    """How many runs of a mode have not ended."""
    row = await (
        await tx.execute(
            "select count(*) as n from workflow_runs where livemode = %s and finished is null", (livemode,)
        )
    ).fetchone()
    return row["n"] if row else 0
