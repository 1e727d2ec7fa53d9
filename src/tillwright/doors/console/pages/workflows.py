"""Workflows: what starts them, what they do, and whether they are on."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tillwright.domains.automation import WorkflowVersion, rules
from tillwright.domains.automation.rules import Rule
from tillwright.doors.console import given_form
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit import ids
from tillwright.kit.errors import Absent, Conflict

KEPT_SHOWN = 20
"""Events that came while a workflow was paused, on its page."""


async def index(visit: Visit) -> Response:
    """All workflows with how their runs ended, and the switch that stops them all."""
    automation = visit.house.automation
    return visit.html(
        "pages/workflows.html",
        section="workflows",
        workflows=await automation.list(visit.principal),
        counts=await automation.run_counts(visit.principal),
        latest=await automation.latest_runs(visit.principal),
        switch=await automation.stop_switch.state(visit.principal),
    )


async def show(visit: Visit) -> Response:
    """One workflow: its graph, its definition, its latest runs."""
    return await shown(visit)


async def shown(
    visit: Visit, *, secret: str = "", untried: Conflict | None = None, untried_version: int | None = None
) -> Response:
    """The page of the workflow that is asked for.

    Args:
        secret: a webhook's, where it was just made.
        untried: why it may not be activated before a back-test of `untried_version` (of the one in force if None).
    """
    automation, asked = visit.house.automation, visit.request.path_params["id"]
    workflow = await automation.get(visit.principal, asked)
    versions = await automation.versions(visit.principal, workflow.id)
    current = next((version for version in versions if version.number == workflow.version), None)
    return visit.html(
        "pages/workflow.html",
        status=STATUS[untried.family] if untried else 200,
        section="workflows",
        workflow=workflow,
        version=current,
        versions=versions,
        drawing=automation.draw(current.source if current else ""),
        editing=False,
        manual=_manual(current),
        start_key=ids.new("start"),  # a form sent twice starts one run
        runs=await automation.runs(visit.principal, workflow_id=workflow.id, limit=8),
        kept=(await automation.kept.counts(visit.principal)).get(workflow.id, 0),
        kept_events=(await automation.kept.list(visit.principal, workflow.id, limit=KEPT_SHOWN)).items,
        secret=secret,
        untried=untried,
        untried_version=untried_version,
        **await _called(visit, workflow.id, current),
    )


async def _called(visit: Visit, workflow_id: str, version: WorkflowVersion | None) -> dict[str, Any]:
    """Whether the workflow is called from outside, and where."""
    hooks, found = visit.house.automation.hooks, rules.of(version.document) if version else ()
    try:
        hook = await hooks.get(visit.principal, workflow_id)
    except Absent:
        return {"hook": None, "hooked": any(rule.kind == "webhook" for rule in found)}
    return {"hook": hook, "hook_address": hooks.address(hook), "hooked": True}


def _manual(version: WorkflowVersion | None) -> Rule | None:
    """The form a person starts the workflow by, if it has one."""
    return given_form.first(rules.of(version.document) if version else (), ("manual",))


async def start(visit: Visit) -> Response:
    """Start a run by hand, with what the form gives."""
    automation, asked = visit.house.automation, visit.request.path_params["id"]
    workflow = await automation.get(visit.principal, asked)
    versions = await automation.versions(visit.principal, workflow.id)
    manual = _manual(next((version for version in versions if version.number == workflow.version), None))
    run = await automation.steering.start(
        visit.principal,
        workflow.id,
        given_form.read(visit, manual) if manual else {},
        object_id=visit.text("object").strip() or None,
        key=visit.text("key") or None,
    )
    return visit.go(f"/runs/{run.id}", done="run-started")


async def activate(visit: Visit) -> Response:
    """Let events start runs, of the version that is asked for."""
    number, asked = visit.text("version"), visit.request.path_params["id"]
    version = int(number) if number.isdigit() else None
    try:
        workflow = await visit.house.automation.activate(
            visit.principal, asked, version=version, override=visit.text("override") == "true"
        )
    except Conflict as error:
        if error.code != "backtest_needed":
            raise
        return await shown(visit, untried=error, untried_version=version)
    return visit.go(f"/workflows/{workflow.id}", done="activated")


async def pause(visit: Visit) -> Response:
    """Start no further runs."""
    workflow = await visit.house.automation.pause(visit.principal, visit.request.path_params["id"])
    return visit.go(f"/workflows/{workflow.id}", done="paused")


async def stop_all(visit: Visit) -> Response:
    """Hold every run before its next step."""
    await visit.house.automation.stop_switch.stop(visit.principal)
    return visit.go("/workflows", done="all-stopped")


async def release(visit: Visit) -> Response:
    """Let everything go on."""
    await visit.house.automation.stop_switch.release(visit.principal)
    return visit.go("/workflows", done="all-released")


PAGES = (
    ("GET", "/workflows", index),
    ("POST", "/workflows/stop", stop_all),
    ("POST", "/workflows/release", release),
    ("GET", "/workflows/{id}", show),
    ("POST", "/workflows/{id}/start", start),
    ("POST", "/workflows/{id}/activate", activate),
    ("POST", "/workflows/{id}/pause", pause),
)
