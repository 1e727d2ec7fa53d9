"""Whatever ends, what assistants had goes with it: chats, grants, tokens, caches. The audit trail keeps ids only."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
import pytest
from psycopg import sql

from tests.doors.owned import Owned, own, own_account, rows_of
from tests.sandbox.conftest import Sandbox
from tillwright.domains import events
from tillwright.domains.tenancy import Principal
from tillwright.kit.seal import Secret
from tillwright.wiring import House
from tillwright_sandbox.world import ACME

HELD = ("connections", "connection_cache", "assistant_grants", "assistant_conversations", "assistant_turns")
NAME = "Ottilie Unmistakable"
"""Of a customer on the user's account: it may stand in a cache or a chat, and nowhere once they are gone."""


@dataclass
class Held:
    owned: Owned
    user: Principal

    async def left(self) -> set[str]:
        return {table for table in HELD if await rows_of(self.owned, table)}

    async def follow(self) -> None:
        """What a worker does with the spine."""
        house, organisation = self.owned.house, self.owned.organisation_id
        await house.connections.step()
        for consumer, react in (("chat", house.chat.follow), ("assistant access", house.grants.follow)):
            while await events.hand_on(house.database, organisation, consumer, react):
                pass

    def said(self) -> list[str]:
        """The tables in which the customer's name stands, as the database's owner sees them."""
        with psycopg.connect(self.owned.house.database.owner_url.reveal()) as owner:
            tables = owner.execute(
                "select table_name from information_schema.tables "
                "where table_schema = 'tillwright' and table_type = 'BASE TABLE' order by 1"
            ).fetchall()
            query = sql.SQL("select 1 from {} t where t::text like %s limit 1")
            return [
                table
                for (table,) in tables
                if owner.execute(query.format(sql.Identifier("tillwright", table)), (f"%{NAME}%",)).fetchone()
            ]


@pytest.fixture
async def held(house: House, stripe_sandbox: Sandbox) -> Held:
    stripe_sandbox.client_with("sk_test_sandbox_acme").v1.customers.create({"name": NAME})
    owned = await own(house, stripe_sandbox, seeds=False)
    await house.integrations.connect(
        owned.principal,
        publishable_key=stripe_sandbox.publishable_key,
        secret_key=Secret(stripe_sandbox.restricted_key),
    )
    await own_account(owned)
    talk = await house.chat.begin(owned.principal, "Who buys from me?", via="connection")
    ours = await house.chat.begin(owned.principal, "Who buys from us?", via="organisation")
    async with house.database.tenant(owned.organisation_id) as tx:
        for each in (talk, ours):
            await tx.execute(
                "insert into assistant_turns (organisation_id, conversation_id, role, body, created) "
                "values (%s, %s, 'assistant', jsonb_build_object('text', %s::text), now())",
                (owned.organisation_id, each.id, NAME if each is talk else "Nobody."),
            )
    made = Held(owned, owned.principal)
    assert await made.left() == set(HELD)
    assert made.said() == ["assistant_turns"], "the cache is compressed; the audit trail names nobody"
    return made


async def test_with_the_connection(held: Held) -> None:
    house = held.owned.house
    [connection] = await house.connections.mine(held.user)
    await house.connections.disconnect(held.user, connection.id)
    await held.follow()
    assert await held.left() == {"assistant_conversations", "assistant_turns"}
    (kept,) = await house.chat.conversations(held.user, livemode=False)
    assert kept.via == "organisation", "what was asked of the organisation's own data is another matter"
    assert held.said() == []


async def test_with_the_user(held: Held) -> None:
    house = held.owned.house
    await house.people.invite(held.user, "bea@example.com", "ADMIN")
    async with house.database.tenant(held.owned.organisation_id) as tx:
        await tx.execute(
            "insert into users (id, email, name, password_hash, created) "
            "values ('usr_bea', 'bea@example.com', 'Bea', 'x', now())"
        )
        await tx.execute(
            "insert into memberships (organisation_id, user_id, role, created) values (%s, 'usr_bea', 'ADMIN', now())",
            (held.owned.organisation_id,),
        )
    await house.people.remove(held.user, held.user.actor_id)
    await held.follow()
    assert await held.left() == set()
    assert await rows_of(held.owned, "connection_notices") == []
    assert not held.owned.sandbox.world.connect.reaches(held.owned.sandbox.account, ACME, False)
    assert held.said() == []


async def test_with_the_integration(held: Held) -> None:
    await held.owned.house.removal.delete_integration(held.user)
    assert await held.left() == set(), "at once, in the deletion's own transaction"
    assert not held.owned.sandbox.world.connect.reaches(held.owned.sandbox.account, ACME, False)
    assert held.said() == []


async def test_with_the_organisation(held: Held) -> None:
    with psycopg.connect(held.owned.house.database.owner_url.reveal()) as owner:
        owner.execute("delete from tillwright.organisations where id = %s", (held.owned.organisation_id,))
    assert await held.left() == set()
    for table in ("connection_starts", "connection_revocations", "connection_notices", "assistant_usage"):
        assert await rows_of(held.owned, table) == []
    assert held.said() == []


async def test_the_audit_trail_keeps_who_asked_what_and_ids_only(held: Held) -> None:
    await held.owned.house.removal.delete_integration(held.user)
    entries = await rows_of(held.owned, "audit_entries")
    asked = [each for each in entries if "assistant" in each["action"] and "ask" in each["action"]]
    assert asked
    assert all(NAME not in repr(each) for each in entries)
    assert "GET /v1/customers" in repr(asked)
    assert "cus_" in repr(asked)
