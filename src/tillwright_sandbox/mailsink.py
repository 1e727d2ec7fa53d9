"""A mail server that keeps what it is sent: SMTP on a port of its own, mails as JSON and raw, safe over a restart."""

import asyncio
import email
import email.policy
import email.utils
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

MODES = ("accept", "reject", "reset", "reset_after")
MAX_BYTES = 25_000_000


class MailSink:
    """Newest first in `mails`. `behave` makes it refuse: 4xx, 5xx, or a reset before or after the mail is kept."""

    def __init__(self, folder: Path | None = None, now: Callable[[], float] = time.time) -> None:
        self.file = folder / "mails.jsonl" if folder else None
        self.now = now
        self.lock = threading.Lock()
        self.mails: list[dict[str, Any]] = []
        self.mode, self.reply, self.times = "accept", "451 4.3.0 Try again later", 0
        self.controller: Controller | None = None
        if self.file:
            self.mails = _read(self.file)

    @property
    def port(self) -> int:
        if self.controller is None:
            raise RuntimeError("the mail sink is not running")
        return self.controller.port

    def start(self, port: int = 0, host: str = "127.0.0.1") -> int:
        """Listens on `port` (0: any free one), and answers which."""
        if port == 0:
            with socket.socket() as probe:
                probe.bind((host, 0))
                port = probe.getsockname()[1]
        self.controller = Controller(self, hostname=host, port=port, data_size_limit=MAX_BYTES, ident="Sandbox mail")
        self.controller.start()
        return self.port

    def stop(self) -> None:
        if self.controller is not None:
            self.controller.stop(no_assert=True)
            self.controller = None

    def behave(self, mode: str, reply: str | None = None, times: int = 0) -> dict[str, Any]:
        """mode: accept; reject with `reply` ("451 …" or "550 …"); reset (nothing kept); reset_after (kept, unanswered).

        `times` 0 means until told otherwise.
        """
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}; got {mode!r}.")
        if reply is not None and (len(reply) < 5 or reply[:3] not in {str(code) for code in range(400, 600)}):
            raise ValueError("reply must begin with a status of 400 to 599, like '451 4.3.0 Try again later'.")
        self.mode, self.reply, self.times = mode, reply or "451 4.3.0 Try again later", times
        return self.state()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        mode = self._mode_now()
        if mode == "reject":
            return self.reply
        if mode in ("accept", "reset_after"):
            self.keep(envelope)
        if mode in ("reset", "reset_after"):
            if isinstance(server.transport, asyncio.WriteTransport):
                server.transport.abort()
            return "421 4.3.0 Closing"
        return "250 2.0.0 OK: kept"

    def _mode_now(self) -> str:
        with self.lock:
            mode = self.mode
            if mode != "accept" and self.times:
                self.times -= 1
                if self.times == 0:
                    self.mode = "accept"
            return mode

    def keep(self, envelope: Envelope) -> None:
        content = envelope.content or b""
        raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        mail = parse(raw, envelope.mail_from or "", list(envelope.rcpt_tos))
        with self.lock:
            mail["number"] = len(self.mails) + 1
            mail["received"] = int(self.now())
            self.mails.append(mail)
            if self.file:
                # On disk before the 250: what was acknowledged survives a kill.
                with self.file.open("ab") as out:
                    out.write(orjson.dumps(mail) + b"\n")
                    out.flush()
                    os.fsync(out.fileno())

    def shown(self, to: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        with self.lock:
            found = [mail for mail in reversed(self.mails) if to is None or to.lower() in mail["recipients"]]
        return found[:limit]

    def by_message_id(self) -> dict[str, int]:
        with self.lock:
            return dict(Counter(mail["message_id"] or "(none)" for mail in self.mails))

    def clear(self) -> None:
        with self.lock:
            self.mails.clear()
            if self.file:
                self.file.unlink(missing_ok=True)

    def state(self) -> dict[str, Any]:
        running = self.controller is not None
        return {
            "port": self.port if running else None,
            "count": len(self.mails),
            "mode": self.mode,
            "reply": self.reply if self.mode == "reject" else None,
        }


def parse(raw: bytes, sender: str, recipients: list[str]) -> dict[str, Any]:
    """A mail as JSON: headers, text and html parts, attachments by name and size, and the raw text."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    text = message.get_body(("plain",))
    html = message.get_body(("html",))
    attachments = [
        {
            "name": part.get_filename(),
            "type": part.get_content_type(),
            "bytes": len(part.get_payload(decode=True) or b""),
        }
        for part in message.iter_attachments()
    ]
    return {
        "from": sender,
        "recipients": [address.lower() for address in recipients],
        "subject": str(message.get("subject", "")),
        "message_id": str(message.get("message-id", "")).strip(),
        "date": str(message.get("date", "")),
        "headers": [[name, str(value)] for name, value in message.items()],
        "text": text.get_content() if text else "",
        "html": html.get_content() if html else "",
        "attachments": attachments,
        "raw": raw.decode("utf-8", "replace"),
    }


def _read(file: Path) -> list[dict[str, Any]]:
    """The mails of a former run. A half-written last line (killed while writing) was never acknowledged: it goes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        return []
    kept = file.read_bytes()
    whole = kept[: kept.rfind(b"\n") + 1]
    if len(whole) < len(kept):
        file.write_bytes(whole)
    return [orjson.loads(line) for line in whole.splitlines()]
