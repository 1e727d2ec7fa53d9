"""Back-tests: a text against what happened, or with what would be given, and exactly what it would send; nothing is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from tillwright.domains.automation import definition
from tillwright.domains.automation.backtest import Report, only_given
from tillwright.domains.automation.definition import Definition
from tillwright.domains.automation.given import KINDS as GIVEN
from tillwright.domains.automation.past import Happened
from tillwright.doors.console import given_form
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
    return await _shown(visit, visit.text("source").replace("\r\n", "\n"), back=_back(visit.text("back")))


async def _shown(visit: Visit, source: str, *, back: str) -> Response:
    days = int(visit.text("days")) if visit.text("days").isdigit() else USUAL_DAYS
    report, error, found = None, None, None
    newest: Sequence[Happened] = []
    try:
        found = definition.parse(source)
        newest = await visit.house.automation.backtest.newest(visit.principal, source, livemode=_live(visit))
        report = await _tried(visit, source, found, days)
    except (Invalid, Absent) as problem:
        error = problem
    given = given_form.first(found.rules, GIVEN) if found else None
    return visit.html(
        "pages/backtest.html",
        status=STATUS[error.family] if error else 200,
        section="workflows",
        report=report,
        error=error,
        days=days,
        event=visit.text("event").strip(),
        newest=newest,
        given=given,
        written=_written(visit),
        looks_back=found is None or not only_given(found),
        source=source,
        back=back,
        shown=SHOWN,
    )


async def _tried(visit: Visit, source: str, found: Definition, days: int) -> Report | None:
    """By the button that was pressed; None where there is nothing to look back at and nothing is given yet."""
    backtest, event = visit.house.automation.backtest, visit.text("event").strip()
    if visit.text("how") == "given" and (rule := given_form.first(found.rules, GIVEN)):
        return await backtest.with_given(
            visit.principal,
            source,
            given_form.read(visit, rule),
            kind=rule.kind,
            object_id=visit.text("object").strip() or None,
            livemode=_live(visit),
        )
    if event and visit.text("how") != "days":
        return await backtest.with_event(visit.principal, source, event)
    if only_given(found):
        return None
    return await backtest.run(visit.principal, source, days=days, livemode=_live(visit))


def _written(visit: Visit) -> dict[str, Any]:
    """What the form of a given start was filled with, to be shown again."""
    names = [name for name in visit.form if name.startswith("input-") or name in ("object", "body")]
    return {name: visit.text(name) for name in names}


def _back(path: str) -> str:
    """Only to a page of a workflow."""
    return path if path.startswith("/workflows/") else ""


def _live(visit: Visit) -> bool:
    return visit.shell.mode == "live"


PAGES = (
    ("POST", "/workflows/backtest", of_draft),
    ("POST", "/workflows/{id}/backtest", of_workflow),
)
