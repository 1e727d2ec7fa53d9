"""The table of evidence: which of two copies is the newer, and when Stripe must be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tillwright.domains.mirror.apply import FromEvent, FromFetch, Known, Verdict, judge_event, judge_fetch

NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)
OLD, NEW = b"old", b"new"
KEEP, WRITE, ASK, BOTH = Verdict.KEEP, Verdict.WRITE, Verdict.ASK, Verdict.WRITE_AND_ASK


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


BY_EVENT = Known(False, None, at(0), at(1), "evt_0", OLD)
BY_FETCH = Known(False, at(0), None, None, None, OLD)
GONE = replace(BY_EVENT, deleted=True)
EVENT = FromEvent("evt_1", at(10), at(11), livemode=True, deletes=False, foreign=False, digest=NEW)
DELETES = replace(EVENT, deletes=True)
LISTED = FromFetch(at(60), listed=True, gone=False, digest=NEW)
FETCHED = replace(LISTED, listed=False)


def came(event: FromEvent, created: float, received: float, *, livemode: bool = True) -> FromEvent:
    return replace(event, created=at(created), received=at(received), livemode=livemode)


EVENTS = {
    # name: (known, event, verdict)
    "first sight": (None, EVENT, WRITE),
    "first sight of an end": (None, DELETES, WRITE),
    "first sight in another version's shape": (None, replace(EVENT, foreign=True), BOTH),
    "a later second": (BY_EVENT, EVENT, WRITE),
    "a later second in another version's shape": (BY_EVENT, replace(EVENT, foreign=True), BOTH),
    "an earlier second": (BY_EVENT, came(EVENT, -1, 11), KEEP),
    "an earlier second, in another version's shape": (BY_EVENT, came(replace(EVENT, foreign=True), -1, 11), KEEP),
    "the same second": (BY_EVENT, came(EVENT, 0, 11), BOTH),
    "the same second and the same body": (BY_EVENT, replace(came(EVENT, 0, 11), digest=OLD), KEEP),
    "the same event": (BY_EVENT, replace(came(EVENT, 0, 11), event_id="evt_0"), KEEP),
    "the end, later": (BY_EVENT, DELETES, WRITE),
    "the end, in the same second": (BY_EVENT, came(DELETES, 0, 11), BOTH),
    "the end, told after a later update": (BY_EVENT, came(DELETES, -1, 11), ASK),
    "an update older than the end": (GONE, came(EVENT, -1, 11), KEEP),
    "an update in the second of the end": (GONE, came(EVENT, 0, 11), ASK),
    "made again under the same id": (GONE, EVENT, ASK),
    "the end, told twice": (GONE, came(DELETES, 0, 11), KEEP),
    "an older end of something that ended": (GONE, came(DELETES, -5, 11), KEEP),
    "received before the fetch began": (BY_FETCH, came(EVENT, -600, -1), KEEP),
    "received before the fetch began, from the future": (BY_FETCH, came(EVENT, 9_000_000, -1), KEEP),
    "an end received before the fetch that found it alive": (BY_FETCH, came(DELETES, -5, -1), KEEP),
    "received as the fetch began": (BY_FETCH, came(EVENT, 0, 0), BOTH),
    "received with the fetch, made just before": (BY_FETCH, came(EVENT, -1, 0), ASK),
    "long after the fetch": (BY_FETCH, came(EVENT, 600, 601), WRITE),
    "shortly after the fetch, within the clocks' margin": (BY_FETCH, came(EVENT, 60, 61), BOTH),
    "delivered late, made shortly before the fetch": (BY_FETCH, came(EVENT, -60, 600), ASK),
    "delivered late, made long before the fetch": (BY_FETCH, came(EVENT, -600, 600), KEEP),
    "the same, where a test clock may run in the past": (BY_FETCH, came(EVENT, -600, 600, livemode=False), ASK),
    "a test clock in the future": (BY_FETCH, came(EVENT, 9_000_000, 600, livemode=False), BOTH),
    "the end, long after the fetch": (BY_FETCH, came(DELETES, 600, 601), WRITE),
    "the end, shortly after the fetch": (BY_FETCH, came(DELETES, 60, 61), BOTH),
    "what the fetch saw already": (BY_FETCH, replace(came(EVENT, 60, 61), digest=OLD), KEEP),
}

FETCHES = {
    "first sight": (None, FETCHED, WRITE),
    "first sight of nothing": (None, replace(FETCHED, gone=True), KEEP),
    "after a fetch": (BY_FETCH, FETCHED, WRITE),
    "begun before another that is here already": (replace(BY_FETCH, fetched_at=at(61)), FETCHED, KEEP),
    "begun with another": (replace(BY_FETCH, fetched_at=at(60)), FETCHED, KEEP),
    "after the event came": (BY_EVENT, FETCHED, WRITE),
    "after an event from the future came": (replace(BY_EVENT, event_created=at(9_000_000)), FETCHED, WRITE),
    "an event came meanwhile": (replace(BY_EVENT, event_received=at(61)), FETCHED, ASK),
    "an event came as it began": (replace(BY_EVENT, event_received=at(60)), FETCHED, ASK),
    "an event came meanwhile, with the same body": (
        replace(BY_EVENT, event_received=at(61), digest=NEW), FETCHED, WRITE,
    ),
    "gone, and an event came meanwhile": (
        replace(BY_EVENT, event_received=at(61), digest=NEW), replace(FETCHED, gone=True), ASK,
    ),
    "gone": (BY_EVENT, replace(FETCHED, gone=True), WRITE),
    "back after its end": (GONE, FETCHED, WRITE),
    "a list that is behind an event": (replace(BY_EVENT, event_received=at(55)), LISTED, ASK),
    "asked for by id, the same": (replace(BY_EVENT, event_received=at(55)), FETCHED, WRITE),
    "a list long after the event": (BY_EVENT, LISTED, WRITE),
    "a list that still shows what ended": (GONE, LISTED, ASK),
}  # fmt: skip


@pytest.mark.parametrize(("known", "event", "verdict"), EVENTS.values(), ids=EVENTS.keys())
def test_an_event(known: Known | None, event: FromEvent, verdict: Verdict) -> None:
    assert judge_event(known, event) is verdict


@pytest.mark.parametrize(("known", "fetch", "verdict"), FETCHES.values(), ids=FETCHES.keys())
def test_a_fetch(known: Known | None, fetch: FromFetch, verdict: Verdict) -> None:
    assert judge_fetch(known, fetch) is verdict
