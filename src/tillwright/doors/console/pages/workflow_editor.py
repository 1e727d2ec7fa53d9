"""Writing a workflow: the text on one side, its graph and every complaint on the other; versions."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from tillwright.domains.automation import WorkflowVersion, rules
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Invalid

BLANK = """name: my_workflow
description: What it is for.
trigger:
  stripe_event: invoice.payment_failed
steps:
  - id: mail
    action: send_mail
    with:
      to: ${object.customer_email}
      subject: Your payment did not go through
      text: Please look at your card.
"""
SHOWN = 40
"""Actions of one search."""


async def new(visit: Visit) -> Response:
    """The editor with a beginning."""
    return _editor(visit, BLANK)


async def edit(visit: Visit) -> Response:
    """The editor with a workflow's text."""
    automation = visit.house.automation
    workflow = await automation.get(visit.principal, visit.request.path_params["id"])
    versions = await automation.versions(visit.principal, workflow.id)
    current = next(version for version in versions if version.number == workflow.version)
    return _editor(visit, current.source, workflow_id=workflow.id)


async def preview(visit: Visit) -> Response:
    """The graph and the complaints of a text that is being written; saves nothing."""
    return visit.html("parts/drawing.html", drawing=visit.house.automation.draw(_source(visit)), editing=True)


async def save(visit: Visit) -> Response:
    """Save the text as the next version, or show what is wrong with it."""
    source = _source(visit)
    try:
        workflow = await visit.house.automation.save(visit.principal, source)
    except Invalid as error:
        return _editor(visit, source, workflow_id=visit.text("workflow"), status=STATUS[error.family])
    return visit.go(f"/workflows/{workflow.id}", done="workflow-saved")


async def actions(visit: Visit) -> Response:
    """The actions a search finds, each with its inputs."""
    words = visit.query("q").lower().split()
    found = [
        action
        for action in visit.house.automation.actions()
        if all(word in f"{action['name']} {action['summary']} {action['area']}".lower() for word in words)
    ]
    # What people do most before the six hundred operations.
    found.sort(key=lambda action: (action["name"].startswith("stripe."), action["area"], action["name"]))
    return visit.html("parts/actions.html", actions=found[:SHOWN], found=len(found), q=visit.query("q"))


async def versions(visit: Visit) -> Response:
    """Every version with what it changed."""
    automation = visit.house.automation
    workflow = await automation.get(visit.principal, visit.request.path_params["id"])
    found = await automation.versions(visit.principal, workflow.id)
    return visit.html(
        "pages/workflow_versions.html", section="workflows", workflow=workflow, versions=_with_changes(found)
    )


def _with_changes(versions: Sequence[WorkflowVersion]) -> list[tuple[WorkflowVersion, list[tuple[str, str]]]]:
    """Each version with the lines by which it differs from the one before: (sign, text)."""
    shown: list[tuple[WorkflowVersion, list[tuple[str, str]]]] = []
    for place, version in enumerate(versions):
        before = versions[place + 1].source if place + 1 < len(versions) else ""
        lines = difflib.unified_diff(before.splitlines(), version.source.splitlines(), lineterm="", n=2)
        shown.append((version, [(line[0], line[1:]) for line in list(lines)[2:]]))
    return shown


def _source(visit: Visit) -> str:
    """A browser sends line ends as two characters."""
    return visit.text("source").replace("\r\n", "\n")


def _editor(visit: Visit, source: str, *, workflow_id: str = "", status: int = 200) -> Response:
    visit.principal.require("workflow:write")
    found: Any = visit.house.automation.actions()
    first = [action for action in found if not action["name"].startswith("stripe.")]
    first.sort(key=lambda action: (action["area"], action["name"]))
    return visit.html(
        "pages/workflow_editor.html",
        status=status,
        section="workflows",
        source=source,
        workflow_id=workflow_id,
        drawing=visit.house.automation.draw(source),
        editing=True,
        actions=first[:SHOWN],
        found=len(found),
        triggers=rules.HELP,
        q="",
    )


PAGES = (
    ("GET", "/workflows/new", new),
    ("GET", "/workflows/actions", actions),
    ("POST", "/workflows/preview", preview),
    ("POST", "/workflows/save", save),
    ("GET", "/workflows/{id}/edit", edit),
    ("GET", "/workflows/{id}/versions", versions),
)
