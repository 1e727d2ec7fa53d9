"""The backfill's only SQL: how far each list and each range of it is, and who reads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tillwright.domains.mirror.backfill.pages import BEFORE_ALL, Place, Read, walks_clocks
from tillwright.domains.mirror.backfill.plan import AT_ONCE, Reach, at_once, cut
from tillwright.domains.mirror.kinds import BY_OBJECT, IN_A_PATH, KINDS, Kind
from tillwright.domains.mirror.model import BackfillState, Progress
from tillwright.gateways.database import Tx

LEASE = timedelta(seconds=90)  # longer than a page may take
_CHILDREN = tuple(kind for kind in KINDS if kind.parent)


async def start(
    tx: Tx, organisation_id: str, livemode: bool, kinds: Sequence[Kind], at: datetime, *, again: bool
) -> None:
    """Make a row a kind; one that ended is set going again where it failed, and with `again` where it was done too."""
    over = ["DENIED", "ABSENT", "FAILED", *(["DONE"] if again else [])]
    for position, kind in enumerate(kinds):
        begun = await tx.execute(
            "insert into mirror_backfills as b (organisation_id, livemode, object, position, state, estimate, updated) "
            "values (%s, %s, %s, %s, 'WAITING', (select nullif(present, 0) from mirror_counts c where "
            "c.organisation_id = %s and c.livemode = %s and c.object = %s), %s) "
            "on conflict (organisation_id, livemode, object) do update set state = 'WAITING', done = 0, pages = 0, "
            "ranges = 1, estimate = excluded.estimate, failures = 0, error = null, began = null, finished = null, "
            "position = excluded.position, updated = excluded.updated where b.state = any(%s)",
            (
                organisation_id, livemode, kind.object, position,
                organisation_id, livemode, kind.object, at, over,
            ),
        )  # fmt: skip
        if begun.rowcount:
            await _first_ranges(tx, organisation_id, livemode, kind, position, at)


async def _first_ranges(tx: Tx, organisation_id: str, livemode: bool, kind: Kind, position: int, at: datetime) -> None:
    """The whole list, and beside it what it leaves out for living on test clocks: the list is done when both are."""
    mine = (organisation_id, livemode, kind.object)
    await tx.execute("delete from mirror_ranges where organisation_id = %s and livemode = %s and object = %s", mine)
    parents = [None, BEFORE_ALL] if walks_clocks(kind, livemode) else [None]
    for number, parent in enumerate(parents, 1):
        await tx.execute(
            "insert into mirror_ranges (organisation_id, livemode, object, number, position, state, parent_id, "
            "next_at, updated) values (%s, %s, %s, %s, %s, 'WAITING', %s, %s, %s)",
            (*mine, number, position, parent, at, at),
        )


async def organisations(tx: Tx, at: datetime) -> Sequence[str]:
    """Those with a range to read, the one that is least served just now first."""
    rows = await tx.execute("select organisation_id from organisations_to_backfill(%s)", (at,))
    return [row["organisation_id"] async for row in rows]


async def claim(tx: Tx, organisation_id: str, lease: str, at: datetime) -> Place | None:
    """The next range that nobody reads, now this lease's; None where nothing is to do, or enough is under way."""
    rows = await tx.execute(
        "update mirror_ranges set lease = %s, leased_until = %s, state = 'RUNNING' "
        "where (organisation_id, livemode, object, number) = (select organisation_id, livemode, object, number "
        "from mirror_ranges r where organisation_id = %s and state <> 'DONE' and next_at <= %s "
        "and (leased_until is null or leased_until <= %s) "
        "and (select count(*) from mirror_ranges o where o.organisation_id = r.organisation_id "
        "and o.livemode = r.livemode and o.leased_until > %s) < case when livemode then %s else %s end "
        "and (select count(*) from mirror_ranges o where o.organisation_id = r.organisation_id "
        "and o.livemode = r.livemode and o.object = r.object and o.leased_until > %s) < %s "
        "and not exists (select 1 from unnest(%s::text[], %s::text[], %s::boolean[]) k(child, parent, whole) "
        "join mirror_backfills b on b.organisation_id = r.organisation_id and b.livemode = r.livemode "
        "and b.object = k.parent and b.state in ('WAITING', 'RUNNING') "
        "where k.child = r.object and (k.whole or r.parent_id is not null)) "
        # Each list has a rate of its own: one after the other, the last would be left to its own rate alone.
        "order by (select count(*) from mirror_ranges o where o.organisation_id = r.organisation_id "
        "and o.livemode = r.livemode and o.object = r.object and o.leased_until > %s), position, number "
        "limit 1 for update skip locked) returning *",
        (
            lease, at + LEASE, organisation_id, at, at, at, at_once(True), at_once(False), at, AT_ONCE,
            [kind.object for kind in _CHILDREN], [kind.parent for kind in _CHILDREN],
            [kind.of is not None for kind in _CHILDREN], at,
        ),
    )  # fmt: skip
    row = await rows.fetchone()
    if row is None:
        return None
    await tx.execute(
        "update mirror_backfills set state = 'RUNNING', began = coalesce(began, %s) "
        "where organisation_id = %s and livemode = %s and object = %s "
        # Only where it says something new: the row is held by whoever writes pages of the list just now.
        "and (state = 'WAITING' or state = 'RUNNING' and began is null)",
        (at, organisation_id, row["livemode"], row["object"]),
    )
    return Place(
        row["livemode"], row["object"], row["number"], row["low"], row["bound"], row["newest"], row["parent_id"],
        row["cursor_id"], row["cursor_created"], row["done"], row["failures"],
    )  # fmt: skip


async def next_parent(tx: Tx, organisation_id: str, place: Place) -> str | None:
    """The parent whose list comes after the one just read; None behind the last."""
    kind, after = BY_OBJECT[place.object], place.parent_id or BEFORE_ALL
    if kind.finder:
        rows = await tx.execute(f"select id from {kind.finder}(%s, %s)", (place.livemode, after))  # noqa: S608 - named by a kind's row
    elif kind.inside:
        rows = await tx.execute("select id from mirror_long_lists(%s, %s, %s)", (place.livemode, kind.of, after))
    else:
        rows = await tx.execute(
            "select id from mirror_objects p where organisation_id = %s and livemode = %s and object = %s and id > %s "
            "and not deleted and (not %s or id ~ %s) "
            "and (%s::text is null or exists (select 1 from mirror_objects c where c.livemode = p.livemode "
            "and c.organisation_id = p.organisation_id and c.object = %s and c.customer = p.id and not c.deleted)) "
            "and (%s::text is null or exists (select 1 from mirror_objects o where o.livemode = p.livemode "
            "and o.organisation_id = p.organisation_id and o.object = %s)) order by id limit 1",
            (
                organisation_id, place.livemode, kind.parent, after, kind.nested, f"^{IN_A_PATH}$",
                kind.having, kind.having, kind.once, kind.once,
            ),
        )  # fmt: skip
    row = await rows.fetchone()
    return row["id"] if row else None


_MINE = "organisation_id = %s and livemode = %s and object = %s and number = %s and lease = %s and state = 'RUNNING'"


def _mine(organisation_id: str, lease: str, place: Place) -> tuple[Any, ...]:
    return (organisation_id, place.livemode, place.object, place.number, lease)


async def advance(
    tx: Tx, organisation_id: str, lease: str, place: Place, page: Read, *, over: bool, keep: bool, at: datetime
) -> Place | None:
    """Note a page as read, and give the rest of a long range to another reader where that is worth it.

    Returns where to read on, None if the lease ran out, so that the page must not be written. `keep`: the reader goes
    on with the range; it is free for others otherwise.
    """
    # Behind the last page of a parent's list comes the next parent.
    cursor_id = None if place.parent_id and not page.more else page.cursor_id or place.cursor_id
    count, last = len(page.copies), page.last if page.copies else place.cursor_created
    kind = (organisation_id, place.livemode, place.object)
    rows = await tx.execute(
        "with mine as (update mirror_ranges set state = %s, parent_id = %s, cursor_id = %s, cursor_created = %s, "  # noqa: S608 - the texts above
        "newest = coalesce(newest, %s), done = done + %s, pages = pages + 1, failures = 0, updated = %s, next_at = %s, "
        f"lease = %s, leased_until = %s where {_MINE} returning newest, done), "
        "whole as (update mirror_backfills set done = done + %s, pages = pages + 1, failures = 0, error = null, "
        "updated = %s where organisation_id = %s and livemode = %s and object = %s and exists (select from mine) "
        "returning pages, ranges) "
        "select mine.newest, mine.done, whole.pages, whole.ranges, o.running, o.list_newest from mine, whole, "
        # A clock's objects were made at the clock's time, which says nothing of the plain list's.
        "(select count(*) filter (where state <> 'DONE') as running, max(newest) as list_newest from mirror_ranges "
        "where organisation_id = %s and livemode = %s and object = %s and parent_id is null) o",
        (
            "DONE" if over else "RUNNING", place.parent_id, cursor_id, last, page.first if count else None,
            count, at, at, lease if keep and not over else None, at + LEASE if keep and not over else None,
            *_mine(organisation_id, lease, place), count, at, *kind, *kind,
        ),
    )  # fmt: skip
    row = await rows.fetchone()
    if row is None:
        return None
    low = place.low
    if over:
        await _finish(tx, organisation_id, place, at)
    elif BY_OBJECT[place.object].by_created and place.parent_id is None and page.copies:
        newest = max(row["newest"], row["list_newest"] or row["newest"])  # the latter as of before this page
        end = cut(
            Reach(row["newest"], page.last, place.low, row["done"]),
            list_newest=newest, pages=row["pages"], ranges=row["ranges"], running=row["running"],
        )  # fmt: skip
        if end is not None:
            await _give_away(tx, organisation_id, place, end, at)
            low = end
    return Place(
        place.livemode, place.object, place.number, low, place.bound, row["newest"], place.parent_id,
        cursor_id, last, row["done"], 0,
    )  # fmt: skip


async def _give_away(tx: Tx, organisation_id: str, place: Place, end: datetime, at: datetime) -> None:
    """End the range at `end`, and make another of what is older."""
    mine = (organisation_id, place.livemode, place.object)
    await tx.execute(
        "insert into mirror_ranges (organisation_id, livemode, object, number, position, state, low, bound, next_at, "
        "updated) select %s, %s, %s, max(number) + 1, max(position), 'WAITING', %s, %s, %s, %s from mirror_ranges "
        "where organisation_id = %s and livemode = %s and object = %s",
        (*mine, place.low, end - timedelta(seconds=1), at, at, *mine),
    )
    await tx.execute(
        "update mirror_ranges set low = %s where organisation_id = %s and livemode = %s and object = %s "
        "and number = %s",
        (end, *mine, place.number),
    )
    await tx.execute(
        "update mirror_backfills set ranges = ranges + 1 where organisation_id = %s and livemode = %s and object = %s",
        mine,
    )


async def _finish(tx: Tx, organisation_id: str, place: Place, at: datetime) -> None:
    """The list is done when its last range is."""
    await tx.execute(
        "update mirror_backfills b set state = 'DONE', finished = %s where organisation_id = %s and livemode = %s "
        "and object = %s and not exists (select 1 from mirror_ranges r where r.organisation_id = b.organisation_id "
        "and r.livemode = b.livemode and r.object = b.object and r.state <> 'DONE')",
        (at, organisation_id, place.livemode, place.object),
    )


async def end(tx: Tx, organisation_id: str, lease: str, place: Place, at: datetime) -> None:
    """Nothing is left in this range, as was known without asking."""
    await tx.execute(
        f"update mirror_ranges set state = 'DONE', lease = null, leased_until = null, updated = %s where {_MINE}",  # noqa: S608 - the texts above
        (at, *_mine(organisation_id, lease, place)),
    )
    await _finish(tx, organisation_id, place, at)


async def let_go(tx: Tx, organisation_id: str, lease: str) -> None:
    """Leave the range of a lease, if it has one, as it is to whoever claims it next."""
    await tx.execute(
        "update mirror_ranges set lease = null, leased_until = null "
        "where organisation_id = %s and lease = %s and state = 'RUNNING'",
        (organisation_id, lease),
    )


async def move(tx: Tx, organisation_id: str, lease: str, place: Place, *, bound: datetime | None, at: datetime) -> None:
    """The cursor's object is gone: read on by time of creation, or from the start where that would skip something."""
    await tx.execute(
        "update mirror_ranges set cursor_id = null, parent_id = case when parent_id is not null then %s end, "  # noqa: S608 - the texts above
        f"bound = %s, updated = %s, lease = null, leased_until = null where {_MINE}",
        (BEFORE_ALL, bound, at, *_mine(organisation_id, lease, place)),
    )


async def skip_parent(tx: Tx, organisation_id: str, lease: str, place: Place, at: datetime) -> None:
    """The parent is gone, and its list with it: go on with the next one."""
    await tx.execute(
        f"update mirror_ranges set parent_id = %s, cursor_id = null, updated = %s, lease = null, leased_until = null "  # noqa: S608 - the texts above
        f"where {_MINE}",
        (place.parent_id, at, *_mine(organisation_id, lease, place)),
    )


async def fail(
    tx: Tx,
    organisation_id: str,
    lease: str,
    place: Place,
    *,
    state: BackfillState,
    error: dict[str, Any],
    next_at: datetime,
    at: datetime,
) -> None:
    """Note what went wrong; RUNNING comes again at `next_at`, the other states wait for a new start."""
    mine = await tx.execute(
        f"update mirror_ranges set lease = null, leased_until = null, failures = failures + 1, next_at = %s, "  # noqa: S608 - the texts above
        f"updated = %s where {_MINE}",
        (next_at, at, *_mine(organisation_id, lease, place)),
    )
    if not mine.rowcount:
        return
    whole = (organisation_id, place.livemode, place.object)
    await tx.execute(
        "update mirror_backfills set state = %s, error = %s, failures = failures + 1, updated = %s, finished = %s "
        "where organisation_id = %s and livemode = %s and object = %s",
        (state, Jsonb(error), at, None if state is BackfillState.RUNNING else at, *whole),
    )
    if state is not BackfillState.RUNNING:
        await tx.execute(
            "update mirror_ranges set state = 'DONE', lease = null, leased_until = null where organisation_id = %s "
            "and livemode = %s and object = %s",
            whole,
        )


async def progress(tx: Tx, livemode: bool | None) -> Sequence[Progress]:
    """How far each list is. Where the end of each of its ranges is known, what is left is reckoned from them."""
    rows = await tx.execute(
        "select b.*, case when count(r.number) filter (where r.low is null and r.parent_id is null) = 0 then "
        "sum(case when r.cursor_created is null or r.newest <= r.cursor_created then null else r.done * extract(epoch "
        "from r.cursor_created - r.low) / extract(epoch from r.newest - r.cursor_created) end) end as ahead "
        "from mirror_backfills b left join mirror_ranges r on r.organisation_id = b.organisation_id "
        "and r.livemode = b.livemode and r.object = b.object and r.state <> 'DONE' "
        "where %s::boolean is null or b.livemode = %s group by b.organisation_id, b.livemode, b.object "
        "order by b.livemode, b.position",
        (livemode, livemode),
    )
    return [
        Progress(
            r["livemode"], r["object"], BY_OBJECT[r["object"]].plural if r["object"] in BY_OBJECT else r["object"],
            r["position"], BackfillState(r["state"]), r["done"], _estimate(r), r["pages"], r["failures"], r["error"],
            r["began"], r["updated"], r["finished"],
        )
        async for r in rows
    ]  # fmt: skip


def _estimate(row: dict[str, Any]) -> int | None:
    if row["ahead"] is not None and row["state"] == "RUNNING":
        return row["done"] + round(row["ahead"])
    return row["estimate"]
