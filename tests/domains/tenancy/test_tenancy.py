"""Signing in, sessions, roles and API keys."""

from __future__ import annotations

import asyncio

import pytest

from tillwright.domains import audit
from tillwright.domains.tenancy import Principal, Tenancy
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Absent, Conflict, Denied, Invalid

PASSWORD = "correct horse battery"


@pytest.fixture
def tenancy(clock: ManualClock, database: Database) -> Tenancy:
    return Tenancy(clock=clock, database=database)


@pytest.fixture
async def admin(tenancy: Tenancy) -> Principal:
    return await tenancy.create_organisation("Northwind", "ada@example.com", PASSWORD, person="Ada")


async def test_sign_in_gives_a_session_of_the_organisation(tenancy: Tenancy, admin: Principal) -> None:
    token = await tenancy.sign_in(" Ada@Example.com ", PASSWORD)
    session = await tenancy.session(token.reveal())
    assert session is not None
    assert session.principal == admin
    assert await tenancy.session("other") is None
    await tenancy.sign_out(token.reveal())
    assert await tenancy.session(token.reveal()) is None


async def test_a_session_ends_by_itself(tenancy: Tenancy, admin: Principal, clock: ManualClock) -> None:
    token = (await tenancy.sign_in("ada@example.com", PASSWORD)).reveal()
    clock.move(13 * 86400)
    assert await tenancy.session(token)
    clock.move(2 * 86400)
    assert await tenancy.session(token) is None


async def test_wrong_password_and_unknown_person_are_answered_alike(tenancy: Tenancy, admin: Principal) -> None:
    said = set()
    for email, password in (("ada@example.com", "wrong"), ("bob@example.com", PASSWORD), ("", "")):
        with pytest.raises(Denied) as caught:
            await tenancy.sign_in(email, password)
        said.add(str(caught.value))
    assert len(said) == 1


async def test_guessing_is_stopped_for_a_while(tenancy: Tenancy, admin: Principal, clock: ManualClock) -> None:
    for _ in range(10):
        with pytest.raises(Denied, match="do not match"):
            await tenancy.sign_in("ada@example.com", "guess")
    with pytest.raises(Denied) as caught:
        await tenancy.sign_in("ada@example.com", PASSWORD)
    assert caught.value.code == "too_many_failures"
    clock.move(16 * 60)
    assert await tenancy.sign_in("ada@example.com", PASSWORD)


@pytest.mark.parametrize(
    ("name", "email", "password", "field"),
    [
        ("", "a@example.com", PASSWORD, "name"),
        ("x" * 101, "a@example.com", PASSWORD, "name"),
        ("N", "a@b,c@d", PASSWORD, "email"),
        ("N", "a@example.com\nBcc: b", PASSWORD, "email"),
        ("N", "a@example.com", "short", "password"),
    ],
)
async def test_bad_input_names_its_field_and_changes_nothing(
    tenancy: Tenancy, name: str, email: str, password: str, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        await tenancy.create_organisation(name, email, password)
    assert caught.value.field == field
    assert await tenancy.is_new()


async def test_an_address_signs_in_once(tenancy: Tenancy, admin: Principal) -> None:
    with pytest.raises(Conflict):
        await tenancy.create_organisation("Other", "ADA@example.com", PASSWORD)
    assert len(await tenancy.organisation_ids()) == 1


async def test_api_keys_are_shown_once_known_by_digest_and_revoked_at_once(tenancy: Tenancy, admin: Principal) -> None:
    client, key = await tenancy.create_api_client(admin, "Backend", "EDITOR")
    principal = await tenancy.principal_of_key(key.reveal())
    assert (principal.organisation_id, principal.role) == (admin.organisation_id, "EDITOR")
    _, new_key = await tenancy.rotate_api_client(admin, client.id)
    with pytest.raises(Denied):
        await tenancy.principal_of_key(key.reveal())
    assert (await tenancy.principal_of_key(new_key.reveal())).actor_id == client.id
    await tenancy.revoke_api_client(admin, client.id)
    with pytest.raises(Denied):
        await tenancy.principal_of_key(new_key.reveal())
    with pytest.raises(Absent):
        await tenancy.revoke_api_client(admin, client.id)


async def test_five_api_keys_and_no_more_even_at_once(tenancy: Tenancy, admin: Principal) -> None:
    made = await asyncio.gather(
        *(tenancy.create_api_client(admin, f"k{n}", "VIEWER") for n in range(8)), return_exceptions=True
    )
    assert sum(isinstance(m, Conflict) for m in made) == 3
    assert len(await tenancy.api_clients(admin)) == 5


async def test_another_organisation_sees_and_revokes_nothing(tenancy: Tenancy, admin: Principal) -> None:
    client, _ = await tenancy.create_api_client(admin, "Backend", "ADMIN")
    other = await tenancy.create_organisation("Other", "eve@example.com", PASSWORD)
    assert await tenancy.api_clients(other) == []
    with pytest.raises(Absent):
        await tenancy.revoke_api_client(other, client.id)


async def test_a_role_too_low_is_told_what_it_needs(tenancy: Tenancy, admin: Principal) -> None:
    viewer = Principal(admin.organisation_id, "USER", "usr_x", "Vi", "VIEWER")
    with pytest.raises(Denied) as caught:
        await tenancy.create_api_client(viewer, "x", "ADMIN")
    assert "ADMIN" in caught.value.sentence
    assert "VIEWER" in caught.value.sentence


async def test_each_write_leaves_an_audit_entry(tenancy: Tenancy, admin: Principal, database: Database) -> None:
    await tenancy.sign_in("ada@example.com", PASSWORD)
    client, _ = await tenancy.create_api_client(admin, "Backend", "ADMIN")
    await tenancy.revoke_api_client(admin, client.id)
    async with database.tenant(admin.organisation_id) as tx:
        actions = [e.action for e in await audit.recent(tx, admin.organisation_id)]
    assert actions == [
        "tenancy:api_client:revoke",
        "tenancy:api_client:create",
        "console:session:start",
        "tenancy:organisation:create",
    ]
