"""The outbox: one mail an intent, whatever crashes, repeats or is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import make_organisation
from tillwright.domains.notifications import MessageState, Notifications
from tillwright.domains.notifications.attempts import GIVEN_UP_AFTER, LEASE, wait
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.gateways.mail import Letter, MailRefused, MailUnavailable
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Absent, Denied


class Mailbox:
    """Takes letters, or raises what it is told to."""

    sender = "Tillwright <tillwright@example.com>"

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.fail: BaseException | None = None

    async def send(self, letter: Letter) -> None:
        if self.fail:
            raise self.fail
        self.letters.append(letter)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def outbox(database: Database, clock: ManualClock, mailbox: Mailbox) -> Notifications:
    return Notifications(clock=clock, database=database, mailer=mailbox)


MAIL = {"to": "ada@example.com", "subject": "Hello", "text": "A text."}
AWAY = MailUnavailable("mail_unavailable", "Not now.")


async def test_a_mail_goes_out_once_however_often_it_is_asked_for(
    outbox: Notifications, mailbox: Mailbox, organisation: str
) -> None:
    first = await outbox.send(organisation, key="run:1:mail", **MAIL)
    again = await outbox.send(organisation, key="run:1:mail", **MAIL)
    assert (first.id, first.state, first.attempts) == (again.id, MessageState.SENT, 1)
    assert [letter.message_id for letter in mailbox.letters] == [first.message_id]
    assert first.message_id.startswith("<")
    assert first.message_id.endswith("@example.com>")


async def test_the_message_id_follows_from_organisation_and_key(
    outbox: Notifications, database: Database, organisation: str
) -> None:
    other = await make_organisation(database, "Other")
    ids = [
        (await outbox.send(where, key=key, **MAIL)).message_id
        for where, key in ((organisation, "a"), (organisation, "b"), (other, "a"))
    ]
    assert len(set(ids)) == 3


async def test_a_server_that_is_away_is_asked_again_with_growing_waits(
    outbox: Notifications, mailbox: Mailbox, organisation: str, clock: ManualClock
) -> None:
    mailbox.fail = AWAY
    message = await outbox.send(organisation, key="a", **MAIL)
    assert (message.state, message.error, message.attempts) == (MessageState.PENDING, "Not now.", 1)
    assert await outbox.deliver_due() == 0, "it is not due yet"
    clock.move(wait(1).total_seconds())
    assert await outbox.deliver_due() == 1
    message = await outbox.of(organisation, message.id)
    assert message.attempts == 2
    assert message.due - clock.now() == wait(2) > wait(1)
    mailbox.fail = None
    clock.move(wait(2).total_seconds())
    await outbox.deliver_due()
    message = await outbox.of(organisation, message.id)
    assert (message.state, message.error, len(mailbox.letters)) == (MessageState.SENT, None, 1)
    assert message.sent == clock.now()


async def test_it_is_given_up_after_three_days(
    outbox: Notifications, mailbox: Mailbox, organisation: str, clock: ManualClock
) -> None:
    mailbox.fail = AWAY
    message = await outbox.send(organisation, key="a", **MAIL)
    attempts = 0
    while message.state is MessageState.PENDING:
        attempts += 1
        assert attempts < 200
        clock.move((message.due - clock.now()).total_seconds())
        await outbox.deliver_due()
        message = await outbox.of(organisation, message.id)
    assert message.state is MessageState.FAILED
    assert clock.now() - message.created > GIVEN_UP_AFTER


async def test_a_refused_mail_fails_at_once_and_says_why(
    outbox: Notifications, mailbox: Mailbox, organisation: str, clock: ManualClock
) -> None:
    mailbox.fail = MailRefused("mail_refused", "550 no such mailbox")
    message = await outbox.send(organisation, key="a", **MAIL)
    assert (message.state, message.error) == (MessageState.FAILED, "550 no such mailbox")
    clock.move(100_000)
    assert await outbox.deliver_due() == 0


class Killed(BaseException):
    pass


async def test_a_process_that_dies_in_an_attempt_leaves_it_to_another_after_the_lease(
    outbox: Notifications, mailbox: Mailbox, organisation: str, clock: ManualClock
) -> None:
    mailbox.fail = Killed()
    with pytest.raises(Killed):
        await outbox.send(organisation, key="a", **MAIL)
    mailbox.fail = None
    assert await outbox.deliver_due() == 0, "the attempt may still be going on elsewhere"
    clock.move((LEASE + timedelta(seconds=1)).total_seconds())
    assert await outbox.deliver_due() == 1
    assert len(mailbox.letters) == 1


async def test_two_deliverers_do_not_take_the_same_mail(
    database: Database, outbox: Notifications, mailbox: Mailbox, organisation: str, clock: ManualClock
) -> None:
    async with database.tenant(organisation) as tx:
        message = await outbox.queue(tx, organisation, key="a", **MAIL)
    second = Notifications(clock=clock, database=database, mailer=mailbox)
    send, inside = mailbox.send, []

    async def slow(letter: Letter) -> None:
        inside.append((await second.deliver(organisation, message.id)).state)
        await send(letter)

    mailbox.send = slow  # type: ignore[method-assign]
    await outbox.deliver(organisation, message.id)
    assert inside == [MessageState.PENDING]
    assert len(mailbox.letters) == 1


async def test_a_rolled_back_cause_sends_nothing(
    database: Database, outbox: Notifications, mailbox: Mailbox, organisation: str
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.tenant(organisation) as tx:
            await outbox.queue(tx, organisation, key="a", **MAIL)
            _ = 1 / 0
    assert await outbox.deliver_due() == 0
    assert mailbox.letters == []


async def test_mails_are_listed_newest_first_to_their_own_organisation(
    database: Database, outbox: Notifications, organisation: str, clock: ManualClock
) -> None:
    for number in range(5):
        clock.move(1)
        await outbox.send(organisation, key=f"k{number}", **MAIL)
    reader = Principal(organisation, "USER", "u", "Vic", "VIEWER")
    first = await outbox.list(reader, limit=3)
    second = await outbox.list(reader, limit=3, cursor=first.next_cursor)
    assert [m.key for m in (*first.items, *second.items)] == ["k4", "k3", "k2", "k1", "k0"]
    other = await make_organisation(database, "Other")
    assert (await outbox.list(Principal(other, "USER", "e", "Eve", "ADMIN"))).items == []
    with pytest.raises(Absent):
        await outbox.of(other, first.items[0].id)
    with pytest.raises((Denied, ValueError)):
        await outbox.list(Principal(organisation, "USER", "u", "Nobody", "NONE"))
