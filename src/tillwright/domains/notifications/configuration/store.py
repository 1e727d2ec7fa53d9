"""The only SQL of the notification settings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tillwright.domains.notifications.catalogue import catalogue
from tillwright.domains.notifications.configuration.model import Configuration, ScopeSettings, Settings, default
from tillwright.gateways.database import Tx


async def read(tx: Tx, organisation_id: str) -> Configuration:
    """What holds: every scope there is, with its own settings or the ones it comes with."""
    row = await (
        await tx.execute(
            "select enabled, digest_hour, quiet_from, quiet_to from notification_settings where organisation_id = %s",
            (organisation_id,),
        )
    ).fetchone()
    rows = await (
        await tx.execute("select * from notification_scopes where organisation_id = %s", (organisation_id,))
    ).fetchall()
    own = {one["scope"]: _scope(one) for one in rows}
    scopes = {name: own.get(name) or default(scope) for name, scope in catalogue().items()}
    return Configuration(Settings(**row) if row else Settings(), scopes)


def _scope(row: dict[str, Any]) -> ScopeSettings:
    names = ("scope", "enabled", "to", "cc", "bcc", "channels", "digest", "subject", "body")
    return ScopeSettings(**{name: row[name] for name in names})


async def lock(tx: Tx, organisation_id: str) -> None:
    """One change at a time."""
    await tx.execute("select 1 from organisations where id = %s for update", (organisation_id,))


async def write_settings(tx: Tx, organisation_id: str, settings: Settings, at: datetime, by: str) -> None:
    await tx.execute(
        "insert into notification_settings (organisation_id, enabled, digest_hour, quiet_from, quiet_to, updated, "
        "updated_by) values (%s, %s, %s, %s, %s, %s, %s) on conflict (organisation_id) do update set "
        "enabled = excluded.enabled, digest_hour = excluded.digest_hour, quiet_from = excluded.quiet_from, "
        "quiet_to = excluded.quiet_to, updated = excluded.updated, updated_by = excluded.updated_by",
        (organisation_id, *vars(settings).values(), at, by),
    )


async def write_scope(tx: Tx, organisation_id: str, scope: ScopeSettings, at: datetime, by: str) -> None:
    await tx.execute(
        'insert into notification_scopes (organisation_id, scope, enabled, "to", cc, bcc, channels, digest, subject, '
        "body, updated, updated_by) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
        "on conflict (organisation_id, scope) do update set enabled = excluded.enabled, "
        '"to" = excluded."to", cc = excluded.cc, bcc = excluded.bcc, channels = excluded.channels, '
        "digest = excluded.digest, subject = excluded.subject, body = excluded.body, updated = excluded.updated, "
        "updated_by = excluded.updated_by",
        (
            organisation_id, scope.scope, scope.enabled, list(scope.to), list(scope.cc), list(scope.bcc),
            list(scope.channels), scope.digest, scope.subject, scope.body, at, by,
        ),
    )  # fmt: skip


async def organisation(tx: Tx, organisation_id: str) -> tuple[str, str]:
    """Its name and its time zone."""
    row = await (
        await tx.execute("select name, time_zone from organisations where id = %s", (organisation_id,))
    ).fetchone()
    return (row["name"], row["time_zone"]) if row else ("", "UTC")
