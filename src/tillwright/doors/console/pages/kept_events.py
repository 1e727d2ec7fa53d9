"""What came while a workflow was paused, replayed or let go; and the address at which it is called from outside."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.doors.console.pages import workflows
from tillwright.doors.console.visit import Visit


async def replay(visit: Visit) -> Response:
    """Start the run of every kept event, once."""
    asked = visit.request.path_params["id"]
    await visit.house.automation.kept.replay(visit.principal, asked)
    return visit.go(f"/workflows/{asked}", done="events-replayed")


async def discard(visit: Visit) -> Response:
    """Let them go."""
    asked = visit.request.path_params["id"]
    await visit.house.automation.kept.discard(visit.principal, asked)
    return visit.go(f"/workflows/{asked}", done="events-discarded")


async def webhook(visit: Visit) -> Response:
    """Open the address or make another secret; it is on the answering page and nowhere else, ever."""
    _, secret = await visit.house.automation.hooks.open(visit.principal, visit.request.path_params["id"])
    return await workflows.shown(visit, secret=secret.reveal())


PAGES = (
    ("POST", "/workflows/{id}/replay", replay),
    ("POST", "/workflows/{id}/discard", discard),
    ("POST", "/workflows/{id}/webhook", webhook),
)
