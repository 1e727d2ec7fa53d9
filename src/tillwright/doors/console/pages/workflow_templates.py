"""The workflows that come with the package: each drawn, read before it is taken, and started by one click."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.domains.automation import examples
from tillwright.doors.console.visit import Visit
from tillwright.kit.errors import Conflict


async def gallery(visit: Visit) -> Response:
    """All of them."""
    automation = visit.house.automation
    there = {workflow.name: workflow for workflow in await automation.list(visit.principal)}
    drawn = [(name, automation.draw(examples.text_of(name))) for name in examples.names()]
    return visit.html("pages/workflow_templates.html", section="workflows", templates=drawn, there=there)


async def show(visit: Visit) -> Response:
    """One of them: its graph, and its text."""
    automation, name = visit.house.automation, visit.request.path_params["name"]
    source = examples.text_of(name)
    return visit.html(
        "pages/workflow_template.html",
        section="workflows",
        name=name,
        source=source,
        drawing=automation.draw(source),
        editing=False,
        there={workflow.name: workflow for workflow in await automation.list(visit.principal)},
    )


async def add(visit: Visit) -> Response:
    """Save it, paused, for a person to read first; or switched on at once."""
    automation = visit.house.automation
    workflow = await automation.save_example(visit.principal, visit.request.path_params["name"])
    if visit.text("start") != "true":
        return visit.go(f"/workflows/{workflow.id}")
    try:
        await automation.activate(visit.principal, workflow.id)
    except Conflict:
        # Live mode wants it tried first; its own page says so when it is switched on there.
        return visit.go(f"/workflows/{workflow.id}")
    return visit.go(f"/workflows/{workflow.id}", done="activated")


PAGES = (
    ("GET", "/workflows/templates", gallery),
    ("GET", "/workflows/templates/{name}", show),
    ("POST", "/workflows/templates/{name}", add),
)
