"""A notice to several people over a real SMTP server that refuses, puts off, hangs up, is slow, or has no good TLS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import Message

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.domains.notifications.conftest import END_SOON, Stage
from tillwright.gateways.mail.smtp import SmtpMailer

EVENT = "entitlement:STRIPE:end_soon"
SENDER = "Northwind <billing@northwind.example>"
PEOPLE = [f"p{n}@x.example" for n in range(9)]


class Server:
    """Answers RCPT and DATA by recipient; `hang_up` closes after the mail is kept and before its answer is read."""

    def __init__(self) -> None:
        self.rcpt: dict[str, str] = {}
        self.data: dict[str, str] = {}
        self.hang_up: set[str] = set()
        self.slow: set[str] = set()
        self.kept: list[tuple[str, Message]] = []

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]) -> str:
        if address in self.rcpt:
            return self.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        (address,) = envelope.rcpt_tos
        if address in self.data:
            return self.data[address]
        if address in self.slow:
            await asyncio.sleep(5)
        self.kept.append((address, message_from_bytes(envelope.content or b"")))
        if address in self.hang_up:
            self.hang_up.discard(address)
            assert server.transport
            server.transport.close()
        return "250 OK"


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def port(server: Server) -> AsyncIterator[int]:
    made = await asyncio.get_running_loop().create_server(lambda: SMTP(server, hostname="mx.example"), "127.0.0.1", 0)
    yield made.sockets[0].getsockname()[1]
    made.close()


@pytest.fixture
def mailing(stage: Stage, port: int) -> Stage:
    stage.room.outbox._mailer = SmtpMailer("127.0.0.1", port, sender=SENDER, deadline=2)  # type: ignore[assignment]
    return stage


async def told(stage: Stage) -> dict[str, str]:
    (message,) = (await stage.room.outbox.list(stage.admin)).items
    copies, _ = await stage.room.outbox.log(stage.admin, message.id)
    return {copy.target: str(copy.state) for copy in copies}


@pytest.mark.parametrize("where", ["rcpt", "data"])
async def test_one_refused_recipient_does_not_stop_nine_good_ones(mailing: Stage, server: Server, where: str) -> None:
    getattr(server, where)["bad@x.example"] = "550 5.1.1 No such mailbox"
    await mailing.configure(to=["bad@x.example", *PEOPLE[:4]], cc=PEOPLE[4:7], bcc=PEOPLE[7:])
    await mailing.happen(EVENT, END_SOON)
    await mailing.settle()
    assert sorted(address for address, _ in server.kept) == PEOPLE
    assert await told(mailing) == {"bad@x.example": "FAILED"} | dict.fromkeys(PEOPLE, "SENT")
    for address, mail in server.kept:
        assert "p7" not in f"{mail['To']} {mail['Cc']}", "blind copies stay blind"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "/unsubscribe/" in mail["List-Unsubscribe"]
        assert address
    assert len({mail["List-Unsubscribe"] for _, mail in server.kept}) == len(PEOPLE), "each has a link of their own"
    assert len({mail["Message-ID"] for _, mail in server.kept}) == 1


@pytest.mark.parametrize("where", ["rcpt", "data"])
async def test_who_is_put_off_gets_it_later_and_nobody_twice(mailing: Stage, server: Server, where: str) -> None:
    getattr(server, where)["p1@x.example"] = "451 4.7.1 Greylisted"
    await mailing.configure(to=PEOPLE[:3])
    await mailing.happen(EVENT, END_SOON)
    await mailing.settle()
    assert await told(mailing) == {"p0@x.example": "SENT", "p1@x.example": "PENDING", "p2@x.example": "SENT"}
    getattr(server, where).clear()
    mailing.clock.move(60)
    await mailing.settle()
    assert sorted(address for address, _ in server.kept) == PEOPLE[:3]


async def test_a_lost_answer_doubles_one_copy_at_most_and_under_one_message_id(mailing: Stage, server: Server) -> None:
    server.hang_up = {"p1@x.example"}
    await mailing.configure(to=PEOPLE[:3])
    await mailing.happen(EVENT, END_SOON)
    await mailing.settle()
    mailing.clock.move(60)
    await mailing.settle()
    addresses = sorted(address for address, _ in server.kept)
    assert addresses == ["p0@x.example", "p1@x.example", "p1@x.example", "p2@x.example"]
    assert len({mail["Message-ID"] for _, mail in server.kept}) == 1
    assert set((await told(mailing)).values()) == {"SENT"}


async def test_a_slow_answer_for_one_holds_up_no_other(mailing: Stage, server: Server) -> None:
    server.slow = {"p1@x.example"}
    await mailing.configure(to=PEOPLE[:3])
    await mailing.happen(EVENT, END_SOON)
    await mailing.settle()
    assert await told(mailing) == {"p0@x.example": "SENT", "p1@x.example": "PENDING", "p2@x.example": "SENT"}


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_without_the_tls_asked_for_nothing_is_sent(stage: Stage, server: Server, port: int, tls: str) -> None:
    stage.room.outbox._mailer = SmtpMailer("127.0.0.1", port, sender=SENDER, tls=tls, deadline=2)  # type: ignore[assignment]
    await stage.configure(to=PEOPLE[:1])
    await stage.happen(EVENT, END_SOON)
    await stage.settle()
    assert server.kept == []
    assert set((await told(stage)).values()) == {"PENDING"}
