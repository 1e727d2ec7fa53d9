"""The audit trail: searched, and proven on request."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.doors.console.visit import Visit

PATH = "/settings/audit"
PAGE = 50


async def index(visit: Visit) -> Response:
    """Entries, newest first."""
    return await _shown(visit)


async def verify(visit: Visit) -> Response:
    """The same with the outcome of a check of the whole chain above it."""
    return await _shown(visit, check=True)


async def _shown(visit: Visit, *, check: bool = False) -> Response:
    search, before = visit.query("q"), visit.query("before")
    last = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
    found = await visit.house.trail.page(visit.principal, search=search, before=last, limit=PAGE + 1)
    return visit.html(
        "pages/audit.html",
        section="audit",
        entries=found[:PAGE],
        more=found[PAGE - 1].number if len(found) > PAGE else None,
        first=last is None,
        query=search,
        proof=await visit.house.trail.verify(visit.principal) if check else None,
    )


PAGES = (("GET", PATH, index), ("GET", PATH + "/verify", verify))
