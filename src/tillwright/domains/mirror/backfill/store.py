"""The backfill's only SQL: how far each list is, and who walks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tillwright.domains.mirror.kinds import BY_OBJECT, Kind
from tillwright.domains.mirror.model import BackfillState, Progress
from tillwright.gateways.database import Tx

LEASE = timedelta(seconds=90)  # longer than a page may take


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list is to be read on: behind `cursor_id`, among objects made at `bound` or before."""

    livemode: bool
    object: str
    cursor_id: str | None
    cursor_created: datetime | None
    bound: datetime | None
    failures: int


async def start(
    tx: Tx, organisation_id: str, livemode: bool, kinds: Sequence[Kind], at: datetime, *, again: bool
) -> None:
    """Make a row a kind; one that ended is set going again where it failed, and with `again` where it was done too."""
    over = ["DENIED", "ABSENT", "FAILED", *(["DONE"] if again else [])]
    for position, kind in enumerate(kinds):
        await tx.execute(
            "insert into mirror_backfills as b (organisation_id, livemode, object, position, state, estimate, next_at, "
            "updated) values (%s, %s, %s, %s, 'WAITING', (select nullif(present, 0) from mirror_counts c where "
            "c.organisation_id = %s and c.livemode = %s and c.object = %s), %s, %s) "
            "on conflict (organisation_id, livemode, object) do update set state = 'WAITING', cursor_id = null, "
            "cursor_created = null, cursor_bound = null, done = 0, pages = 0, estimate = excluded.estimate, "
            "lease = null, leased_until = null, next_at = excluded.next_at, failures = 0, error = null, "
            "began = null, finished = null, updated = excluded.updated where b.state = any(%s)",
            (
                organisation_id, livemode, kind.object, position,
                organisation_id, livemode, kind.object, at, at, over,
            ),
        )  # fmt: skip


async def organisations(tx: Tx, at: datetime) -> Sequence[str]:
    """Those with a list to walk, the longest neglected first."""
    rows = await tx.execute("select organisation_id from organisations_to_backfill(%s)", (at,))
    return [row["organisation_id"] async for row in rows]


async def claim(tx: Tx, organisation_id: str, lease: str, at: datetime) -> Place | None:
    """The next list that nobody walks, now this lease's."""
    rows = await tx.execute(
        "update mirror_backfills set lease = %s, leased_until = %s, state = 'RUNNING', began = coalesce(began, %s) "
        "where (organisation_id, livemode, object) = (select organisation_id, livemode, object from mirror_backfills "
        "where organisation_id = %s and state in ('WAITING', 'RUNNING') and next_at <= %s "
        "and (leased_until is null or leased_until <= %s) order by position limit 1 for update skip locked) "
        "returning livemode, object, cursor_id, cursor_created, cursor_bound, failures",
        (lease, at + LEASE, at, organisation_id, at, at),
    )
    row = await rows.fetchone()
    if row is None:
        return None
    return Place(
        row["livemode"], row["object"], row["cursor_id"], row["cursor_created"], row["cursor_bound"], row["failures"]
    )


_MINE = "organisation_id = %s and livemode = %s and object = %s and lease = %s and state = 'RUNNING'"
_FREE = "lease = null, leased_until = null"


async def advance(
    tx: Tx,
    organisation_id: str,
    lease: str,
    place: Place,
    *,
    cursor: tuple[str, datetime] | None,
    rows: int,
    over: bool,
    at: datetime,
) -> bool:
    """Note a page as read; False if the lease ran out, so that the page must not be written."""
    state = BackfillState.DONE if over else BackfillState.RUNNING
    cursor_id, created = cursor or (place.cursor_id, place.cursor_created)
    done = await tx.execute(
        f"update mirror_backfills set state = %s, cursor_id = %s, cursor_created = %s, done = done + %s, "  # noqa: S608 - the texts above
        f"pages = pages + 1, failures = 0, error = null, updated = %s, finished = %s, next_at = %s, {_FREE} "
        f"where {_MINE}",
        (
            state, cursor_id, created, rows, at, at if over else None, at,
            organisation_id, place.livemode, place.object, lease,
        ),
    )  # fmt: skip
    return done.rowcount == 1


async def move(tx: Tx, organisation_id: str, lease: str, place: Place, *, bound: datetime | None, at: datetime) -> None:
    """The cursor's object is gone: read on by time of creation, or from the start where the list knows none."""
    await tx.execute(
        f"update mirror_backfills set cursor_id = null, cursor_bound = %s, "  # noqa: S608 - the texts above
        f"done = case when %s::timestamptz is null then 0 else done end, updated = %s, {_FREE} where {_MINE}",
        (bound, bound, at, organisation_id, place.livemode, place.object, lease),
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
    finished = None if state is BackfillState.RUNNING else at
    await tx.execute(
        f"update mirror_backfills set state = %s, error = %s, failures = failures + 1, next_at = %s, updated = %s, "  # noqa: S608 - the texts above
        f"finished = %s, {_FREE} where {_MINE}",
        (state, Jsonb(error), next_at, at, finished, organisation_id, place.livemode, place.object, lease),
    )


async def progress(tx: Tx, livemode: bool | None) -> Sequence[Progress]:
    rows = await tx.execute(
        "select * from mirror_backfills where %s::boolean is null or livemode = %s order by livemode, position",
        (livemode, livemode),
    )
    return [
        Progress(
            r["livemode"], r["object"], BY_OBJECT[r["object"]].plural if r["object"] in BY_OBJECT else r["object"],
            BackfillState(r["state"]), r["done"], r["estimate"], r["pages"], r["failures"], r["error"],
            r["began"], r["updated"], r["finished"],
        )
        async for r in rows
    ]  # fmt: skip
