"""Is my data right? Each type's coverage, freshness and proof, and what had drifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from tillwright.domains.mirror.coverage import Coverage, coverage_of, missing_right
from tillwright.domains.mirror.model import Count, Progress
from tillwright.domains.mirror.proof.model import Proof
from tillwright.domains.webhooks.polling.store import Poll
from tillwright.doors.console.visit import Visit
from tillwright.kit.errors import TillwrightError

_DRIFTS = 20


@dataclass(frozen=True)
class Row:
    """One type. `quiet`: the account has none of it, and nothing is wrong."""

    object: str
    plural: str
    coverage: Coverage
    right: str | None
    why: str
    count: int
    deleted: int
    proof: Proof | None

    @property
    def quiet(self) -> bool:
        nothing = self.coverage in (Coverage.COMPLETE, Coverage.NOT_OFFERED, Coverage.NOT_YET)
        return nothing and not self.count and not self.deleted and not (self.proof and self.proof.drifted)


async def index(visit: Visit) -> Response:
    """The verdict first, then what it rests on."""
    stripe = visit.shell.stripe
    if stripe is None:
        return visit.html("pages/health.html", section="health", rows=[])
    async with visit.house.database.tenant(visit.organisation_id) as tx:
        progress = await visit.house.mirror.backfill_progress(tx, livemode=stripe.livemode)
        counts = await visit.house.mirror.counts(tx, livemode=stripe.livemode)
        proofs = {row.object: row for row in await visit.house.mirror.proofs(tx, livemode=stripe.livemode)}
        drifts = await visit.house.mirror.drifts(tx, livemode=stripe.livemode, limit=_DRIFTS)
        polls = await visit.house.webhooks.polls(tx, visit.organisation_id)
        waiting = await visit.house.webhooks.waiting(tx)
    rows = [_row(each, counts.get(each.object), proofs.get(each.object)) for each in progress]
    poll = next((each for each in polls if each.livemode is stripe.livemode), None)
    return visit.html(
        "pages/health.html",
        section="health",
        rows=[row for row in rows if not row.quiet],
        quiet=[row for row in rows if row.quiet],
        progress=progress,
        drifts=drifts,
        poll=poll,
        waiting=waiting,
        verdict=_verdict(rows, poll, waiting),
        proven=_proven(proofs),
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


def _row(progress: Progress, count: Count | None, proof: Proof | None) -> Row:
    error = progress.error or {}
    return Row(
        progress.object,
        progress.plural,
        coverage_of(progress),
        missing_right(progress.error),
        str(error.get("sentence", "")),
        count.present if count else 0,
        count.deleted if count else 0,
        proof,
    )


@dataclass(frozen=True)
class Verdict:
    """`tone` is good, warn, bad or busy."""

    tone: str
    title: str
    text: str


def _verdict(rows: Sequence[Row], poll: Poll | None, waiting: Mapping[str, int]) -> Verdict:
    if poll is not None and poll.gap_open:
        return Verdict(
            "warn", "A gap is being closed", "Events were lost while nothing listened: every object is read again."
        )
    if any(row.proof and row.proof.unmended for row in rows):
        return Verdict(
            "bad", "Some objects differ from Stripe", "They are marked and fetched again; the list below names them."
        )
    if not rows:
        return Verdict("busy", "Nothing is read yet", "Verify the connection; the first reading then begins by itself.")
    if any(row.coverage in (Coverage.READING, Coverage.NOT_YET) for row in rows):
        return Verdict("busy", "Your data is being read", "What is here already is right; the rest is on its way.")
    denied = [row.plural for row in rows if row.coverage is Coverage.DENIED]
    if denied:
        return Verdict("warn", "Right, but not whole", f"The key may not read: {', '.join(denied)}.")
    if any(row.coverage is Coverage.FAILED for row in rows):
        return Verdict(
            "bad",
            "Some lists could not be read",
            "The reasons are below; they are tried again when you press Read again.",
        )
    if any(row.proof and row.proof.drifted for row in rows):
        return Verdict("warn", "Drift was found and mended", "The next comparison shows whether all is well again.")
    if waiting["failing"]:
        return Verdict("warn", "Some events do not apply", "They are tried again; the objects they name may be behind.")
    if not any(row.proof and row.proof.proven_at for row in rows):
        return Verdict("busy", "Read, and not proven yet", "The first comparison with Stripe begins within minutes.")
    return Verdict("good", "Your data is right", "Every list was read, compared with Stripe, and nothing differs.")


def _proven(proofs: Mapping[str, Proof]) -> tuple[int, int, datetime | None]:
    """(objects compared, lists proven, the oldest proof)"""
    done = [row for row in proofs.values() if row.proven_at]
    return (
        sum(row.proven_rows for row in done),
        len(done),
        min((row.proven_at for row in done if row.proven_at), default=None),
    )


PAGES = (("GET", "/health", index), ("POST", "/health/read-again", read_again), ("GET", "/health/{object}", show))
