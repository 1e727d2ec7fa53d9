"""What a batch of incoming copies makes of what is known: rows to write, evidence to note, objects to ask for. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tillwright.domains.mirror.apply import FromEvent, FromFetch, Known, Verdict, judge_event, judge_fetch
from tillwright.domains.mirror.columns import Columns, columns_of
from tillwright.domains.mirror.kinds import BY_OBJECT, ends
from tillwright.domains.mirror.model import EventCopy, FetchedCopy, Key


@dataclass(slots=True)
class Row:
    """An object's new state. `columns` is None where the body stays and only the evidence changes.

    `parent` is whose it is, if the copy said.
    """

    key: Key
    account_id: str | None
    known: Known
    columns: Columns | None
    parent: str | None = None


@dataclass(slots=True)
class Merged:
    """`verdicts` has one a copy, in order; `asks` a reason an object; the counters are changes in number.

    `carried` counts the objects inside others, by the type of those that carry them.
    """

    rows: dict[Key, Row] = field(default_factory=dict[Key, Row])
    asks: dict[Key, str] = field(default_factory=dict[Key, str])
    verdicts: list[Verdict] = field(default_factory=list[Verdict])
    present: Counter[tuple[bool, str]] = field(default_factory=Counter[tuple[bool, str]])
    deleted: Counter[tuple[bool, str]] = field(default_factory=Counter[tuple[bool, str]])
    carried: Counter[tuple[bool, str]] = field(default_factory=Counter[tuple[bool, str]])


def merge(known: Mapping[Key, Known], copies: Sequence[EventCopy | FetchedCopy]) -> Merged:
    """Judge each copy in turn against what is known and what the copies before it made of that."""
    merged = Merged()
    for copy in copies:
        key = copy.key
        row = merged.rows.get(key)
        before = row.known if row else known.get(key)
        if before is None and isinstance(copy, FetchedCopy) and copy.body is not None:
            # Nearly every row of a backfill: nothing is known of it, so what was fetched is the newest there is.
            columns = columns_of(copy.object, copy.id, copy.body)
            merged.rows[key] = Row(
                key, copy.account_id, Known(False, copy.began, None, None, None, columns.digest, columns.held), columns,
                copy.parent or columns.parent,
            )  # fmt: skip
            merged.present[key[:2]] += 1
            if columns.held:
                merged.carried[key[:2]] += columns.held
            merged.verdicts.append(Verdict.WRITE)
            continue
        if isinstance(copy, EventCopy):
            verdict, after, columns = _event(before, copy)
        else:
            verdict, after, columns = _fetch(before, copy)
        merged.verdicts.append(verdict)
        if Verdict.ASK in verdict:
            merged.asks[key] = _reason(copy)
        if after is None or after == before:
            continue
        _count(merged, key, before, after)
        kept = columns or (row.columns if row else None)
        parent = copy.parent if isinstance(copy, FetchedCopy) else None
        merged.rows[key] = Row(key, copy.account_id, after, kept, parent or (kept.parent if kept else None))
    return merged


def _event(before: Known | None, copy: EventCopy) -> tuple[Verdict, Known | None, Columns | None]:
    fetchable = copy.object in BY_OBJECT and BY_OBJECT[copy.object].path_of(copy.id) is not None
    if copy.body is None:
        return (Verdict.ASK if fetchable else Verdict.KEEP), before, None
    columns = columns_of(copy.object, copy.id, copy.body)
    deletes = ends(copy.event_type, copy.object)
    event = FromEvent(copy.event_id, copy.created, copy.received, copy.livemode, deletes, copy.foreign, columns.digest)
    verdict = judge_event(before, event)
    if Verdict.ASK in verdict and not fetchable:
        # Nobody can be asked: an end is believed, anything else is left at what the times say.
        verdict = Verdict.WRITE if deletes else verdict & Verdict.WRITE
    after = _noted(before, event)
    if Verdict.WRITE in verdict:
        after = replace(after, deleted=deletes, digest=columns.digest, held=columns.held)
        return verdict, after, columns
    return verdict, after, None


def _noted(before: Known | None, event: FromEvent) -> Known:
    """The evidence with this event in it, whatever became of its copy."""
    if before is None:
        return Known(False, None, event.created, event.received, event.event_id, event.digest)
    newest = before.event_created is None or event.created >= before.event_created
    return replace(
        before,
        event_created=event.created if newest else before.event_created,
        event_id=event.event_id if newest else before.event_id,
        event_received=_later(before.event_received, event.received),
    )


def _fetch(before: Known | None, copy: FetchedCopy) -> tuple[Verdict, Known | None, Columns | None]:
    columns = None if copy.body is None else columns_of(copy.object, copy.id, copy.body)
    gone = columns is None
    digest = columns.digest if columns else (before.digest if before else b"")
    held = columns.held if columns else (before.held if before else 0)
    kind = BY_OBJECT.get(copy.object)
    alone = kind is None or kind.alone
    verdict = judge_fetch(before, FromFetch(copy.began, copy.listed and alone, gone, digest))
    if Verdict.ASK in verdict and not alone:
        verdict = Verdict.WRITE  # what can't be asked for by itself is what its list says
    if Verdict.WRITE not in verdict:
        return verdict, before, None
    if before is None:
        return verdict, Known(gone, copy.began, None, None, None, digest, held), columns
    same = digest == before.digest
    after = replace(before, deleted=gone, fetched_at=copy.began, digest=digest, held=held)
    return verdict, after, None if same else columns


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _reason(copy: EventCopy | FetchedCopy) -> str:
    if isinstance(copy, FetchedCopy):
        return "an event came in while it was fetched"
    if copy.body is None:
        return f"{copy.event_id} names it without carrying it"
    if copy.foreign:
        return f"{copy.event_id} carries it in another API version"
    return f"{copy.event_id} may be older or newer than what is known"


def _count(merged: Merged, key: Key, before: Known | None, after: Known) -> None:
    kind = key[:2]
    if change := _carried(after) - _carried(before):
        merged.carried[kind] += change
    if before is not None and before.deleted == after.deleted:
        return
    if before is not None:
        (merged.deleted if before.deleted else merged.present)[kind] -= 1
    (merged.deleted if after.deleted else merged.present)[kind] += 1


def _carried(known: Known | None) -> int:
    return 0 if known is None or known.deleted else known.held
