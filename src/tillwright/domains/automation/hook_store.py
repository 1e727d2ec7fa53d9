"""The only SQL on what calls workflows from outside, and the only place that seals and opens its secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tillwright.gateways.database import Tx
from tillwright.kit.seal import Seal, Secret

OVERLAP = timedelta(hours=24)
"""How long deliveries signed with the secret before are accepted."""
_PARTNER = "WORKFLOW"


@dataclass(frozen=True)
class Hook:
    """A workflow's address for deliveries; `earlier_until`: till when the secret before is good, None if there is none.

    `renewed` is when the secret was made.
    """

    organisation_id: str
    workflow_id: str
    created: datetime
    renewed: datetime
    earlier_until: datetime | None
    last_delivery: datetime | None


def _hook(row: Mapping[str, Any]) -> Hook:
    return Hook(
        row["organisation_id"], row["workflow_id"], row["created"], row["renewed"], row["earlier_until"],
        row["last_delivery"],
    )  # fmt: skip


async def put(tx: Tx, organisation_id: str, workflow_id: str, secret: Secret, seal: Seal, at: datetime) -> None:
    """Open the address, or give it another secret; the one before stays good for a while."""
    sealed = seal.close(secret, organisation=organisation_id, partner=_PARTNER, purpose=workflow_id)
    await tx.execute(
        "insert into workflow_hooks (organisation_id, workflow_id, sealed_secret, created, renewed) "
        "values (%s, %s, %s, %s, %s) on conflict (organisation_id, workflow_id) do update set "
        "earlier_sealed = workflow_hooks.sealed_secret, earlier_until = %s, sealed_secret = excluded.sealed_secret, "
        "renewed = excluded.renewed",
        (organisation_id, workflow_id, sealed, at, at, at + OVERLAP),
    )


async def of(tx: Tx, organisation_id: str, workflow_id: str) -> Hook | None:
    row = await _row(tx, organisation_id, workflow_id)
    return _hook(row) if row else None


async def keys(tx: Tx, organisation_id: str, workflow_id: str, seal: Seal, at: datetime) -> Sequence[Secret]:
    """What deliveries may be signed with now; empty if the workflow has no address."""
    row = await _row(tx, organisation_id, workflow_id)
    if row is None:
        return []
    sealed = [row["sealed_secret"]]
    if row["earlier_sealed"] and row["earlier_until"] and at < row["earlier_until"]:
        sealed.append(row["earlier_sealed"])
    return [
        seal.open(bytes(one), organisation=organisation_id, partner=_PARTNER, purpose=workflow_id) for one in sealed
    ]


async def delivered(tx: Tx, organisation_id: str, workflow_id: str, at: datetime) -> None:
    await tx.execute(
        "update workflow_hooks set last_delivery = %s where organisation_id = %s and workflow_id = %s",
        (at, organisation_id, workflow_id),
    )


async def delete(tx: Tx, organisation_id: str, workflow_id: str) -> bool:
    gone = await tx.execute(
        "delete from workflow_hooks where organisation_id = %s and workflow_id = %s", (organisation_id, workflow_id)
    )
    return gone.rowcount == 1


async def _row(tx: Tx, organisation_id: str, workflow_id: str) -> Mapping[str, Any] | None:
    found = await tx.execute(
        "select * from workflow_hooks where organisation_id = %s and workflow_id = %s", (organisation_id, workflow_id)
    )
    return await found.fetchone()
