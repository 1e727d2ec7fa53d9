"""People are invited, come in, change what they are and leave; an organisation is never without an administrator."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.domains.tenancy.conftest import PASSWORD, link_in
from tillwright.domains import audit
from tillwright.domains.tenancy import Principal, Tenancy
from tillwright.domains.tenancy.people import People
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Absent, Conflict, Denied, Invalid
from tillwright_sandbox.mailsink import MailSink


async def join(people: People, sink: MailSink, admin: Principal, email: str, role: str) -> Principal:
    """Invited, come in: the new member."""
    await people.invite(admin, email, role)
    member = await people.accept(link_in(sink.shown()[0]), name=email.split("@")[0], password=PASSWORD)
    return Principal(admin.organisation_id, "USER", member.user_id, member.name, member.role, "Northwind")


async def names(database: Database, organisation_id: str) -> list[str]:
    async with database.tenant(organisation_id) as tx:
        rows = await (await tx.execute("select name from spine_events order by id")).fetchall()
    return [row["name"] for row in rows]


async def test_invited_by_mail_and_come_in_once(
    people: People, tenancy: Tenancy, admin: Principal, sink: MailSink, database: Database
) -> None:
    invitation = await people.invite(admin, " Grace@Example.com", "EDITOR")
    assert (invitation.email, invitation.role, invitation.error) == ("grace@example.com", "EDITOR", None)
    assert invitation.sent is not None
    (mail,) = sink.shown()
    assert mail["recipients"] == ["grace@example.com"]
    assert mail["subject"] == "Ada invites you to Northwind"
    token = link_in(mail)
    offer = await people.offer(token)
    assert (offer.organisation_name, offer.known, offer.invitation.role) == ("Northwind", False, "EDITOR")
    member = await people.accept(token, name="Grace", password=PASSWORD)
    assert (member.name, member.role) == ("Grace", "EDITOR")
    session = await tenancy.session((await tenancy.sign_in("grace@example.com", PASSWORD)).reveal())
    assert session is not None
    assert (session.principal.organisation_id, session.principal.role) == (admin.organisation_id, "EDITOR")
    for again in (people.offer(token), people.accept(token, name="Eve", password=PASSWORD)):
        with pytest.raises(Absent):
            await again
    assert await people.invitations(admin) == []
    assert await names(database, admin.organisation_id) == ["user:INVITATION:created", "user:MEMBER:created"]


async def test_a_link_works_once_though_many_use_it_together(people: People, admin: Principal, sink: MailSink) -> None:
    await people.invite(admin, "grace@example.com", "ADMIN")
    token = link_in(sink.shown()[0])
    outcomes = await asyncio.gather(
        *(people.accept(token, name=f"G{n}", password=PASSWORD) for n in range(4)), return_exceptions=True
    )
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
    assert len(await people.members(admin)) == 2


async def test_the_token_rests_sealed_and_only_until_the_mail_is_gone(
    people: People, admin: Principal, sink: MailSink, clock: ManualClock, database: Database
) -> None:
    async def row() -> dict:
        async with database.tenant(admin.organisation_id) as tx:
            found = await (await tx.execute("select * from invitations")).fetchone()
        assert found
        return found

    sink.mode = "reset"
    waiting = await people.invite(admin, "grace@example.com", "VIEWER")
    assert waiting.sent is None
    assert waiting.error is not None
    assert (await row())["sealed_token"] is not None
    assert await people.deliver_due() == 0, "not before its time"
    sink.mode = "accept"
    clock.move(60)
    assert await people.deliver_due() == 1
    token = link_in(sink.shown()[0])
    kept = await row()
    assert kept["sealed_token"] is None
    assert token not in repr(kept)
    assert (await people.accept(token, name="Grace", password=PASSWORD)).role == "VIEWER"
    assert await people.deliver_due() == 0


async def test_a_refused_address_is_said_and_not_tried_again(people: People, admin: Principal, sink: MailSink) -> None:
    sink.mode, sink.reply = "reject", "550 5.1.1 No such mailbox"
    invitation = await people.invite(admin, "nobody@example.com", "VIEWER")
    assert "No such mailbox" in (invitation.error or "")
    assert await people.deliver_due() == 0


async def test_links_end(people: People, admin: Principal, sink: MailSink, clock: ManualClock) -> None:
    first = await people.invite(admin, "grace@example.com", "VIEWER")
    await people.invite(admin, "grace@example.com", "EDITOR")
    new, old = (link_in(mail) for mail in sink.shown())
    with pytest.raises(Absent):
        await people.offer(old)
    (open_one,) = await people.invitations(admin)
    assert open_one.role == "EDITOR"
    with pytest.raises(Absent):
        await people.withdraw(admin, first.id)
    clock.move(7 * 86400)
    with pytest.raises(Absent):
        await people.offer(new)
    await people.withdraw(admin, open_one.id)
    await people.invite(admin, "grace@example.com", "VIEWER")
    (again,) = await people.invitations(admin)
    await people.withdraw(admin, again.id)
    with pytest.raises(Absent):
        await people.accept(link_in(sink.shown()[0]), name="Grace", password=PASSWORD)


async def test_somebody_known_joins_with_their_own_sign_in(
    people: People, tenancy: Tenancy, admin: Principal, sink: MailSink
) -> None:
    other = await tenancy.create_organisation("Southwind", "eve@example.com", PASSWORD, person="Eve")
    await people.invite(admin, "eve@example.com", "VIEWER")
    token = link_in(sink.shown()[0])
    assert (await people.offer(token)).known
    with pytest.raises(Conflict):
        await people.accept(token, name="Eve", password="another password")
    assert await tenancy.sign_in("eve@example.com", PASSWORD), "her password is still hers"
    with pytest.raises(Denied):
        await people.join(token, "usr_other", "mallory@example.com")
    member = await people.join(token, other.actor_id, "eve@example.com")
    assert member.user_id == other.actor_id
    assert {o.name for o in await tenancy.organisations(other.actor_id)} == {"Northwind", "Southwind"}
    with pytest.raises(Conflict, match="already"):
        await people.invite(admin, "eve@example.com", "ADMIN")


@pytest.mark.parametrize(("email", "role", "field"), [("no address", "VIEWER", "email"), ("a@b", "OWNER", "role")])
async def test_bad_input_names_its_field(
    people: People, admin: Principal, sink: MailSink, email: str, role: str, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        await people.invite(admin, email, role)
    assert caught.value.field == field
    assert sink.shown() == []


async def test_a_role_changes_with_the_next_request_and_a_removed_one_is_out_at_once(
    people: People, tenancy: Tenancy, admin: Principal, sink: MailSink
) -> None:
    grace = await join(people, sink, admin, "grace@example.com", "VIEWER")
    token = (await tenancy.sign_in("grace@example.com", PASSWORD)).reveal()
    await people.change_role(admin, grace.actor_id, "EDITOR")
    session = await tenancy.session(token)
    assert session is not None
    assert session.principal.role == "EDITOR"
    await people.remove(admin, grace.actor_id)
    assert await tenancy.session(token) is None
    with pytest.raises(Denied, match="do not match"):
        await tenancy.sign_in("grace@example.com", PASSWORD)
    with pytest.raises(Absent):
        await people.member(admin, grace.actor_id)
    assert (await join(people, sink, admin, "grace@example.com", "VIEWER")).role == "VIEWER", "she can be asked again"


async def test_never_without_an_administrator(people: People, admin: Principal, sink: MailSink) -> None:
    for attempt in (people.change_role(admin, admin.actor_id, "VIEWER"), people.remove(admin, admin.actor_id)):
        with pytest.raises(Conflict) as caught:
            await attempt
        assert caught.value.code == "last_administrator"
    grace = await join(people, sink, admin, "grace@example.com", "ADMIN")
    outcomes = await asyncio.gather(
        people.change_role(admin, grace.actor_id, "VIEWER"),
        people.change_role(grace, admin.actor_id, "VIEWER"),
        people.remove(admin, grace.actor_id),
        people.remove(grace, admin.actor_id),
        return_exceptions=True,
    )
    assert any(isinstance(outcome, Conflict) for outcome in outcomes)
    assert sum(member.role == "ADMIN" for member in await people.members(admin)) == 1


async def test_only_administrators_do_these_but_anybody_may_leave(
    people: People, admin: Principal, sink: MailSink
) -> None:
    grace = await join(people, sink, admin, "grace@example.com", "EDITOR")
    for attempt in (
        people.invite(grace, "x@example.com", "VIEWER"),
        people.change_role(grace, grace.actor_id, "ADMIN"),
        people.remove(grace, admin.actor_id),
        people.withdraw(grace, "inv_1"),
    ):
        with pytest.raises(Denied):
            await attempt
    assert len(await people.members(grace)) == 2
    await people.remove(grace, grace.actor_id)
    assert [member.user_id for member in await people.members(admin)] == [admin.actor_id]


async def test_another_organisation_reaches_nobody(
    people: People, tenancy: Tenancy, admin: Principal, sink: MailSink
) -> None:
    invitation = await people.invite(admin, "grace@example.com", "VIEWER")
    other = await tenancy.create_organisation("Other", "eve@example.com", PASSWORD)
    assert [member.user_id for member in await people.members(other)] == [other.actor_id]
    assert await people.invitations(other) == []
    for attempt in (
        people.withdraw(other, invitation.id),
        people.change_role(other, admin.actor_id, "VIEWER"),
        people.remove(other, admin.actor_id),
    ):
        with pytest.raises(Absent):
            await attempt


async def test_each_act_leaves_an_entry(people: People, admin: Principal, sink: MailSink, database: Database) -> None:
    grace = await join(people, sink, admin, "grace@example.com", "VIEWER")
    await people.change_role(admin, grace.actor_id, "EDITOR")
    await people.remove(admin, grace.actor_id)
    await people.withdraw(admin, (await people.invite(admin, "x@example.com", "VIEWER")).id)
    async with database.tenant(admin.organisation_id) as tx:
        actions = [e.action.removeprefix("tenancy:") for e in await audit.recent(tx, admin.organisation_id)]
        assert await audit.first_break(tx, admin.organisation_id) is None
    assert actions == [
        "invitation:withdraw",
        "secret:credential:open",
        "invitation:create",
        "user:remove",
        "user:change_role",
        "user:join",
        "secret:credential:open",
        "invitation:create",
        "organisation:create",
    ]
    assert await names(database, admin.organisation_id) == [
        "user:INVITATION:created",
        "user:MEMBER:created",
        "user:MEMBER:updated",
        "user:MEMBER:deleted",
        "user:INVITATION:created",
    ]


async def test_names_that_cannot_be_read_are_refused(people: People, admin: Principal, sink: MailSink) -> None:
    await people.invite(admin, "grace@example.com", "VIEWER")
    token = link_in(sink.shown()[0])
    for name in ("", "x" * 101, "Gr\u202eace"):
        with pytest.raises(Invalid) as caught:
            await people.accept(token, name=name, password=PASSWORD)
        assert caught.value.field == "name"
    assert replace(await people.offer(token)).invitation.email == "grace@example.com"
