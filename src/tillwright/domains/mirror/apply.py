"""Which of two copies of an object is the newer one, by evidence alone; where the evidence is no proof, ask Stripe.

Events come more than once and in any order, their times have one second of grain, and a test clock's times are of
another world. Only three things prove an order:

- an event that we had received before a fetch began is contained in what was fetched, whatever its time says;
- of two events about one object, the one of a later second is the later one;
- away from test clocks, an event's time and ours agree within `MARGIN`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Flag

SKEW = timedelta(seconds=1)
"""How far apart our own machines' clocks may be."""
MARGIN = timedelta(minutes=2)
"""How far apart Stripe's clock and ours may be."""
LIST_LAG = timedelta(seconds=10)
"""How old what Stripe lists may be; an object fetched by its id is as of the request."""


class Verdict(Flag):
    """What to do with an incoming copy. `ASK`: mark the object to be fetched again, which settles any doubt."""

    KEEP = 0
    WRITE = 1
    ASK = 2
    WRITE_AND_ASK = WRITE | ASK


@dataclass(frozen=True, slots=True)
class Known:
    """What the mirror knows of an object.

    `fetched_at`: when the newest fetch in it began. `event_created`, `event_received`: the newest times of all events
    seen for it, in Stripe's time and in ours. `digest` is of the body, `held` how many objects it carries (`Columns`).
    """

    deleted: bool
    fetched_at: datetime | None
    event_created: datetime | None
    event_received: datetime | None
    event_id: str | None
    digest: bytes
    held: int = 0


@dataclass(frozen=True, slots=True)
class FromEvent:
    """A copy that came in an event. `foreign`: in another API version's shape than a fetch would give."""

    event_id: str
    created: datetime
    received: datetime
    livemode: bool
    deletes: bool
    foreign: bool
    digest: bytes


@dataclass(frozen=True, slots=True)
class FromFetch:
    """A copy that Stripe answered to a request which began at `began`; `gone`: that the object is no more.

    `listed`: a row of a list, not asked for by its id.
    """

    began: datetime
    listed: bool
    gone: bool
    digest: bytes


def judge_event(known: Known | None, event: FromEvent) -> Verdict:
    """What an event's copy does to the mirror's."""
    write = Verdict.WRITE_AND_ASK if event.foreign and not event.deletes else Verdict.WRITE
    if known is None:
        return write
    if known.event_id == event.event_id or _fetched_after(known, event.received):
        return Verdict.KEEP
    if known.event_created is not None and event.created < known.event_created:
        # Older than what we have. Only a deletion matters: the object was made again, or a late update came first.
        return Verdict.ASK if event.deletes and not known.deleted else Verdict.KEEP
    if known.deleted:
        # An update after the end revives nothing by itself; some ids are chosen by people, and may be used again.
        return Verdict.KEEP if event.deletes else Verdict.ASK
    if event.deletes:
        return Verdict.WRITE if _clearly_newer(known, event) else Verdict.WRITE_AND_ASK
    if event.digest == known.digest and not event.foreign:
        return Verdict.KEEP
    if known.event_created == event.created:
        return Verdict.WRITE_AND_ASK
    return _against_fetch(known, event, write)


def judge_fetch(known: Known | None, fetch: FromFetch) -> Verdict:
    """What a fetched copy does to the mirror's."""
    if known is None:
        return Verdict.KEEP if fetch.gone else Verdict.WRITE
    if known.fetched_at is not None and known.fetched_at >= fetch.began:
        return Verdict.KEEP
    if known.deleted and fetch.listed:
        return Verdict.ASK
    if known.event_received is None or known.event_received + (LIST_LAG if fetch.listed else SKEW) <= fetch.began:
        return Verdict.WRITE
    # An event came in while the request was under way: either may be the newer.
    if not fetch.gone and not known.deleted and fetch.digest == known.digest:
        return Verdict.WRITE
    return Verdict.ASK


def _fetched_after(known: Known, received: datetime) -> bool:
    return known.fetched_at is not None and received + SKEW <= known.fetched_at


def _clearly_newer(known: Known, event: FromEvent) -> bool:
    later = known.event_created is None or event.created > known.event_created
    return later and (known.fetched_at is None or _against_fetch(known, event, Verdict.WRITE) is Verdict.WRITE)


def _against_fetch(known: Known, event: FromEvent, write: Verdict) -> Verdict:
    """The event came after the fetch began, or with it: did the change happen after it too?"""
    if known.fetched_at is None:
        return write
    # A test clock may run in the future or in the past; live mode has none.
    if event.created > event.received + MARGIN:
        return Verdict.WRITE_AND_ASK
    if event.created > known.fetched_at + MARGIN:
        return write
    if event.created < known.fetched_at - MARGIN and event.livemode:
        return Verdict.KEEP
    return Verdict.WRITE_AND_ASK if event.created >= known.fetched_at else Verdict.ASK
