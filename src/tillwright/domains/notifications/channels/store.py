"""The only SQL of channels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tillwright.domains.notifications.channels.model import Hook, Sealed
from tillwright.domains.notifications.model import Channel
from tillwright.gateways.database import Tx


def _sealed(row: dict[str, Any]) -> Sealed:
    hook = Hook(
        Channel(row["kind"]), row["enabled"], row["shown"], row["secret"] is not None, row["updated"], row["updated_by"]
    )
    return Sealed(hook, bytes(row["url"]), bytes(row["secret"]) if row["secret"] is not None else None)


async def all_of(tx: Tx, organisation_id: str) -> Sequence[Sealed]:
    rows = await (
        await tx.execute(
            "select * from notification_channels where organisation_id = %s "
            "order by array_position(array['WEBHOOK', 'SLACK', 'MICROSOFT_TEAMS'], kind)",
            (organisation_id,),
        )
    ).fetchall()
    return [_sealed(row) for row in rows]


async def one(tx: Tx, organisation_id: str, kind: Channel) -> Sealed | None:
    row = await (
        await tx.execute(
            "select * from notification_channels where organisation_id = %s and kind = %s", (organisation_id, kind)
        )
    ).fetchone()
    return _sealed(row) if row else None


async def put(
    tx: Tx,
    organisation_id: str,
    kind: Channel,
    *,
    enabled: bool,
    url: bytes,
    shown: str,
    secret: bytes | None,
    at: datetime,
    by: str,
) -> None:
    await tx.execute(
        "insert into notification_channels (organisation_id, kind, enabled, url, shown, secret, updated, updated_by) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (organisation_id, kind) do update set "
        "enabled = excluded.enabled, url = excluded.url, shown = excluded.shown, secret = excluded.secret, "
        "updated = excluded.updated, updated_by = excluded.updated_by",
        (organisation_id, kind, enabled, url, shown, secret, at, by),
    )


async def delete(tx: Tx, organisation_id: str, kind: Channel) -> bool:
    done = await tx.execute(
        "delete from notification_channels where organisation_id = %s and kind = %s", (organisation_id, kind)
    )
    return done.rowcount == 1
