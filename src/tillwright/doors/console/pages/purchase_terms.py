"""What purchases grant: a term for a product or a price, and one for every other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from tillwright.doors.console import mirrored
from tillwright.doors.console.pages.connecting import problems_of
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Conflict, Invalid, Problem, TillwrightError

HOME = "/entitlements/purchases"
_OFFERED = 200
"""Products that the field suggests; any other can be typed by its id."""
_UNITS = {"D": "days", "W": "weeks", "M": "months", "Y": "years"}
_START: Mapping[str, str] = {
    "objectId": "", "other": "", "amount": "1", "unit": "Y", "grants": "term", "applies": "all", "date": "",
}  # fmt: skip


async def index(visit: Visit) -> Response:
    """The table and an empty form; `of` names a product that the form is about."""
    return await _shown(visit, {**_START, "objectId": visit.query("of")})


async def put(visit: Visit) -> Response:
    """Set one."""
    typed = {name: visit.text(name).strip() for name in _START}
    try:
        await visit.house.entitlements.purchase_terms.put(visit.principal, **_given(visit, typed))
    except (Invalid, Conflict) as error:
        return await _shown(visit, typed, error)
    return visit.go(HOME, done="purchase-term-set")


def _given(visit: Visit, typed: Mapping[str, str]) -> dict[str, str | None]:
    """Raises Invalid with what the form alone can get wrong."""
    wrong: list[Problem] = []
    if not typed["other"] and not typed["objectId"]:
        wrong.append(Problem("object_missing", "Say which product it is about.", "objectId", "Or tick the box."))
    nothing, amount = typed["grants"] == "nothing", typed["amount"]
    if not nothing and not (amount.isascii() and amount.isdigit() and int(amount)):
        wrong.append(Problem("term_malformed", "Say how long, as a whole number.", "term"))
    if typed["applies"] == "date" and not typed["date"]:
        wrong.append(Problem("time_malformed", "Say from which date.", "appliesFrom"))
    if wrong:
        raise Invalid.many(wrong)
    return {
        "object_id": None if typed["other"] else typed["objectId"],
        "term": None if nothing else f"P{amount}{typed['unit']}",
        "since": {"now": visit.house.clock.now().isoformat(), "date": typed["date"]}.get(typed["applies"]),
    }


async def remove(visit: Visit) -> Response:
    """Take one away."""
    await visit.house.entitlements.purchase_terms.remove(visit.principal, visit.request.path_params["id"])
    return visit.go(HOME, done="purchase-term-removed")


async def _shown(visit: Visit, typed: Mapping[str, str], error: TillwrightError | None = None) -> Response:
    visit.principal.require("entitlement:read")
    set_here, at_stripe, reviewing = await visit.house.entitlements.purchase_terms.shown(visit.principal)
    products: list[Any] = []
    if visit.shell.stripe is not None:
        async with visit.house.database.tenant(visit.organisation_id) as tx:
            page = await visit.house.mirror.list(tx, "product", livemode=mirrored.connected(visit), limit=_OFFERED)
        products = [(row.id, str(row.body.get("name") or row.id)) for row in page.items if not row.deleted]
    return visit.html(
        "pages/purchase_terms.html",
        status=STATUS[error.family] if error else 200,
        section="entitlements",
        connected=visit.shell.stripe is not None,
        set_here=set_here,
        at_stripe=at_stripe,
        reviewing=reviewing,
        products=products,
        units=_UNITS,
        typed=typed,
        problems=problems_of(error) if error else [],
        may_change=visit.principal.may("entitlement:write"),
    )


PAGES = (("GET", HOME, index), ("POST", HOME, put), ("POST", HOME + "/{id}/remove", remove))
