"""How a run ends, whoever ends it."""

from __future__ import annotations

from datetime import datetime

from tillwright.domains import events
from tillwright.domains.automation import approval_store, park_store, run_store
from tillwright.domains.automation.model import Run, RunState
from tillwright.gateways.database import Tx


async def close_run(
    tx: Tx, organisation_id: str, run_id: str, state: RunState, reason: str | None, now: datetime
) -> Run | None:
    """End a run, tell the spine, wake the run that called it; None if it had ended before."""
    run = await run_store.finish(tx, organisation_id, run_id, state, reason, now)
    if run is None:
        return None
    await approval_store.withdraw(tx, organisation_id, run_id)
    data = {
        "run": run_id, "workflow": run.workflow_name, "workflowId": run.workflow_id, "reason": reason,
        "livemode": run.livemode, "depth": run.trigger.depth,
    }  # fmt: skip
    await events.record(tx, organisation_id, f"workflow:RUN:{state.lower()}", data, now)
    if run.parent:
        await park_store.nudge(tx, organisation_id, [run.parent], now)
    return run
