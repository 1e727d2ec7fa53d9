"""The mail sink over real SMTP: keeps, counts, refuses as told, and survives a restart."""

import asyncio
import contextlib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

from tillwright_sandbox.mailsink import MailSink


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[MailSink]:
    sink = MailSink(tmp_path)
    sink.start()
    yield sink
    sink.stop()


def letter(to: str = "Ada@example.com", message_id: str = "<one@example.com>") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = "shop@example.com", to, "Zurück – 20 %", message_id
    mail.set_content("Dear Ada,\nyour code is BACK20.\n")
    mail.add_alternative("<p>your code is <b>BACK20</b></p>", subtype="html")
    return mail


async def send(sink: MailSink, mail: EmailMessage) -> None:
    await aiosmtplib.send(mail, hostname="127.0.0.1", port=sink.port, timeout=5)


async def test_keeps_a_mail_as_json_and_raw(sink: MailSink) -> None:
    await send(sink, letter())
    (mail,) = sink.shown()
    assert mail["recipients"] == ["ada@example.com"]
    assert mail["subject"] == "Zurück – 20 %"
    assert mail["message_id"] == "<one@example.com>"
    assert "BACK20" in mail["text"]
    assert "<b>BACK20</b>" in mail["html"]
    assert "Message-ID: <one@example.com>" in mail["raw"]


async def test_newest_first_by_recipient_and_counted_by_message_id(sink: MailSink) -> None:
    await send(sink, letter(message_id="<a@x>"))
    await send(sink, letter(message_id="<a@x>"))
    await send(sink, letter("bob@example.com", "<b@x>"))
    assert [mail["number"] for mail in sink.shown()] == [3, 2, 1]
    assert [mail["number"] for mail in sink.shown(to="ADA@example.com")] == [2, 1]
    assert sink.by_message_id() == {"<a@x>": 2, "<b@x>": 1}


async def test_refuses_as_told_as_often_as_told(sink: MailSink) -> None:
    sink.behave("reject", "550 5.1.1 No such user", times=1)
    with pytest.raises(aiosmtplib.SMTPDataError, match="No such user"):
        await send(sink, letter())
    assert sink.shown() == []
    await send(sink, letter())
    assert len(sink.shown()) == 1


@pytest.mark.parametrize(("mode", "kept"), [("reset", 0), ("reset_after", 1)])
async def test_resets_before_or_after_keeping(sink: MailSink, mode: str, kept: int) -> None:
    sink.behave(mode, times=1)
    with pytest.raises((aiosmtplib.SMTPException, OSError)):
        await send(sink, letter())
    await asyncio.sleep(0.05)
    assert len(sink.shown()) == kept


async def test_a_restart_keeps_the_mails_and_leaves_a_torn_line_out(sink: MailSink, tmp_path: Path) -> None:
    await send(sink, letter())
    with (tmp_path / "mails.jsonl").open("ab") as torn:
        torn.write(b'{"number": 2, "subj')
    again = MailSink(tmp_path)
    assert [mail["subject"] for mail in again.shown()] == ["Zurück – 20 %"]


@pytest.mark.parametrize("settings", [{"mode": "explode"}, {"mode": "reject", "reply": "250 fine"}])
def test_a_senseless_order_is_refused(settings: dict[str, str]) -> None:
    sink = MailSink()
    with pytest.raises(ValueError, match="must"):
        sink.behave(**settings)
    with contextlib.suppress(RuntimeError):
        assert sink.port is None
