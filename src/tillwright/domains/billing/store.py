"""The effects' only SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from tillwright.domains.billing.model import Effect, EffectState
from tillwright.gateways.database import Tally, Tx, tally


async def insert(tx: Tx, effect: Effect) -> None:
    """Records the effect unless it is recorded already."""
    await tx.execute(
        "insert into effects (id, organisation_id, run_id, step, attempt, idempotency_key, livemode, account_id, "
        "method, path, params, state, created) values (%(id)s, %(organisation_id)s, %(run_id)s, %(step)s, "
        "%(attempt)s, %(idempotency_key)s, %(livemode)s, %(account_id)s, %(method)s, %(path)s, %(params)s, %(state)s, "
        "%(created)s) on conflict do nothing",
        asdict(effect) | {"params": Jsonb(effect.params)},
    )


async def lock(tx: Tx, organisation_id: str, effect_id: str) -> Effect | None:
    """The effect, held until the transaction's end."""
    return await _one(
        tx,
        "select * from effects where organisation_id = %s and id = %s for update",
        organisation_id,
        effect_id,
    )


async def find(tx: Tx, organisation_id: str, effect_id: str) -> Effect | None:
    return await _one(tx, "select * from effects where organisation_id = %s and id = %s", organisation_id, effect_id)


async def begin_sending(tx: Tx, organisation_id: str, effect_id: str, at: datetime) -> None:
    await tx.execute(
        # Without its error a pending effect counts as sent with no clear end, should this process die now.
        "update effects set sends = sends + 1, first_sent = coalesce(first_sent, %s), last_sent = %s, error = null "
        "where organisation_id = %s and id = %s",
        (at, at, organisation_id, effect_id),
    )


async def restart_key(tx: Tx, organisation_id: str, effect_id: str, at: datetime) -> None:
    """Begins a sending whose key Stripe has forgotten, after it was seen that the effect did not take place."""
    await tx.execute(
        "update effects set sends = sends + 1, first_sent = %s, last_sent = %s, error = null "
        "where organisation_id = %s and id = %s",
        (at, at, organisation_id, effect_id),
    )


async def stand(
    tx: Tx,
    organisation_id: str,
    effect_id: str,
    state: EffectState,
    *,
    answer: dict[str, Any] | None,
    error: dict[str, Any] | None,
    settled: datetime | None,
) -> None:
    """Writes how the effect stands, unless it was settled meanwhile; that Stripe did it outweighs everything else."""
    await tx.execute(
        "update effects set state = %s, answer = %s, error = %s, settled = %s "
        "where organisation_id = %s and id = %s "
        "and (state in ('PENDING', 'UNKNOWN') or (state = 'REFUSED' and %s = 'DONE'))",
        (
            state,
            Jsonb(answer) if answer is not None else None,
            Jsonb(error) if error is not None else None,
            settled,
            organisation_id,
            effect_id,
            state,
        ),
    )


async def of_run(tx: Tx, organisation_id: str, run_id: str) -> Sequence[Effect]:
    """A run's effects in the order they were recorded."""
    rows = await (
        await tx.execute(
            "select * from effects where organisation_id = %s and run_id = %s order by created, id",
            (organisation_id, run_id),
        )
    ).fetchall()
    return [Effect(**row) for row in rows]


async def account_of(tx: Tx, organisation_id: str, run_id: str) -> str | None:
    """The account of a run's first effect; None if it has none."""
    row = await (
        await tx.execute(
            "select account_id from effects where organisation_id = %s and run_id = %s order by created, id limit 1",
            (organisation_id, run_id),
        )
    ).fetchone()
    return row["account_id"] if row else None


async def under(tx: Tx, organisation_id: str, run_id: str, prefix: str) -> Sequence[Effect]:
    """A run's effects whose step begins with a prefix, in the order they were recorded."""
    rows = await (
        await tx.execute(
            "select * from effects where organisation_id = %s and run_id = %s and starts_with(step, %s) "
            "order by created, id",
            (organisation_id, run_id, prefix),
        )
    ).fetchall()
    return [Effect(**row) for row in rows]


async def unknown(tx: Tx, organisation_id: str, before: datetime, limit: int) -> Sequence[Effect]:
    """Effects of unknown outcome that were last sent before a time, oldest first."""
    rows = await (
        await tx.execute(
            "select * from effects where organisation_id = %s and state = 'UNKNOWN' and last_sent < %s "
            "order by last_sent limit %s",
            (organisation_id, before, limit),
        )
    ).fetchall()
    return [Effect(**row) for row in rows]


async def open_refunds(tx: Tx, organisation_id: str) -> Sequence[Effect]:
    """Refunds that were sent and are not settled."""
    rows = await (
        await tx.execute(
            "select * from effects where organisation_id = %s and state in ('PENDING', 'UNKNOWN') and sends > 0 "
            "and (path = '/v1/refunds' or path like '/v1/charges/%%/refund%%') order by created, id",
            (organisation_id,),
        )
    ).fetchall()
    return [Effect(**row) for row in rows]


async def run_of_key(tx: Tx, organisation_id: str, idempotency_key: str) -> str | None:
    row = await (
        await tx.execute(
            "select run_id from effects where organisation_id = %s and idempotency_key = %s",
            (organisation_id, idempotency_key),
        )
    ).fetchone()
    return row["run_id"] if row else None


async def organisations_with_unknown(tx: Tx) -> Sequence[str]:
    rows = await (await tx.execute("select organisation_id from organisations_with_unknown_effects()")).fetchall()
    return [row["organisation_id"] for row in rows]


async def held(tx: Tx, organisation_id: str) -> Tally:
    return await tally(tx, "effects", organisation_id)


async def delete_all(tx: Tx, organisation_id: str) -> int:
    return (await tx.execute("delete from effects where organisation_id = %s", (organisation_id,))).rowcount


async def _one(tx: Tx, query: LiteralString, organisation_id: str, effect_id: str) -> Effect | None:
    row = await (await tx.execute(query, (organisation_id, effect_id))).fetchone()
    return Effect(**row) if row else None
