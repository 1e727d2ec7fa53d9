"""The integrations' only SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from tillwright.domains.integrations.model import Integration, Previous, Settings
from tillwright.gateways.database import Tx


async def insert(tx: Tx, integration: Integration) -> bool:
    """False if the organisation has one for this partner and service."""
    done = await tx.execute(
        "insert into integrations (organisation_id, partner, service, status, livemode, account_id, account_name, "
        "publishable_key, key_kind, key_hint, api_version, version, created, created_by, updated, updated_by, "
        "settings, details) values "
        "(%(organisation_id)s, %(partner)s, %(service)s, %(status)s, %(livemode)s, %(account_id)s, "
        "%(account_name)s, %(publishable_key)s, %(key_kind)s, %(key_hint)s, %(api_version)s, %(version)s, %(created)s, "
        "%(created_by)s, %(updated)s, %(updated_by)s, %(settings)s, %(details)s) on conflict do nothing",
        asdict(integration)
        | {"settings": Jsonb(asdict(integration.settings)), "previous": None, "details": Jsonb(integration.details)},
    )
    return done.rowcount == 1


async def find(tx: Tx, organisation_id: str, partner: str, service: str, *, lock: bool = False) -> Integration | None:
    query: LiteralString = "select * from integrations where organisation_id = %s and partner = %s and service = %s"
    if lock:
        query += " for update"
    row = await (await tx.execute(query, (organisation_id, partner, service))).fetchone()
    return _integration(row) if row else None


async def all_of(tx: Tx, organisation_id: str) -> Sequence[Integration]:
    rows = await (
        await tx.execute(
            "select * from integrations where organisation_id = %s order by partner, service",
            (organisation_id,),
        )
    ).fetchall()
    return [_integration(row) for row in rows]


async def with_keys_over(tx: Tx, at: datetime) -> Sequence[str]:
    """The organisations that hold earlier keys whose time is over."""
    rows = await tx.execute("select organisation_id from organisations_with_keys_over(%s)", (at,))
    return [row["organisation_id"] async for row in rows]


async def update(tx: Tx, integration: Integration) -> None:
    """Writes everything that can change."""
    await tx.execute(
        "update integrations set status = %s, livemode = %s, account_id = %s, account_name = %s, publishable_key = %s, "
        "key_kind = %s, key_hint = %s, settings = %s, previous = %s, details = %s, version = %s, updated = %s, "
        "updated_by = %s "
        "where organisation_id = %s and partner = %s and service = %s",
        (
            integration.status,
            integration.livemode,
            integration.account_id,
            integration.account_name,
            integration.publishable_key,
            integration.key_kind,
            integration.key_hint,
            Jsonb(asdict(integration.settings)),
            Jsonb(integration.previous.as_json()) if integration.previous else None,
            Jsonb(integration.details),
            integration.version,
            integration.updated,
            integration.updated_by,
            integration.organisation_id,
            integration.partner,
            integration.service,
        ),
    )


async def delete(tx: Tx, organisation_id: str, partner: str, service: str) -> bool:
    done = await tx.execute(
        "delete from integrations where organisation_id = %s and partner = %s and service = %s",
        (organisation_id, partner, service),
    )
    return done.rowcount == 1


def _integration(row: dict[str, Any]) -> Integration:
    given: dict[str, Any] = dict(row)
    given["settings"] = Settings(**row["settings"])
    given["previous"] = Previous.from_json(row["previous"]) if row["previous"] else None
    return Integration(**given)
