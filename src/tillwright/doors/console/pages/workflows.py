"""Workflows: what starts them, what they do, and whether they are on."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.doors.console.visit import Visit


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
    automation, asked = visit.house.automation, visit.request.path_params["id"]
    workflow = await automation.get(visit.principal, asked)
    versions = await automation.versions(visit.principal, workflow.id)
    current = next((version for version in versions if version.number == workflow.version), None)
    return visit.html(
        "pages/workflow.html",
        section="workflows",
        workflow=workflow,
        version=current,
        versions=versions,
        drawing=automation.draw(current.source if current else ""),
        runs=await automation.runs(visit.principal, workflow_id=workflow.id, limit=8),
    )


async def activate(visit: Visit) -> Response:
    """Let events start runs, of the version that is asked for."""
    number = visit.text("version")
    workflow = await visit.house.automation.activate(
        visit.principal, visit.request.path_params["id"], version=int(number) if number.isdigit() else None
    )
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
    ("POST", "/workflows/{id}/activate", activate),
    ("POST", "/workflows/{id}/pause", pause),
)
