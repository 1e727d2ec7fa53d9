"""Signing in, sessions, roles and API keys."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.domains.tenancy.conftest import PASSWORD
from tillwright.domains import audit
from tillwright.domains.tenancy import Principal, Session, Tenancy
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Absent, Conflict, Denied, Invalid


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


async def test_who_moves_a_demos_clock_by_weeks_stays_signed_in(
    tenancy: Tenancy, admin: Principal, clock: ManualClock
) -> None:
    token = (await tenancy.sign_in("ada@example.com", PASSWORD)).reveal()
    for _ in range(3):
        await tenancy.put_off_ends(13 * 86400)
        clock.move(13 * 86400)
        assert await tenancy.session(token)
    clock.move(14 * 86400)
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


async def test_a_key_is_exchanged_for_a_token_of_an_hour(
    tenancy: Tenancy, admin: Principal, clock: ManualClock
) -> None:
    client, key = await tenancy.create_api_client(admin, "Backend", "EDITOR")
    token, expires = await tenancy.exchange_key(admin.organisation_id, client.id, key.reveal())
    principal = await tenancy.principal_of_token(token.reveal())
    assert (principal.organisation_id, principal.actor_id, principal.role) == (
        admin.organisation_id,
        client.id,
        "EDITOR",
    )
    assert (expires - clock.now()).total_seconds() == 3600
    with pytest.raises(Denied):
        await tenancy.principal_of_token(key.reveal())
    with pytest.raises(Denied):
        await tenancy.principal_of_key(token.reveal())
    clock.move(3601)
    with pytest.raises(Denied):
        await tenancy.principal_of_token(token.reveal())


async def test_a_wrong_exchange_is_told_nothing(tenancy: Tenancy, admin: Principal) -> None:
    client, key = await tenancy.create_api_client(admin, "Backend", "EDITOR")
    other = await tenancy.create_organisation("Other", "eve@example.com", PASSWORD)
    said = set()
    for organisation_id, client_id, secret in (
        (other.organisation_id, client.id, key.reveal()),
        (admin.organisation_id, "apc_other", key.reveal()),
        (admin.organisation_id, client.id, key.reveal()[:-1]),
        ("", "", ""),
    ):
        with pytest.raises(Denied) as caught:
            await tenancy.exchange_key(organisation_id, client_id, secret)
        said.add(str(caught.value))
    assert len(said) == 1


@pytest.mark.parametrize("ended_by", ["rotate", "revoke"])
async def test_a_token_ends_with_its_key(tenancy: Tenancy, admin: Principal, ended_by: str) -> None:
    client, key = await tenancy.create_api_client(admin, "Backend", "EDITOR")
    token, _ = await tenancy.exchange_key(admin.organisation_id, client.id, key.reveal())
    await (tenancy.rotate_api_client if ended_by == "rotate" else tenancy.revoke_api_client)(admin, client.id)
    with pytest.raises(Denied):
        await tenancy.principal_of_token(token.reveal())


async def test_keys_tell_the_spine(tenancy: Tenancy, admin: Principal, database: Database) -> None:
    client, _ = await tenancy.create_api_client(admin, "Backend", "EDITOR")
    await tenancy.rotate_api_client(admin, client.id)
    await tenancy.revoke_api_client(admin, client.id)
    async with database.tenant(admin.organisation_id) as tx:
        rows = await (await tx.execute("select name, data from spine_events order by id")).fetchall()
    assert [row["name"] for row in rows] == [
        "api_client:KEY:created",
        "api_client:KEY:secret_rotated",
        "api_client:KEY:deleted",
    ]
    assert {row["data"]["apiClientId"] for row in rows} == {client.id}


async def session_of(tenancy: Tenancy, email: str) -> tuple[str, Session]:
    token = (await tenancy.sign_in(email, PASSWORD, agent=f"Browser of {email}")).reveal()
    session = await tenancy.session(token)
    assert session is not None
    return token, session


async def test_sessions_are_listed_and_ended(tenancy: Tenancy, admin: Principal) -> None:
    here, mine = await session_of(tenancy, "ada@example.com")
    there, other = await session_of(tenancy, "ada@example.com")
    assert {s.id for s in await tenancy.sessions(mine)} == {mine.id, other.id}
    await tenancy.end_session(mine, other.id)
    assert await tenancy.session(there) is None
    assert await tenancy.session(here) is not None
    await session_of(tenancy, "ada@example.com")
    assert await tenancy.end_other_sessions(mine) == 1
    assert [s.id for s in await tenancy.sessions(mine)] == [mine.id]


async def test_a_session_of_another_organisation_is_nobody_elses(tenancy: Tenancy, admin: Principal) -> None:
    _, mine = await session_of(tenancy, "ada@example.com")
    other = await tenancy.create_organisation("Other", "eve@example.com", PASSWORD)
    token, hers = await session_of(tenancy, "eve@example.com")
    assert [s.id for s in await tenancy.sessions_of_all(admin)] == [mine.id]
    with pytest.raises(Absent):
        await tenancy.end_session(mine, hers.id)
    with pytest.raises(Absent):
        await tenancy.end_session_of(admin, hers.id)
    assert await tenancy.session(token) is not None
    with pytest.raises(Denied):
        await tenancy.sessions_of_all(replace(other, role="EDITOR"))


async def test_the_organisation_changes_its_name_and_zone(
    tenancy: Tenancy, admin: Principal, database: Database
) -> None:
    changed = await tenancy.change_organisation(admin, name=" North  Wind ", time_zone="Europe/Berlin")
    assert (changed.name, changed.time_zone) == ("North Wind", "Europe/Berlin")
    assert (await tenancy.organisation(admin)).name == "North Wind"
    for wrong, field in (({"name": ""}, "name"), ({"time_zone": "Mars/Base"}, "timeZone")):
        with pytest.raises(Invalid) as caught:
            await tenancy.change_organisation(admin, **wrong)
        assert caught.value.field == field
    with pytest.raises(Denied):
        await tenancy.change_organisation(replace(admin, role="EDITOR"), name="Mine")
    async with database.tenant(admin.organisation_id) as tx:
        assert (await audit.recent(tx, admin.organisation_id))[0].action == "tenancy:organisation:update"
