"""Is my data right? The answer, what it rests on, each type's coverage, freshness and proof, and what had drifted."""

from __future__ import annotations

from starlette.responses import Response

from tillwright.domains.mirror.coverage import Coverage
from tillwright.domains.mirror.truth.model import Listed
from tillwright.doors.console.visit import Visit
from tillwright.kit.errors import TillwrightError

_DRIFTS = 20


async def index(visit: Visit) -> Response:
    """The verdict first, then what it rests on."""
    stripe = visit.shell.stripe
    if stripe is None:
        return visit.html("pages/health.html", section="health")
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        listening = await visit.house.webhooks.listening(tx, visit.organisation_id, livemode=stripe.livemode)
        truth = await visit.house.mirror.truth(tx, listening, livemode=stripe.livemode)
        drifts = await visit.house.mirror.drifts(tx, livemode=stripe.livemode, limit=_DRIFTS)
        polls = await visit.house.webhooks.polls(tx, visit.organisation_id)
        waiting = await visit.house.webhooks.waiting(tx)
    return visit.html(
        "pages/health.html",
        section="health",
        truth=truth,
        rows=[row for row in truth.lists if not _quiet(row)],
        quiet=[row for row in truth.lists if _quiet(row)],
        drifts=drifts,
        poll=next((each for each in polls if each.livemode is stripe.livemode), None),
        waiting=waiting,
    )


async def show(visit: Visit) -> Response:
    """One type's proof by month."""
    stripe, object_type = visit.shell.stripe, visit.request.path_params["object"]
    livemode = stripe.livemode if stripe else False
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        months = await visit.house.mirror.proven_months(tx, object_type, livemode=livemode)
        proof = next(
            (row for row in await visit.house.mirror.proofs(tx, livemode=livemode) if row.object == object_type), None
        )
    return visit.html("pages/health_type.html", section="health", object=object_type, months=months, proof=proof)


async def read_again(visit: Visit) -> Response:
    """Read every list once more."""
    try:
        await visit.house.mirror.backfill(visit.principal, again=True)
    except TillwrightError:
        return visit.go("/integrations/stripe")
    return visit.go("/health", done="reading-again")


def _quiet(row: Listed) -> bool:
    """The account has none of it, and nothing is wrong."""
    wanting = row.coverage in (Coverage.READING, Coverage.DENIED, Coverage.FAILED)
    return not (wanting or row.present or row.deleted or row.doubt or (row.proof and row.proof.drifted))


PAGES = (("GET", "/health", index), ("POST", "/health/read-again", read_again), ("GET", "/health/{object}", show))
