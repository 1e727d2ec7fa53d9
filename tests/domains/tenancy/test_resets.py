"""A forgotten password: a link by mail that works once, tells nothing about who exists, and ends every session."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.domains.tenancy.conftest import PASSWORD
from tillwright.domains import audit
from tillwright.domains.tenancy import Principal, Tenancy
from tillwright.domains.tenancy.resets import Resets
from tillwright.gateways.database import Database
from tillwright.gateways.mail.smtp import SmtpMailer
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Absent, Denied, Invalid
from tillwright_sandbox.mailsink import MailSink

NEW = "another horse battery"
ADA = "ada@example.com"


@pytest.fixture
def resets(clock: ManualClock, database: Database, sink: MailSink) -> Resets:
    mailer = SmtpMailer("127.0.0.1", sink.port, sender="Tillwright <till@example.com>", deadline=5)
    return Resets(clock=clock, database=database, mailer=mailer, public_url="https://till.example.com/")


def token_in(mail: dict) -> str:
    found = re.search(r"https://till\.example\.com/reset-password/([A-Za-z0-9_-]{43})\s", mail["text"])
    assert found, mail["text"]
    return found[1]


async def actions(database: Database, admin: Principal) -> list[str]:
    async with database.tenant(admin.organisation_id) as tx:
        found = await audit.recent(tx, admin.organisation_id, search="console:password")
        assert await audit.first_break(tx, admin.organisation_id) is None
    return [entry.action for entry in reversed(found)]


async def test_a_link_once_and_every_session_ends(
    resets: Resets, tenancy: Tenancy, admin: Principal, sink: MailSink, database: Database
) -> None:
    sessions = [(await tenancy.sign_in(ADA, PASSWORD)).reveal() for _ in range(2)]
    for _ in range(10):
        with pytest.raises(Denied):
            await tenancy.sign_in(ADA, "forgotten it is")
    await resets.ask(" Ada@Example.com")
    assert sink.shown() == [], "the worker sends it, so that asking takes the same for everybody"
    assert await resets.deliver_due() == 1
    assert await resets.deliver_due() == 0
    (mail,) = sink.shown()
    assert mail["recipients"] == [ADA]
    token = token_in(mail)
    assert await resets.offer(token) == ADA
    with pytest.raises(Invalid):
        await resets.choose(token, "short")
    async with database.open() as tx:
        assert token not in str(await (await tx.execute("select * from password_resets")).fetchall())
    outcomes = await asyncio.gather(*(resets.choose(token, NEW + str(n)) for n in range(4)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in outcomes) == ["Absent", "Absent", "Absent", "NoneType"]
    chosen = NEW + str([type(each) for each in outcomes].index(type(None)))
    for session in sessions:
        assert await tenancy.session(session) is None
    with pytest.raises(Denied):
        await tenancy.sign_in(ADA, PASSWORD)
    assert await tenancy.sign_in(ADA, chosen), "and the failures before are forgotten"
    with pytest.raises(Absent):
        await resets.offer(token)
    assert await actions(database, admin) == ["console:password:ask_reset", "console:password:reset"]


async def test_nobody_learns_who_exists_or_how_often_it_was_asked(
    resets: Resets, admin: Principal, sink: MailSink, database: Database
) -> None:
    for email in (ADA, "nobody@example.com"):
        for _ in range(5):
            assert await resets.ask(email) is None
    async with database.open() as tx:
        rows = await (
            await tx.execute("select email, count(*) as n, count(user_id) as known from password_resets group by 1")
        ).fetchall()
    assert {row["email"]: (row["n"], row["known"]) for row in rows} == {ADA: (3, 0), "nobody@example.com": (3, 0)}, (
        "the same is kept for both; who it is, is found out by the worker"
    )
    await resets.deliver_due()
    assert {tuple(mail["recipients"]) for mail in sink.shown()} == {(ADA,)}
    with pytest.raises(Invalid):
        await resets.ask("no address")


async def test_a_later_link_replaces_an_earlier_one_and_an_hour_ends_both(
    resets: Resets, admin: Principal, sink: MailSink, clock: ManualClock
) -> None:
    tokens = []
    for _ in range(2):
        await resets.ask(ADA)
        await resets.deliver_due()
        tokens.append(token_in(sink.shown()[0]))
        clock.move(1)
    await resets.choose(tokens[1], NEW)
    for token in tokens:
        with pytest.raises(Absent):
            await resets.choose(token, NEW)
    clock.move(3600)
    await resets.ask(ADA)
    await resets.deliver_due()
    clock.move(3601)
    with pytest.raises(Absent):
        await resets.offer(token_in(sink.shown()[0]))


async def test_while_the_mail_server_is_away_it_is_tried_again_with_another_link(
    resets: Resets, admin: Principal, sink: MailSink, clock: ManualClock, database: Database
) -> None:
    sink.behave("reset_after", times=1)
    await resets.ask(ADA)
    await resets.deliver_due()
    clock.move(31)
    await resets.deliver_due()
    links = [token_in(mail) for mail in sink.shown()]
    assert len(set(links)) == 2, "the server may have it all the same"
    with pytest.raises(Absent):
        await resets.offer(links[1])
    assert await resets.offer(links[0]) == ADA
    assert await actions(database, admin) == ["console:password:ask_reset"]
    sink.behave("reject", "451 4.3.0 Later", times=0)
    await resets.ask(ADA)
    for _ in range(40):
        await resets.deliver_due()
        clock.move(301)
    sink.behave("accept")
    await resets.deliver_due()
    assert len(sink.shown()) == 2, "after its hour nothing is sent"


async def test_changing_ones_own_needs_the_present_one(
    resets: Resets, tenancy: Tenancy, admin: Principal, database: Database, clock: ManualClock
) -> None:
    here, there = [(await tenancy.sign_in(ADA, PASSWORD)).reveal() for _ in range(2)]
    session = await tenancy.session(here)
    assert session is not None
    with pytest.raises(Invalid) as caught:
        await resets.change(session, "not it at all", NEW)
    assert caught.value.field == "present"
    assert await resets.change(session, PASSWORD, NEW) == 1
    assert await tenancy.session(here) is not None
    assert await tenancy.session(there) is None
    assert await actions(database, admin) == ["console:password:refuse", "console:password:change"]
    for _ in range(10):
        with pytest.raises(Invalid):
            await resets.change(session, "guess after guess", NEW)
    with pytest.raises(Denied):
        await resets.change(session, NEW, PASSWORD)
    clock.move(15 * 60 + 1)
    await resets.change(session, NEW, PASSWORD)


async def test_who_runs_the_installation_helps_without_mail(
    resets: Resets, tenancy: Tenancy, admin: Principal, database: Database
) -> None:
    session = (await tenancy.sign_in(ADA, PASSWORD)).reveal()
    link = (await resets.link(ADA, by="tillwright users")).reveal()
    assert link.startswith("https://till.example.com/reset-password/")
    assert await tenancy.session(session) is not None, "a link alone ends nothing"
    await resets.choose(link.rsplit("/", 1)[1], NEW)
    assert await tenancy.session(session) is None
    assert await resets.set(ADA, PASSWORD, by="tillwright users") == 0
    assert await tenancy.sign_in(ADA, PASSWORD)
    with pytest.raises(Absent):
        await resets.set("nobody@example.com", NEW, by="tillwright users")
    with pytest.raises(Absent):
        await resets.link("nobody@example.com", by="tillwright users")
    assert await actions(database, admin) == [
        "console:password:make_link",
        "console:password:reset",
        "console:password:set",
    ]
