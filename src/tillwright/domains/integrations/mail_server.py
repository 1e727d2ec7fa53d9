"""An organisation's own mail server as people describe it, checked: pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from email.utils import parseaddr
from typing import Any

from tillwright.kit.errors import Invalid, Problem

PARTNER, SERVICE = "EMAIL", "SMTP"
TLS = ("starttls", "tls", "none")
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?")


@dataclass(frozen=True)
class MailServer:
    """`tls`: `starttls` (upgraded after the greeting), `tls` (at once) or `none`; `sender`: `Name <address>`."""

    host: str
    port: int
    tls: str
    user: str
    sender: str

    @property
    def address(self) -> str:
        """`host:port`, by which the integration is known."""
        return f"{self.host}:{self.port}"

    def as_json(self) -> dict[str, Any]:
        """Plain data, names as here; the password is not in it."""
        return asdict(self)


def read(given: Mapping[str, Any]) -> MailServer:
    """The server described.

    Raises:
        Invalid: with every complaint at once, each naming its field.
    """
    problems = [problem for problem in (check(given.get(name)) for name, check in _CHECKS.items()) if problem]
    problems += [Problem("field_unknown", f"{name} can't be set here.", name) for name in given if name not in _CHECKS]
    if not problems and given["user"] and given["tls"] == "none":
        problems.append(
            Problem(
                "sign_in_unencrypted",
                "A password would be sent without encryption.",
                "tls",
                "Choose starttls (usually port 587) or tls (usually port 465).",
            )
        )
    if problems:
        raise Invalid.many(problems)
    return MailServer(**given)


def _host(value: Any) -> Problem | None:
    if isinstance(value, str) and _HOST.fullmatch(value):
        return None
    return Problem("host_malformed", "This is no name of a mail server.", "host", "For example smtp.example.com.")


def _port(value: Any) -> Problem | None:
    if type(value) is int and 1 <= value <= 65535:
        return None
    return Problem("port_malformed", "A port is a whole number from 1 to 65535.", "port", "Mail uses 587 or 465.")


def _tls(value: Any) -> Problem | None:
    return None if value in TLS else Problem("tls_unknown", f"tls is one of {', '.join(TLS)}.", "tls")


def _user(value: Any) -> Problem | None:
    if isinstance(value, str) and len(value) <= 254 and value.isprintable():
        return None
    return Problem("user_malformed", "A user name is a line of at most 254 characters, or empty.", "user")


def _sender(value: Any) -> Problem | None:
    text = value if isinstance(value, str) and value.isprintable() and len(value) <= 254 else ""
    name, _, domain = parseaddr(text)[1].rpartition("@")
    if name and "." in domain:
        return None
    return Problem("sender_malformed", "This is no sender's address.", "sender", "Write it as Name <name@example.com>.")


_CHECKS = {"host": _host, "port": _port, "tls": _tls, "user": _user, "sender": _sender}
