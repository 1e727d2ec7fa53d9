"""Mail over a real SMTP server on this machine."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tillwright.gateways.mail import Letter, MailRefused, MailUnavailable
from tillwright.gateways.mail.letter import compose
from tillwright.gateways.mail.smtp import SmtpMailer
from tillwright.kit.errors import Invalid
from tillwright_sandbox.mailsink import MailSink

SENDER = "Tillwright <tillwright@example.com>"


def letter(**changes: str) -> Letter:
    values = {
        "message_id": "<1@example.com>",
        "to": "ada@example.com",
        "subject": "Grüße 💶",
        "text": "Hello",
    } | changes
    return Letter(**values, html=None, written=datetime(2027, 1, 15, tzinfo=UTC))


@pytest.fixture
def sink() -> Iterator[MailSink]:
    sink = MailSink()
    sink.start()
    yield sink
    sink.stop()


@pytest.fixture
def mailer(sink: MailSink) -> SmtpMailer:
    return SmtpMailer("127.0.0.1", sink.port, sender=SENDER, deadline=5)


async def test_a_mail_arrives_as_it_was_written(sink: MailSink, mailer: SmtpMailer) -> None:
    await mailer.send(letter(text="Hällo\n\nzwei Zeilen"))
    (mail,) = sink.shown()
    assert mail["message_id"] == "<1@example.com>"
    assert mail["subject"] == "Grüße 💶"
    assert "Hällo" in mail["text"]
    assert mail["recipients"] == ["ada@example.com"]


@pytest.mark.parametrize(
    ("mode", "reply", "error"),
    [
        ("reject", "550 5.1.1 No such mailbox", MailRefused),
        ("reject", "451 4.3.0 Later", MailUnavailable),
        ("reset", None, MailUnavailable),
        ("reset_after", None, MailUnavailable),
    ],
)
async def test_a_servers_no_is_told_apart_from_its_not_now(
    sink: MailSink, mailer: SmtpMailer, mode: str, reply: str | None, error: type[Exception]
) -> None:
    sink.behave(mode, reply, times=1)
    with pytest.raises(error):
        await mailer.send(letter())
    await mailer.send(letter())


async def test_no_server_is_not_now() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(MailUnavailable, match=str(port)):
        await SmtpMailer("127.0.0.1", port, sender=SENDER).send(letter())


async def test_a_server_that_never_answers_is_left_after_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        mailer = SmtpMailer("127.0.0.1", server.getsockname()[1], sender=SENDER, deadline=0.3)
        with pytest.raises(MailUnavailable):
            await mailer.send(letter())


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "ada@example.com\nBcc: eve@example.com"},
        {"subject": "Hello\r\nBcc: eve@example.com"},
        {"to": "nobody"},
        {"to": "@example.com"},
        {"to": "ada@"},
        {"to": "ada@exa mple..com"},
        {"subject": "nul\x00"},
    ],
)
async def test_nothing_breaks_out_of_its_header(sink: MailSink, mailer: SmtpMailer, changes: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        compose(letter(**changes), SENDER)
    with pytest.raises(MailRefused):
        await mailer.send(letter(**changes))
    assert sink.shown() == []


def test_html_comes_beside_the_text_and_no_robot_answers() -> None:
    message = compose(Letter("<1@x>", "a@example.com", "S", "T", "<p>T</p>", datetime(2027, 1, 15, tzinfo=UTC)), SENDER)
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_what_is_dialled_is_the_address_and_what_is_proven_is_the_name(
    tls: str, sink: MailSink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = certificate(tmp_path, "mail.example.com")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(trusted, tmp_path / "key.pem")

    def speaks() -> SMTP:
        return SMTP(sink, tls_context=context if tls == "starttls" else None, loop=asyncio.get_running_loop())

    server = await asyncio.get_running_loop().create_server(
        speaks, "127.0.0.1", 0, ssl=context if tls == "tls" else None
    )
    port = server.sockets[0].getsockname()[1]
    try:
        for host, error in (("mail.example.com", None), ("other.example.com", MailUnavailable)):
            mailer = SmtpMailer(host, port, sender=SENDER, tls=tls, deadline=5, addresses=["127.0.0.2", "127.0.0.1"])
            if error is None:
                await mailer.send(letter())
                continue
            with pytest.raises(error, match="certificate"):
                await mailer.send(letter())
    finally:
        server.close()
    assert len(sink.mails) == 1


def certificate(folder: Path, name: str) -> Path:
    """A certificate that vouches for itself, with its key beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "cert.pem"
