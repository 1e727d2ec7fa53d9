"""Putting the answer together from what the room has on record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tillwright.domains.mirror.backfill import store as backfills
from tillwright.domains.mirror.carried import store as carried
from tillwright.domains.mirror.coverage import Coverage, coverage_of, missing_right, part_of
from tillwright.domains.mirror.kinds import BY_OBJECT, CLOCK
from tillwright.domains.mirror.marks import store as marks
from tillwright.domains.mirror.model import Count, Progress
from tillwright.domains.mirror.proof import store as proofs
from tillwright.domains.mirror.proof.model import Proof
from tillwright.domains.mirror.truth import store
from tillwright.domains.mirror.truth.model import Doubt, Freshness, Listed, Listening, Truth
from tillwright.domains.mirror.truth.verdict import verdict
from tillwright.gateways.database import Tx

_LACKING = "stripe_permission_missing"


async def truth(tx: Tx, listening: Listening, now: datetime, *, livemode: bool) -> Truth:
    """All that is known of one mode's lists, in the order in which they are read."""
    progress = await backfills.progress(tx, livemode)
    counts = await carried.counts(tx, livemode)
    proven = {row.object: row for row in await proofs.proofs(tx, livemode)}
    doubts = {row["object"]: row for row in await marks.open_marks(tx, livemode)}
    clocks = next((row for row in progress if row.object == CLOCK), None)
    fresh = await store.freshness(tx, livemode, [row.object for row in progress])
    lists = [
        _listed(
            row, clocks, counts.get(row.object), proven.get(row.object), _doubt(doubts.get(row.object)),
            fresh.get(row.object, Freshness(None, None)),
        )
        for row in progress
    ]  # fmt: skip
    return verdict(lists, listening, now, livemode=livemode)


def _listed(
    row: Progress,
    clocks: Progress | None,
    count: Count | None,
    proof: Proof | None,
    doubt: Doubt | None,
    fresh: Freshness,
) -> Listed:
    coverage, kind = coverage_of(row, clocks), BY_OBJECT.get(row.object)
    done = coverage in (Coverage.COMPLETE, Coverage.IN_PART)
    if done and proof and proof.error and proof.error.get("code") == _LACKING:
        coverage = Coverage.DENIED  # since it was read
    times = [at for at in (row.finished if done else None, proof.proven_at if proof else None) if at is not None]
    return Listed(
        row.object, row.plural, coverage, missing_right(row.error) or missing_right(proof.error if proof else None),
        part_of(row, clocks) if coverage is Coverage.IN_PART else None, row.error,
        count.present if count else 0, count.deleted if count else 0, proof, doubt, fresh,
        max(times, default=None), kind.of if kind and kind.inside else None,
    )  # fmt: skip


def _doubt(row: dict[str, Any] | None) -> Doubt | None:
    return Doubt(row["waiting"], row["failing"], row["since"], row["error"]) if row else None
