"""The only SQL of contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from tillwright.domains.notifications.contacts.model import Contact
from tillwright.gateways.database import Tx
from tillwright.kit.query import Column, Where, order, where

COLUMNS: Mapping[str, Column] = {
    "id": Column("c.id"),
    "name": Column("c.name"),
    "email_address": Column("c.email"),
    "company_name": Column("c.info->>'companyName'"),
    "role": Column("c.info->>'role'"),
    "tags": Column("array_to_string(c.tags, ' ')"),
    "creation_time": Column("c.created", "time"),
    "last_update_time": Column("c.updated", "time"),
}
_SELECT = (
    "select c.*, array(select b.buyer_id from contact_buyers b where b.organisation_id = c.organisation_id "
    "and b.contact_id = c.id order by b.created, b.buyer_id) as buyers from contacts c "
)


def _contact(row: Mapping[str, Any]) -> Contact:
    return Contact(**{name: row[name] for name in Contact.__dataclass_fields__})


async def directory(tx: Tx, organisation_id: str) -> Sequence[tuple[str, str, str]]:
    """(id, name, address) of all, by name; at most 20,000."""
    rows = await (
        await tx.execute(
            "select id, name, email from contacts where organisation_id = %s order by name, id limit 20000",
            (organisation_id,),
        )
    ).fetchall()
    return [(row["id"], row["name"], row["email"]) for row in rows]


async def addresses(tx: Tx, organisation_id: str, ids: Sequence[str]) -> Mapping[str, str]:
    """The present addresses of these contacts, by id."""
    rows = await (
        await tx.execute(
            "select id, email from contacts where organisation_id = %s and id = any(%s)", (organisation_id, list(ids))
        )
    ).fetchall()
    return {row["id"]: row["email"] for row in rows}


async def insert(tx: Tx, organisation_id: str, contact: Contact) -> None:
    await tx.execute(
        "insert into contacts (organisation_id, id, name, email, info, tags, created, updated) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            organisation_id, contact.id, contact.name, contact.email, Jsonb(contact.info), list(contact.tags),
            contact.created, contact.updated,
        ),
    )  # fmt: skip


async def update(tx: Tx, organisation_id: str, contact: Contact) -> None:
    await tx.execute(
        "update contacts set name = %s, email = %s, info = %s, tags = %s, updated = %s "
        "where organisation_id = %s and id = %s",
        (
            contact.name, contact.email, Jsonb(contact.info), list(contact.tags), contact.updated, organisation_id,
            contact.id,
        ),
    )  # fmt: skip


async def by_id(tx: Tx, organisation_id: str, contact_id: str) -> Contact | None:
    row = await (
        await tx.execute(_SELECT + "where c.organisation_id = %s and c.id = %s", (organisation_id, contact_id))
    ).fetchone()
    return _contact(row) if row else None


async def page(
    tx: Tx,
    organisation_id: str,
    *,
    ids: Sequence[str] | None = None,
    q: str | None = None,
    s: str | None = None,
    limit: int,
    offset: int,
) -> tuple[Sequence[Contact], int]:
    """Contacts that match the filter, by the sort (by default newest last), and how many there are.

    Raises:
        Invalid: filter or sort can't be read.
    """
    asked: Where = where(q, COLUMNS)
    by = order(s, COLUMNS, "c.created, c.id")
    condition = f"where c.organisation_id = %s and (%s::text[] is null or c.id = any(%s)) and ({asked.sql})"
    chosen = list(ids) if ids is not None else None
    given = (organisation_id, chosen, chosen, *asked.values)
    counted = await (await tx.execute(f"select count(*) as n from contacts c {condition}", given)).fetchone()  # noqa: S608
    rows = await (
        await tx.execute(f"{_SELECT}{condition} order by {by} limit %s offset %s", (*given, limit, offset))
    ).fetchall()
    assert counted is not None
    return [_contact(row) for row in rows], counted["n"]


async def delete(tx: Tx, organisation_id: str, contact_id: str) -> bool:
    done = await tx.execute(
        "delete from contacts where organisation_id = %s and id = %s", (organisation_id, contact_id)
    )
    return done.rowcount == 1


async def link(tx: Tx, organisation_id: str, contact_id: str, buyer_id: str, at: datetime) -> bool:
    """Returns whether that is new."""
    done = await tx.execute(
        "insert into contact_buyers (organisation_id, contact_id, buyer_id, created) values (%s, %s, %s, %s) "
        "on conflict do nothing",
        (organisation_id, contact_id, buyer_id, at),
    )
    return done.rowcount == 1


async def unlink(tx: Tx, organisation_id: str, contact_id: str, buyer_id: str) -> bool:
    done = await tx.execute(
        "delete from contact_buyers where organisation_id = %s and contact_id = %s and buyer_id = %s",
        (organisation_id, contact_id, buyer_id),
    )
    return done.rowcount == 1


async def of_buyers(tx: Tx, organisation_id: str, buyer_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Ids of the contacts that are linked to these buyers, by buyer, the longest linked first."""
    rows = await tx.execute(
        "select buyer_id, contact_id from contact_buyers where organisation_id = %s and buyer_id = any(%s) "
        "order by created, contact_id",
        (organisation_id, list(buyer_ids)),
    )
    found: dict[str, list[str]] = {}
    async for row in rows:
        found.setdefault(row["buyer_id"], []).append(row["contact_id"])
    return found
