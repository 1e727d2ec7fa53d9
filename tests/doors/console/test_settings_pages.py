"""Settings: users and their invitations, sessions, the organisation, the audit trail, keys rotated."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.doors.console.conftest import EMAIL, PASSWORD, Person, csrf_of, text_of
from tests.serving import serving
from tillwright.doors import console
from tillwright.gateways.mail.smtp import SmtpMailer
from tillwright_sandbox.mailsink import MailSink

USERS, SESSIONS, AUDIT = "/settings/users", "/settings/sessions", "/settings/audit"


@pytest.fixture
def sink() -> Iterator[MailSink]:
    sink = MailSink()
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture
def posted(ada: Person, sink: MailSink) -> MailSink:
    """Mails of the house arrive here."""
    ada.house.mail_servers._common = SmtpMailer("127.0.0.1", sink.port, sender="Tillwright <t@example.com>")
    return sink


def link_of(sink: MailSink) -> str:
    found = re.search(r"(/invitation/\S+)", sink.shown()[0]["text"])
    assert found
    return found[1]


async def test_from_the_invitation_to_the_overview(ada: Person, posted: MailSink) -> None:
    done = await ada.send(USERS, seen=USERS, email="grace@example.com", role="EDITOR")
    assert done.headers["location"] == f"{USERS}?done=invited"
    words = text_of((await ada.see(USERS)).text)
    assert "grace@example.com by Ada Editor Sent" in words
    link = link_of(posted)
    app = console.app(ada.house)
    async with serving(app) as browser:
        page = await browser.get(link)
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "Ada invites grace@example.com as Editor" in text_of(page.text)
        form = {"csrf": csrf_of(page.text), "name": "Grace", "password": "short"}
        refused = await browser.post(link, data=form)
        assert refused.status_code == 422
        assert "10 to 1024 characters" in text_of(refused.text)
        assert 'value="Grace"' in refused.text
        joined = await browser.post(link, data=form | {"password": PASSWORD})
        assert joined.headers["location"] == "/"
        overview = await browser.get("/")
        assert "Northwind" in text_of(overview.text)
        users = text_of((await browser.get(USERS)).text)
        assert "Grace (you)" in users
        assert "Invite somebody" not in users
        dead = await browser.get(link)
        assert dead.status_code == 404
        assert "does not work any more" in text_of(dead.text)
        forged = await browser.post(link, data={"name": "x", "password": PASSWORD})
        assert forged.status_code == 404


async def test_somebody_known_joins_with_their_password(ada: Person, posted: MailSink) -> None:
    await ada.house.tenancy.create_organisation("Southwind", "eve@example.com", PASSWORD, person="Eve")
    await ada.send(USERS, seen=USERS, email="eve@example.com", role="VIEWER")
    link = link_of(posted)
    async with serving(console.app(ada.house)) as browser:
        page = await browser.get(link)
        assert "signs in already" in text_of(page.text)
        form = {"csrf": csrf_of(page.text), "password": "wrong password"}
        assert (await browser.post(link, data=form)).status_code == 403
        assert (await browser.post(link, data=form | {"password": PASSWORD})).status_code == 303
        assert "Northwind" in text_of((await browser.get("/")).text)


async def test_roles_and_the_last_administrator(ada: Person, posted: MailSink) -> None:
    refused = await ada.send(f"{USERS}/{ada.principal.actor_id}/role", seen=USERS, role="VIEWER")
    assert refused.status_code == 409
    assert "only administrator" in text_of(refused.text)
    refused = await ada.send(f"{USERS}/{ada.principal.actor_id}/remove", seen=USERS)
    assert refused.status_code == 409
    wrong = await ada.send(USERS, seen=USERS, email="no address", role="VIEWER")
    assert wrong.status_code == 422
    assert 'value="no address"' in wrong.text
    await ada.send(USERS, seen=USERS, email="x@example.com", role="VIEWER")
    (open_one,) = await ada.house.people.invitations(ada.principal)
    done = await ada.send(f"{USERS}/invitations/{open_one.id}/withdraw", seen=USERS)
    assert done.headers["location"] == f"{USERS}?done=withdrawn"


async def test_sessions_are_shown_and_ended(ada: Person) -> None:
    other = await ada.house.tenancy.sign_in(EMAIL, PASSWORD, agent="An old phone")
    words = text_of((await ada.see(SESSIONS)).text)
    assert "An old phone" in words
    assert "This browser" in words
    done = await ada.send(f"{SESSIONS}/end-others", seen=SESSIONS)
    assert done.headers["location"] == f"{SESSIONS}?done=sessions-ended"
    assert await ada.house.tenancy.session(other.reveal()) is None
    assert (await ada.see(SESSIONS)).status_code == 200
    (mine,) = await ada.house.tenancy.sessions_of_all(ada.principal)
    ended = await ada.send(f"{SESSIONS}/{mine.id}/end", seen=SESSIONS)
    assert ended.headers["location"].startswith("/sign-in")
    assert (await ada.see("/")).headers["location"].startswith("/sign-in")


async def test_the_trail_is_searched_and_proven(ada: Person) -> None:
    words = text_of((await ada.see(AUDIT)).text)
    assert "console:session:start" in words
    found = text_of((await ada.see(f"{AUDIT}?q=organisation:create")).text)
    assert "console:session:start" not in found
    assert "tenancy:organisation:create" in found
    assert "No entry matches" in text_of((await ada.see(f"{AUDIT}?q=nothing-such")).text)
    assert "are as they were written" in text_of((await ada.see(f"{AUDIT}/verify")).text)
    for wrong in ("x", "-1", "9" * 30):
        assert (await ada.see(f"{AUDIT}?before={wrong}")).status_code == 200


async def test_the_organisation_is_renamed(ada: Person) -> None:
    path = "/settings/organisation"
    done = await ada.send(path, seen=path, name="North Wind", timeZone="Europe/Berlin")
    assert done.headers["location"] == f"{path}?done=organisation-changed"
    assert "North Wind" in text_of((await ada.see(path)).text)
    wrong = await ada.send(path, seen=path, name="North Wind", timeZone="Mars")
    assert wrong.status_code == 422
    assert (await ada.see("/settings/receipts/rcpt_none")).status_code == 404


async def test_a_key_is_rotated(ada: Person) -> None:
    client, key = await ada.house.tenancy.create_api_client(ada.principal, "Backend", "EDITOR")
    answer = await ada.send(f"/settings/api-keys/{client.id}/rotate", seen="/settings/api-keys")
    found = re.search(r"twk_[A-Za-z0-9_-]{20,}", answer.text)
    assert found
    assert found[0] != key.reveal()
    assert (await ada.house.tenancy.principal_of_key(found[0])).actor_id == client.id
