"""The proof's only SQL: how far each type is compared, what had drifted, and what the mirror has beside a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tillwright.domains.mirror.backfill.pages import BEFORE_ALL, Place, Read
from tillwright.domains.mirror.kinds import KINDS
from tillwright.domains.mirror.model import Key
from tillwright.domains.mirror.proof.compare import Drift, Finding, Ours
from tillwright.domains.mirror.proof.model import DriftRow, Month, Proof
from tillwright.gateways.database import Tx

LEASE = timedelta(seconds=90)
_PROVABLE = [kind.object for kind in KINDS]


@dataclass(frozen=True, slots=True)
class Turn:
    """A page to compare: where it is, in which pass, and since when that pass goes; `over`: there is none left."""

    place: Place
    number: int
    began: datetime
    over: bool = False

    def ends(self, page: Read) -> bool:
        """Whether the pass is over with this page: the last one, and nothing of a parent's or a clock's behind it."""
        return self.over or (not page.more and self.place.parent_id is None and not self.place.clocks_follow)


async def begin(tx: Tx, organisation_id: str, at: datetime) -> None:
    """A row for each list that was read to its end and has none yet."""
    await tx.execute(
        "insert into mirror_proofs (organisation_id, livemode, object, next_at) select organisation_id, livemode, "
        "object, %s from mirror_backfills where organisation_id = %s and state = 'DONE' and object = any(%s) "
        "on conflict do nothing",
        (at, organisation_id, _PROVABLE),
    )


async def now_due(tx: Tx, organisation_id: str, livemode: bool | None, at: datetime) -> None:
    """Let a new pass begin at once, of every type or of a mode's; a page on its way to somebody is of none."""
    await tx.execute(
        "update mirror_proofs set next_at = %s, lease = null, leased_until = null, cursor_id = null, "
        "parent_id = null, cursor_created = null, bound = null, began = null, rows = 0, drift = 0, pages = 0, "
        "failures = 0 "
        "where organisation_id = %s and (%s::boolean is null or livemode = %s)",
        (at, organisation_id, livemode, livemode),
    )


async def unfinished(tx: Tx, organisation_id: str, livemode: bool | None, since: datetime) -> bool:
    """Whether a list that was read is not compared to its end since then, and nothing stands in its way."""
    rows = await tx.execute(
        "select 1 from mirror_proofs p where organisation_id = %s and (%s::boolean is null or livemode = %s) "
        "and failures = 0 and coalesce(proven_from, '-infinity') < %s and exists (select 1 from mirror_backfills b "
        "where b.organisation_id = p.organisation_id and b.livemode = p.livemode and b.object = p.object "
        "and b.state = 'DONE') limit 1",
        (organisation_id, livemode, livemode, since),
    )
    return await rows.fetchone() is not None


async def organisations(tx: Tx, at: datetime) -> Sequence[str]:
    rows = await tx.execute("select organisation_id from organisations_to_prove(%s)", (at,))
    return [row["organisation_id"] async for row in rows]


async def claim(tx: Tx, organisation_id: str, lease: str, at: datetime) -> Turn | None:
    """The type that waits longest, while nothing of it is being read for the first time or once more."""
    rows = await tx.execute(
        "update mirror_proofs set lease = %s, leased_until = %s, began = coalesce(began, %s) "
        "where (organisation_id, livemode, object) = (select organisation_id, livemode, object from mirror_proofs p "
        "where organisation_id = %s and next_at <= %s and (leased_until is null or leased_until <= %s) "
        "and exists (select 1 from mirror_backfills b where b.organisation_id = p.organisation_id "
        "and b.livemode = p.livemode and b.object = p.object and b.state = 'DONE') "
        "order by next_at, object limit 1 for update skip locked) returning *",
        (lease, at + LEASE, at, organisation_id, at, at),
    )
    r = await rows.fetchone()
    if r is None:
        return None
    place = Place(
        r["livemode"], r["object"], 1, None, r["bound"], None, r["parent_id"], r["cursor_id"], r["cursor_created"],
        r["rows"], r["failures"],
    )  # fmt: skip
    return Turn(place, r["pass"], r["began"])


async def ours(tx: Tx, organisation_id: str, livemode: bool, object_type: str, ids: Sequence[str]) -> dict[str, Ours]:
    rows = await tx.execute(
        "select m.id, digest, deleted, event_received, fetched_at, body, exists (select 1 from mirror_refetches f "
        "where f.organisation_id = m.organisation_id and f.livemode = m.livemode and f.object = m.object "
        "and f.id = m.id) as in_doubt from mirror_objects m where organisation_id = %s and livemode = %s "
        "and object = %s and id = any(%s)",
        (organisation_id, livemode, object_type, list(ids)),
    )
    return {
        r["id"]: Ours(r["digest"], r["deleted"], r["event_received"], r["fetched_at"], r["in_doubt"], r["body"])
        async for r in rows
    }


async def unseen(tx: Tx, organisation_id: str, turn: Turn, most: int) -> Sequence[str]:
    """Objects that are here and were in no page of the pass, though nothing changed them since it began.

    Those first that nobody asked for the longest: what no list ever has must not keep what vanished from its turn.
    """
    rows = await tx.execute(
        "select id from mirror_objects where organisation_id = %s and livemode = %s and object = %s and not deleted "
        "and coalesce(fetched_at, '-infinity') < %s and coalesce(event_received, '-infinity') < %s "
        "order by fetched_at nulls first, id limit %s",
        (organisation_id, turn.place.livemode, turn.place.object, turn.began, turn.began, most),
    )
    return [row["id"] async for row in rows]


_MINE = "organisation_id = %s and livemode = %s and object = %s and lease = %s"


async def advance(
    tx: Tx, organisation_id: str, lease: str, turn: Turn, page: Read, drift: int, *, next_at: datetime, at: datetime
) -> bool:
    """Note a page as compared; behind the last one the pass is over. False if the lease ran out."""
    place, over = turn.place, turn.ends(page)
    # Behind the last page of a plain list comes what it leaves out for living on test clocks.
    parent_id = BEFORE_ALL if place.clocks_follow and not page.more and not over else place.parent_id
    fresh = over or parent_id != place.parent_id
    cursor_id = page.cursor_id if page.more else None  # behind the last page of a parent's list comes the next parent
    mine = (organisation_id, place.livemode, place.object, lease)
    row = await (
        await tx.execute(
            "update mirror_proofs set rows = rows + %s, drift = drift + %s, pages = pages + %s, parent_id = %s, "  # noqa: S608 - the text above
            "cursor_id = %s, cursor_created = %s, bound = case when %s then null else bound end, failures = 0, "
            f"error = null, lease = null, leased_until = null, next_at = %s where {_MINE} returning rows, drift",
            (
                len(page.copies), drift, int(not turn.over), parent_id, cursor_id,
                page.last if cursor_id else None, fresh, next_at, *mine,
            ),
        )
    ).fetchone()  # fmt: skip
    if row is None:
        return False
    if over:
        await tx.execute(
            "update mirror_proofs set proven_at = %s, proven_rows = rows, proven_drift = drift, proven_pages = pages, "
            "proven_from = began, rows = 0, drift = 0, pages = 0, began = null, pass = pass + 1 "
            "where organisation_id = %s and livemode = %s and object = %s",
            (at, *mine[:3]),
        )
    return True


async def note_months(
    tx: Tx, organisation_id: str, turn: Turn, rows: Counter[date], drift: Counter[date], at: datetime
) -> None:
    async with tx.cursor() as cursor:
        await cursor.executemany(
            "insert into mirror_proof_months as m (organisation_id, livemode, object, month, pass, rows, drift, "
            "proven_at) values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (organisation_id, livemode, object, month) "
            "do update set rows = case when m.pass = excluded.pass then m.rows else 0 end + excluded.rows, "
            "drift = case when m.pass = excluded.pass then m.drift else 0 end + excluded.drift, "
            "pass = excluded.pass, proven_at = excluded.proven_at",
            [
                (
                    organisation_id, turn.place.livemode, turn.place.object, month, turn.number, count, drift[month],
                    at,
                )
                for month, count in sorted(rows.items())
            ],
        )  # fmt: skip


async def note_drift(
    tx: Tx, organisation_id: str, found: Sequence[Finding], mended: Sequence[bool], at: datetime
) -> None:
    """Remember what had drifted; `mended` says for each whether its copy was written at once."""
    await _insert(
        tx,
        organisation_id,
        [
            (each.copy.key, each.drift, each.fields, at if done else None)
            for each, done in zip(found, mended, strict=True)
        ],
        at,
    )


async def note_unseen(tx: Tx, organisation_id: str, keys: Sequence[Key], at: datetime) -> None:
    await _insert(tx, organisation_id, [(key, Drift.VANISHED, (), None) for key in keys], at)


async def _insert(
    tx: Tx, organisation_id: str, rows: Sequence[tuple[Key, Drift, Sequence[str], datetime | None]], at: datetime
) -> None:
    if rows:
        async with tx.cursor() as cursor:
            await cursor.executemany(
                "insert into mirror_drifts (organisation_id, livemode, object, id, drift, fields, found, mended) "
                "values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
                [(organisation_id, *key, drift, list(fields), at, mended) for key, drift, fields, mended in rows],
            )


async def settle(tx: Tx, organisation_id: str, at: datetime, late: timedelta) -> int:
    """Look at drift again after a while; returns how much of it was none.

    An event about that very time came late: no drift. What was not in any page is drift only if Stripe, asked for it by
    its id, says that it is gone. What was in doubt is mended once it was fetched.
    """
    await tx.execute(
        "update mirror_drifts d set mended = m.fetched_at from mirror_objects m where d.organisation_id = %s "
        "and d.mended is null and m.organisation_id = d.organisation_id and m.livemode = d.livemode "
        "and m.object = d.object and m.id = d.id and m.fetched_at > d.found and (m.deleted or d.drift <> 'VANISHED')",
        (organisation_id,),
    )
    none = await tx.execute(
        "delete from mirror_drifts d using mirror_objects m where d.organisation_id = %s and d.settled is null "
        "and m.organisation_id = d.organisation_id and m.livemode = d.livemode and m.object = d.object and m.id = d.id "
        "and (m.event_created between d.found - %s and d.found + %s and m.event_received > d.found "
        "or d.drift = 'VANISHED' and not m.deleted and m.fetched_at > d.found)",
        (organisation_id, late, late),
    )
    await tx.execute(
        "update mirror_drifts set settled = %s where organisation_id = %s and settled is null and mended is not null "
        "and found < %s",
        (at, organisation_id, at - late),
    )
    return none.rowcount


async def fail(
    tx: Tx,
    organisation_id: str,
    lease: str,
    turn: Turn,
    error: dict[str, Any],
    *,
    bound: datetime | None,
    next_at: datetime,
) -> None:
    """Come again later; with `bound`, by time of creation, because the cursor's object is gone."""
    await tx.execute(
        "update mirror_proofs set error = %s, failures = failures + 1, next_at = %s, bound = coalesce(%s, bound), "  # noqa: S608 - the text above
        f"cursor_id = case when %s::timestamptz is null then cursor_id end, lease = null, leased_until = null "
        f"where {_MINE}",
        (Jsonb(error), next_at, bound, bound, organisation_id, turn.place.livemode, turn.place.object, lease),
    )  # fmt: skip


async def skip_parent(tx: Tx, organisation_id: str, lease: str, turn: Turn, next_at: datetime) -> None:
    """The parent is gone, and its list with it: go on with the next one."""
    await tx.execute(
        f"update mirror_proofs set parent_id = %s, cursor_id = null, next_at = %s, lease = null, leased_until = null "  # noqa: S608 - the text above
        f"where {_MINE}",
        (turn.place.parent_id, next_at, organisation_id, turn.place.livemode, turn.place.object, lease),
    )


async def restart(tx: Tx, organisation_id: str, lease: str, turn: Turn, next_at: datetime) -> None:
    """A list without times whose cursor is gone is compared from its start."""
    await tx.execute(
        "update mirror_proofs set cursor_id = null, parent_id = null, bound = null, rows = 0, drift = 0, "  # noqa: S608 - the text above
        f"pages = 0, began = null, next_at = %s, lease = null, leased_until = null where {_MINE}",
        (next_at, organisation_id, turn.place.livemode, turn.place.object, lease),
    )


async def proofs(tx: Tx, livemode: bool | None) -> Sequence[Proof]:
    rows = await tx.execute(
        "select p.*, d.unmended, d.drifted, d.asked_for from mirror_proofs p cross join lateral (select "
        "count(*) filter (where mended is null and drift <> 'VANISHED') as unmended, "
        "count(*) filter (where mended is null and drift = 'VANISHED') as asked_for, "
        "count(*) filter (where found >= coalesce(p.proven_from, p.began) "
        "and (mended is not null or drift <> 'VANISHED')) as drifted "
        "from mirror_drifts d where d.livemode = p.livemode and d.object = p.object) d "
        "where %s::boolean is null or livemode = %s order by livemode, object",
        (livemode, livemode),
    )
    return [
        Proof(
            r["livemode"], r["object"], r["proven_at"], r["proven_rows"], r["proven_pages"], r["drifted"],
            r["unmended"], r["asked_for"], r["rows"] if r["began"] else None, r["began"], r["proven_from"], r["error"],
        )
        async for r in rows
    ]  # fmt: skip


async def months(tx: Tx, livemode: bool, object_type: str) -> Sequence[Month]:
    rows = await tx.execute(
        "select month, rows, drift, proven_at from mirror_proof_months where livemode = %s and object = %s "
        "order by month desc",
        (livemode, object_type),
    )
    return [Month(r["month"], r["rows"], r["drift"], r["proven_at"]) async for r in rows]


async def drifts(tx: Tx, livemode: bool | None, limit: int) -> Sequence[DriftRow]:
    rows = await tx.execute(
        "select * from mirror_drifts where %s::boolean is null or livemode = %s order by found desc, id limit %s",
        (livemode, livemode, limit),
    )
    return [
        DriftRow(
            r["livemode"], r["object"], r["id"], Drift(r["drift"]), tuple(r["fields"]), r["found"], r["mended"],
            r["settled"],
        )
        async for r in rows
    ]  # fmt: skip
