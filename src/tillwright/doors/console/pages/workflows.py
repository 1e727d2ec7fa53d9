"""Workflows: what starts them, what they do, and whether they are on."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.doors.console.visit import Visit


async def index(visit: Visit) -> Response:
    """All workflows with how their runs ended."""
    automation = visit.house.automation
    return visit.html(
        "pages/workflows.html",
        section="workflows",
        workflows=await automation.list(visit.principal),
        counts=await automation.run_counts(visit.principal),
    )


async def show(visit: Visit) -> Response:
    """One workflow: its steps, its definition, its latest runs."""
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
        runs=await automation.runs(visit.principal, workflow_id=workflow.id, limit=8),
        summaries={action["name"]: action["summary"] for action in automation.actions()},
    )


async def activate(visit: Visit) -> Response:
    """Let events start runs."""
    workflow = await visit.house.automation.activate(visit.principal, visit.request.path_params["id"])
    return visit.go(f"/workflows/{workflow.id}", done="activated")


async def pause(visit: Visit) -> Response:
    """Start no further runs."""
    workflow = await visit.house.automation.pause(visit.principal, visit.request.path_params["id"])
    return visit.go(f"/workflows/{workflow.id}", done="paused")


async def add_example(visit: Visit) -> Response:
    """Save the example that comes with the package, paused, for a person to read first."""
    workflow = await visit.house.automation.save_example(visit.principal, "win_back_failed_payment")
    return visit.go(f"/workflows/{workflow.id}")


PAGES = (
    ("GET", "/workflows", index),
    ("POST", "/workflows/example", add_example),
    ("GET", "/workflows/{id}", show),
    ("POST", "/workflows/{id}/activate", activate),
    ("POST", "/workflows/{id}/pause", pause),
)
