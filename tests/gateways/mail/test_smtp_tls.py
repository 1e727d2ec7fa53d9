"""A mail server whose TLS is not what was asked for: a clear word, another try later, and nothing in clear."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.gateways.mail.certificates import DAY, Authority
from tillwright.gateways.mail import Letter, MailUnavailable
from tillwright.gateways.mail.smtp import SmtpMailer
from tillwright.kit.seal import Secret

HOST = "mail.example.com"
SECRET = "correct-horse-battery"


class Keeper:
    """Keeps what arrives, and each line that came before TLS did."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.clear: list[bytes] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.mails.append(envelope.content if isinstance(envelope.content, bytes) else b"")
        return "250 OK"


class Listening(SMTP):
    """Tells the keeper what is said in clear; `refuse` is the answer to STARTTLS, `hide` leaves it out of the offer."""

    refuse: str | None = None
    hide = False

    def data_received(self, data: bytes) -> None:
        if self._over_ssl or self._tls_protocol:
            return super().data_received(data)
        self.event_handler.clear.append(data)
        return super().data_received(data)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if self.refuse:
            return await self.push(self.refuse)
        return await super().smtp_STARTTLS(arg)


Serve = Callable[..., AbstractAsyncContextManager[int]]


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.trusted))
    return made


@pytest.fixture
def serve(keeper: Keeper) -> Serve:
    @asynccontextmanager
    async def serve(context: ssl.SSLContext | None, tls: str, refuse: str | None = None) -> AsyncIterator[int]:
        loop = asyncio.get_running_loop()

        def speaks() -> SMTP:
            made = Listening(
                keeper, tls_context=context if tls == "starttls" else None, loop=loop, auth_require_tls=False,
                authenticator=lambda *_: AuthResult(success=True),
            )  # fmt: skip
            made.refuse = refuse
            return made

        server = await loop.create_server(speaks, "127.0.0.1", 0, ssl=context if tls == "tls" else None)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    return serve


def letter() -> Letter:
    return Letter("<1@x>", "ada@example.com", "Hidden subject", "Hidden text", None, datetime(2027, 1, 15, tzinfo=UTC))


def mailer(port: int, tls: str) -> SmtpMailer:
    return SmtpMailer(
        HOST, port, sender="Northwind <b@northwind.example>", tls=tls, deadline=5, addresses=["127.0.0.1"],
        user="northwind", password=Secret(SECRET),
    )  # fmt: skip


BAD = [
    ("expired", {"since": -9 * DAY, "until": -DAY}, HOST, "its certificate has expired"),
    ("not valid yet", {"since": DAY, "until": 9 * DAY}, HOST, "its certificate is not valid yet"),
    ("for another name", {}, "other.example.com", "its certificate is not for mail.example.com"),
    ("signed by itself", {"own": True}, HOST, "nobody whom this machine trusts vouches for its certificate"),
]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
@pytest.mark.parametrize(("given", "name", "said"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
async def test_a_bad_certificate_is_named_and_nothing_is_sent(
    keeper: Keeper, authority: Authority, serve: Serve, tls: str, given: dict, name: str, said: str
) -> None:
    async with serve(authority.server(name, **given), tls) as port:
        with pytest.raises(MailUnavailable, match=said) as caught:
            await mailer(port, tls).send(letter())
    assert f"{HOST}:{port}" in caught.value.sentence
    assert caught.value.remedy
    nothing_in_clear(keeper)


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_good_one_takes_the_mail_and_nothing_of_it_is_in_clear(
    keeper: Keeper, authority: Authority, serve: Serve, tls: str
) -> None:
    async with serve(authority.server(HOST), tls) as port:
        await mailer(port, tls).send(letter())
    assert len(keeper.mails) == 1
    keeper.mails.clear()
    nothing_in_clear(keeper)


@pytest.mark.parametrize("answer", ["454 4.7.0 TLS not available", "502 5.5.1 Not implemented", "501 5.5.4 No"])
async def test_starttls_refused_sends_nothing_and_is_tried_again(
    keeper: Keeper, authority: Authority, serve: Serve, answer: str
) -> None:
    async with serve(authority.server(HOST), "starttls", answer) as port:
        with pytest.raises(MailUnavailable, match="refuses to encrypt"):
            await mailer(port, "starttls").send(letter())
    nothing_in_clear(keeper)


async def test_starttls_not_offered_sends_nothing(keeper: Keeper, authority: Authority, serve: Serve) -> None:
    """Somebody between us and the server may have taken the offer out."""
    async with serve(None, "starttls") as port:
        with pytest.raises(MailUnavailable, match="offers no STARTTLS"):
            await mailer(port, "starttls").send(letter())
    nothing_in_clear(keeper)


async def test_a_server_without_tls_where_tls_was_asked_for(keeper: Keeper, authority: Authority, serve: Serve) -> None:
    async with serve(None, "none") as port:
        with pytest.raises(MailUnavailable, match="does not speak TLS"):
            await mailer(port, "tls").send(letter())
    nothing_in_clear(keeper)


def nothing_in_clear(keeper: Keeper) -> None:
    assert keeper.mails == []
    said = b"".join(keeper.clear)
    for word in (b"MAIL FROM", b"RCPT", b"AUTH", b"DATA", b"Hidden", SECRET.encode(), b"ada@"):
        assert word not in said, f"{word!r} was said in clear"
