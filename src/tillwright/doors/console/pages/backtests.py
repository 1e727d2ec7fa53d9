"""Back-tests: a text against the events of the last days, and exactly what it would have sent; nothing is."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Absent, Invalid

USUAL_DAYS = 30
SHOWN = 50
"""Runs on the page; the totals are over all."""


async def of_workflow(visit: Visit) -> Response:
    """The text in force."""
    automation = visit.house.automation
    workflow = await automation.get(visit.principal, visit.request.path_params["id"])
    versions = await automation.versions(visit.principal, workflow.id)
    source = next(version.source for version in versions if version.number == workflow.version)
    return await _shown(visit, source, back=f"/workflows/{workflow.id}")


async def of_draft(visit: Visit) -> Response:
    """A text that is being written; it is not saved."""
    return await _shown(visit, visit.text("source").replace("\r\n", "\n"), back="")


async def _shown(visit: Visit, source: str, *, back: str) -> Response:
    days = int(visit.text("days")) if visit.text("days").isdigit() else USUAL_DAYS
    report, error, event = None, None, visit.text("event").strip()
    backtest = visit.house.automation.backtest
    try:
        if event:
            report = await backtest.with_event(visit.principal, source, event)
        else:
            report = await backtest.run(visit.principal, source, days=days, livemode=visit.shell.mode == "live")
    except (Invalid, Absent) as found:
        error = found
    return visit.html(
        "pages/backtest.html",
        status=STATUS[error.family] if error else 200,
        section="workflows",
        report=report,
        error=error,
        days=days,
        event=event,
        source=source,
        back=back,
        shown=SHOWN,
    )


PAGES = (
    ("POST", "/workflows/backtest", of_draft),
    ("POST", "/workflows/{id}/backtest", of_workflow),
)
