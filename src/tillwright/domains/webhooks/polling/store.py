"""The polls' only SQL: how far we asked for events, and which gaps are to be closed otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tillwright.domains.webhooks.polling.window import Window
from tillwright.gateways.database import Tx

LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Poll:
    """How events of a mode are asked for; `brought`: events that no delivery had brought before.

    A gap, if any: from when to when events were lost, when that was found, and when the mirror was whole again but for
    the lists `gap_without`, which could not be read.
    """

    livemode: bool
    account_id: str | None
    seen_until: datetime
    read_from: datetime | None
    read_to: datetime | None
    cursor_id: str | None
    brought: int
    polled: datetime | None
    gap_from: datetime | None
    gap_to: datetime | None
    gap_found: datetime | None
    gap_closed: datetime | None
    gap_without: tuple[str, ...]
    failures: int
    error: dict[str, Any] | None

    @property
    def gap_open(self) -> bool:
        return self.gap_found is not None and self.gap_closed is None

    @property
    def gap_whole(self) -> bool:
        """Whether nothing of a gap is left to be closed."""
        return self.gap_found is None or (self.gap_closed is not None and not self.gap_without)


async def start(tx: Tx, organisation_id: str, livemode: bool, account_id: str | None, at: datetime) -> None:
    """Ask for what happens from now on; where we asked before, go on from there, soon."""
    await tx.execute(
        "insert into event_polls (organisation_id, livemode, account_id, seen_until, next_at) "
        "values (%s, %s, %s, %s, %s) on conflict (organisation_id, livemode) do update set next_at = excluded.next_at, "
        "account_id = coalesce(excluded.account_id, event_polls.account_id)",
        (organisation_id, livemode, account_id, at, at),
    )


async def organisations(tx: Tx, at: datetime) -> Sequence[str]:
    rows = await tx.execute("select organisation_id from organisations_to_poll(%s)", (at,))
    return [row["organisation_id"] async for row in rows]


async def claim(tx: Tx, organisation_id: str, lease: str, at: datetime) -> Poll | None:
    rows = await tx.execute(
        "update event_polls set lease = %s, leased_until = %s where (organisation_id, livemode) = "
        "(select organisation_id, livemode from event_polls where organisation_id = %s and next_at <= %s "
        "and (leased_until is null or leased_until <= %s) order by next_at limit 1 for update skip locked) returning *",
        (lease, at + LEASE, organisation_id, at, at),
    )
    row = await rows.fetchone()
    return _poll(row) if row else None


async def open_window(
    tx: Tx, organisation_id: str, lease: str, poll: Poll, window: Window, at: datetime
) -> Poll | None:
    """Begin a window; a gap before it is noted. None if the lease ran out."""
    rows = await tx.execute(
        "update event_polls set read_from = %s, read_to = %s, cursor_id = null, "
        "gap_from = case when %s::timestamptz is null then gap_from when gap_found is not null and gap_closed is null "
        "then least(gap_from, %s) else %s end, gap_to = case when %s::timestamptz is null then gap_to else %s end, "
        "gap_found = case when %s::timestamptz is null then gap_found else %s end, "
        "gap_closed = case when %s::timestamptz is null then gap_closed end, "
        "gap_without = case when %s::timestamptz is null then gap_without else '{}' end "
        "where organisation_id = %s and livemode = %s and lease = %s returning *",
        (
            window.low, window.high, window.lost, window.lost, window.lost, window.lost, window.low, window.lost, at,
            window.lost, window.lost, organisation_id, poll.livemode, lease,
        ),
    )  # fmt: skip
    row = await rows.fetchone()
    return _poll(row) if row else None


async def advance(
    tx: Tx, organisation_id: str, lease: str, poll: Poll, *, cursor_id: str | None, brought: int, at: datetime
) -> bool:
    """Note a page as read; False if the lease ran out."""
    done = await tx.execute(
        "update event_polls set cursor_id = %s, brought = brought + %s, polled = %s, failures = 0, error = null, "
        "leased_until = %s where organisation_id = %s and livemode = %s and lease = %s",
        (cursor_id, brought, at, at + LEASE, organisation_id, poll.livemode, lease),
    )
    return done.rowcount == 1


async def close_window(tx: Tx, organisation_id: str, lease: str, poll: Poll, next_at: datetime) -> None:
    await tx.execute(
        "update event_polls set seen_until = read_to, read_from = null, read_to = null, cursor_id = null, "
        "lease = null, leased_until = null, next_at = %s where organisation_id = %s and livemode = %s and lease = %s",
        (next_at, organisation_id, poll.livemode, lease),
    )


async def release(
    tx: Tx, organisation_id: str, lease: str, poll: Poll, next_at: datetime, error: dict[str, Any] | None
) -> None:
    """Go on later; after an error the window's cursor is forgotten where the error was about it."""
    said = Jsonb(error) if error else None
    await tx.execute(
        "update event_polls set lease = null, leased_until = null, next_at = %s, error = %s, "
        "failures = case when %s::jsonb is null then failures else failures + 1 end, "
        "cursor_id = case when %s::jsonb->'stripe'->>'param' = 'starting_after' then null else cursor_id end "
        "where organisation_id = %s and livemode = %s and lease = %s",
        (
            next_at, said, said, said, organisation_id, poll.livemode, lease,
        ),
    )  # fmt: skip


async def close_gap(tx: Tx, organisation_id: str, livemode: bool, without: Sequence[str], at: datetime) -> None:
    """The mirror is whole again, but for these lists."""
    await tx.execute(
        "update event_polls set gap_closed = coalesce(gap_closed, %s), gap_without = %s "
        "where organisation_id = %s and livemode = %s",
        (at, list(without), organisation_id, livemode),
    )


async def all_of(tx: Tx, organisation_id: str) -> Sequence[Poll]:
    mine = (organisation_id,)
    rows = await tx.execute("select * from event_polls where organisation_id = %s order by livemode", mine)
    return [_poll(row) async for row in rows]


async def forget(tx: Tx, organisation_id: str) -> None:
    await tx.execute("delete from event_polls where organisation_id = %s", (organisation_id,))


def _poll(row: dict[str, Any]) -> Poll:
    return Poll(
        row["livemode"], row["account_id"], row["seen_until"], row["read_from"], row["read_to"], row["cursor_id"],
        row["brought"], row["polled"], row["gap_from"], row["gap_to"], row["gap_found"], row["gap_closed"],
        tuple(row["gap_without"]), row["failures"], row["error"],
    )  # fmt: skip
