"""The receipts' and the unfinished deletions' only SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from tillwright.domains.audit import Actor
from tillwright.domains.removal.receipt import Receipt
from tillwright.domains.removal.unfinished import Unfinished
from tillwright.gateways.database import Tx


async def insert(tx: Tx, organisation_id: str, receipt: Receipt, connected: datetime) -> None:
    """`connected` is when the deleted integration was made: what tells it from a later one."""
    await tx.execute(
        "insert into removals (organisation_id, id, partner, service, receipt, at, by_name, connected) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (id) do nothing",
        (
            organisation_id,
            receipt.id,
            receipt.partner,
            receipt.service,
            Jsonb(receipt.as_json()),
            receipt.at,
            receipt.by,
            connected,
        ),
    )


async def recent(tx: Tx, organisation_id: str, limit: int) -> Sequence[Receipt]:
    """Receipts, newest first."""
    rows = await (
        await tx.execute(
            "select receipt from removals where organisation_id = %s order by at desc, id desc limit %s",
            (organisation_id, limit),
        )
    ).fetchall()
    return [Receipt.from_json(row["receipt"]) for row in rows]


async def receipt(tx: Tx, organisation_id: str, receipt_id: str) -> Receipt | None:
    row = await (
        await tx.execute(
            "select receipt from removals where organisation_id = %s and id = %s for update",
            (organisation_id, receipt_id),
        )
    ).fetchone()
    return Receipt.from_json(row["receipt"]) if row else None


async def rewrite(tx: Tx, organisation_id: str, changed: Receipt) -> None:
    """A line was done since."""
    await tx.execute(
        "update removals set receipt = %s where organisation_id = %s and id = %s",
        (Jsonb(changed.as_json()), organisation_id, changed.id),
    )


async def noted_since(tx: Tx, since: datetime) -> Sequence[dict[str, Any]]:
    """What the ledger is to hold of every organisation's deletions, oldest first."""
    rows = await (await tx.execute("select * from removals_since(%s)", (since,))).fetchall()
    return [
        {
            "id": row["id"],
            "organisation": row["organisation_id"],
            "partner": row["partner"],
            "service": row["service"],
            "connected": row["connected"].isoformat(),
            "at": row["at"].isoformat(),
        }
        for row in rows
    ]


async def begin(tx: Tx, work: Unfinished) -> Unfinished:
    """Keep it, unless one was begun before for the same integration: then that one."""
    await tx.execute(
        "insert into unfinished_removals (organisation_id, id, partner, service, phase, actor_kind, actor_id, "
        "actor_name, begun, due) values (%s, %s, %s, %s, 'HERE', %s, %s, %s, %s, %s) "
        "on conflict (organisation_id, partner, service) where phase = 'HERE' do nothing",
        (
            work.organisation_id,
            work.id,
            work.partner,
            work.service,
            work.actor.kind,
            work.actor.id,
            work.actor.name,
            work.begun,
            work.due,
        ),
    )
    row = await (
        await tx.execute(
            "select * from unfinished_removals where organisation_id = %s and partner = %s and service = %s "
            "and phase = 'HERE'",
            (work.organisation_id, work.partner, work.service),
        )
    ).fetchone()
    return _unfinished(row) if row else work


async def due(tx: Tx, at: datetime, limit: int) -> Sequence[tuple[str, str]]:
    """(organisation, id) of what somebody should go on with, over all organisations."""
    rows = await (await tx.execute("select * from unfinished_removals_due(%s, %s)", (at, limit))).fetchall()
    return [(row["organisation_id"], row["id"]) for row in rows]


async def claim(tx: Tx, organisation_id: str, work_id: str, at: datetime, until: datetime) -> Unfinished | None:
    """Take it until then; None if somebody else did."""
    row = await (
        await tx.execute(
            "update unfinished_removals set due = %s, attempts = attempts + 1 "
            "where organisation_id = %s and id = %s and due <= %s returning *",
            (until, organisation_id, work_id, at),
        )
    ).fetchone()
    return _unfinished(row) if row else None


async def hold(tx: Tx, work: Unfinished) -> bool:
    """Held until commit; False if it was erased by somebody else meanwhile."""
    row = await (
        await tx.execute(
            "select id from unfinished_removals where organisation_id = %s and id = %s and phase = 'HERE' for update",
            (work.organisation_id, work.id),
        )
    ).fetchone()
    return row is not None


async def put_off(tx: Tx, work: Unfinished, due: datetime) -> None:
    await tx.execute(
        "update unfinished_removals set due = %s where organisation_id = %s and id = %s",
        (due, work.organisation_id, work.id),
    )


async def leave_at_stripe(tx: Tx, work: Unfinished) -> None:
    """Erased here; the rest is for later."""
    await tx.execute(
        "update unfinished_removals set phase = 'AT_STRIPE', due = %s, attempts = 0, livemode = %s, account_id = %s, "
        "sealed_key = %s, hooks = %s, links = %s where organisation_id = %s and id = %s",
        (
            work.due,
            work.livemode,
            work.account_id,
            work.sealed_key,
            list(work.hooks),
            Jsonb(work.links),
            work.organisation_id,
            work.id,
        ),
    )


async def end(tx: Tx, work: Unfinished) -> bool:
    """Over: the key is overwritten, then the row goes. False if it was over already."""
    where = (work.organisation_id, work.id)
    await tx.execute("update unfinished_removals set sealed_key = '' where organisation_id = %s and id = %s", where)
    done = await tx.execute("delete from unfinished_removals where organisation_id = %s and id = %s", where)
    return done.rowcount == 1


def _unfinished(row: dict[str, Any]) -> Unfinished:
    actor = Actor(row["actor_kind"], row["actor_id"], row["actor_name"])
    work = Unfinished(
        row["organisation_id"], row["id"], row["partner"], row["service"], row["phase"], actor, row["begun"], row["due"]
    )
    sealed = row["sealed_key"]
    return replace(
        work,
        attempts=row["attempts"],
        livemode=row["livemode"],
        account_id=row["account_id"],
        sealed_key=bytes(sealed) if sealed else None,
        hooks=tuple(row["hooks"]),
        links=tuple((account, client) for account, client in row["links"]),
    )
