"""The organisation's name and time zone, and the receipts of what it deleted."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.domains.tenancy.names import zones
from tillwright.doors.console.shell import shell_of
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Absent, Invalid, TillwrightError

PATH = "/settings/organisation"


async def index(visit: Visit) -> Response:
    """The form, filled in."""
    return await _shown(visit)


async def change(visit: Visit) -> Response:
    """Save both; what is wrong is said beside the form."""
    name, zone = visit.text("name"), visit.text("timeZone")
    try:
        await visit.house.tenancy.change_organisation(visit.principal, name=name, time_zone=zone)
    except Invalid as error:
        return await _shown(visit, error=error, name=name, zone=zone)
    return visit.go(PATH, done="organisation-changed")


async def receipt(visit: Visit) -> Response:
    """What was done when an integration was deleted."""
    wanted = visit.request.path_params["id"]
    found = next((r for r in await visit.house.removal.receipts(visit.principal, 1000) if r.id == wanted), None)
    if found is None:
        raise Absent("receipt_absent", "There is no such receipt.", remedy="See the list under Organisation.")
    return visit.html("pages/receipt.html", section="organisation", receipt=found)


async def _shown(
    visit: Visit, *, error: TillwrightError | None = None, name: str | None = None, zone: str | None = None
) -> Response:
    organisation = await visit.house.tenancy.organisation(visit.principal)
    visit.shell = await shell_of(visit.house, visit.session)
    return visit.html(
        "pages/organisation.html",
        status=STATUS[error.family] if error else 200,
        section="organisation",
        organisation=organisation,
        name=organisation.name if name is None else name,
        zone=organisation.time_zone if zone is None else zone,
        zones=sorted(zones()),
        receipts=await visit.house.removal.receipts(visit.principal),
        error=error,
    )


PAGES = (("GET", PATH, index), ("POST", PATH, change), ("GET", "/settings/receipts/{id}", receipt))
