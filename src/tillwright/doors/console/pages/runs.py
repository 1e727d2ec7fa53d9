"""Runs: the list, and one run as a timeline of what was asked, answered and done."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from starlette.responses import Response

from tillwright.domains.automation import Run, RunState
from tillwright.domains.automation.model import CAN_GO_ON, ApprovalState
from tillwright.doors.console import mirrored
from tillwright.doors.console.visit import Visit
from tillwright.kit.errors import Invalid


async def index(visit: Visit) -> Response:
    """The list, narrowed by workflow, state, days, what a run is about, and words."""
    automation, wanted = visit.house.automation, visit.query("state").upper()
    if wanted and wanted not in RunState.__members__:
        raise Invalid("state_unknown", f"No run has the state {wanted!r}.", field="state", remedy="Show all runs.")
    first_day, last_day = _day(visit.query("from"), "from"), _day(visit.query("to"), "to")
    chosen = {name: visit.query(name).strip() for name in ("workflow", "state", "from", "to", "about", "q")}
    page = await automation.runs(
        visit.principal,
        workflow_id=chosen["workflow"] or None,
        state=RunState(wanted) if wanted else None,
        since=first_day,
        until=last_day + timedelta(days=1) if last_day else None,
        about=chosen["about"],
        text=chosen["q"],
        cursor=visit.query("cursor") or None,
        limit=mirrored.PAGE,
    )
    return visit.html(
        "pages/runs.html",
        section="runs",
        page=page,
        workflows=await automation.list(visit.principal),
        chosen=chosen,
        state_wanted=wanted,
        states=[state.value for state in RunState],
        address="/runs?" + urlencode({name: value for name, value in chosen.items() if value}),
        narrowed=any(chosen.values()),
        first=not visit.query("cursor"),
    )


def _day(text: str, field: str) -> datetime | None:
    """The beginning of a day in UTC."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC) if text else None
    except ValueError as error:
        raise Invalid("date_invalid", f"{text!r} is no day.", field=field, remedy="Write 2027-01-31.") from error


async def show(visit: Visit) -> Response:
    """One run; while it goes on, the page asks for the timeline again."""
    run_id = visit.request.path_params["id"]
    timeline = await visit.house.automation.timeline(visit.principal, run_id)
    effects = await visit.house.effects.of_run(visit.organisation_id, run_id)
    return visit.html(
        "parts/timeline.html" if visit.partial else "pages/run.html",
        section="runs",
        run=timeline.run,
        steps=timeline.steps,
        effects={effect.id: effect for effect in effects},
        going=timeline.run.state in (RunState.QUEUED, RunState.RUNNING),
        asked=await _asked(visit, timeline.run),
        can_go_on=timeline.run.state in CAN_GO_ON,
    )


async def _asked(visit: Visit, run: Run) -> dict[str, str]:
    """The approval that each waiting step asks for, by the step."""
    if run.waits_for != "approval":
        return {}
    pending = ApprovalState.PENDING
    page = await visit.house.automation.approvals.list(visit.principal, state=pending, run_id=run.id)
    return {one.step: one.id for one in page.items}


async def cancel(visit: Visit) -> Response:
    """Take no further step."""
    run = await visit.house.automation.steering.cancel(visit.principal, visit.request.path_params["id"])
    return visit.go(f"/runs/{run.id}", done="run-cancelled")


async def go_on(visit: Visit) -> Response:
    """Take a run that ended badly up again, where it ended or at an earlier step."""
    run = await visit.house.automation.steering.retry(
        visit.principal, visit.request.path_params["id"], from_step=visit.text("step") or None
    )
    return visit.go(f"/runs/{run.id}", done="run-again")


async def declare(visit: Visit) -> Response:
    """Take a person's word on a step whose outcome is unknown."""
    run = await visit.house.automation.doubts.declare(
        visit.principal,
        visit.request.path_params["id"],
        visit.text("step"),
        done=visit.text("done") == "true",
        object_id=visit.text("object").strip() or None,
        note=visit.text("note").strip()[:1000] or None,
    )
    return visit.go(f"/runs/{run.id}", done="step-declared")


PAGES = (
    ("GET", "/runs", index),
    ("GET", "/runs/{id}", show),
    ("POST", "/runs/{id}/cancel", cancel),
    ("POST", "/runs/{id}/retry", go_on),
    ("POST", "/runs/{id}/declare", declare),
)
