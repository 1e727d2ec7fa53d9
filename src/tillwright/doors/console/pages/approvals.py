"""Approvals: what waits for a person's yes, with exactly what would be done, and the decision."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.domains.automation.model import ApprovalState
from tillwright.domains.tenancy.rights import at_least
from tillwright.doors.console.visit import Visit


async def index(visit: Visit) -> Response:
    """What waits first, then what was decided lately."""
    approvals = visit.house.automation.approvals
    everything = visit.query("show") == "all"
    page = await approvals.list(
        visit.principal, state=None if everything else ApprovalState.PENDING, cursor=visit.query("cursor") or None
    )
    return visit.html("pages/approvals.html", section="approvals", page=page, everything=everything)


async def show(visit: Visit) -> Response:
    """One of them; what an e-mail's link leads to."""
    found = await visit.house.automation.approvals.get(visit.principal, visit.request.path_params["id"])
    may_answer = visit.principal.may("workflow:approve") and at_least(visit.principal.role, found.role)
    return visit.html("pages/approval.html", section="approvals", approval=found, may_answer=may_answer)


async def decide(visit: Visit) -> Response:
    """A yes or a no to what was shown: what has changed since is refused."""
    approve = visit.text("answer") == "yes"
    await visit.house.automation.approvals.decide(
        visit.principal,
        visit.request.path_params["id"],
        approve=approve,
        payload_hash=visit.text("payload_hash"),
        note=visit.text("note").strip()[:500] or None,
    )
    return visit.go("/approvals", done="approved" if approve else "refused")


PAGES = (
    ("GET", "/approvals", index),
    ("GET", "/approvals/{id}", show),
    ("POST", "/approvals/{id}", decide),
)
