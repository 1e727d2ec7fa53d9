"""One mail as it is written, and as it goes over the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import format_datetime, parseaddr

from tillwright.kit.errors import Invalid


@dataclass(frozen=True)
class Letter:
    """`message_id` is `<…@…>` and the same for every attempt; `written` is UTC."""

    message_id: str
    to: str
    subject: str
    text: str
    html: str | None
    written: datetime


def domain_of(sender: str) -> str:
    """The domain of `Name <name@domain>`, or localhost."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The letter as a message.

    Raises:
        Invalid: an address or subject that would break out of its header.
    """
    message = EmailMessage(policy=SMTPUTF8)
    try:
        for name, value in (("to", letter.to), ("subject", letter.subject), ("from", sender)):
            if any(ord(char) < 32 or ord(char) == 127 for char in value):
                raise ValueError(f"a line break or control character in its {name}")
        user, _, domain = letter.to.rpartition("@")
        if not user or not domain:
            raise ValueError(f"{letter.to!r} is no address")
        message["From"] = sender
        message["To"] = Address(username=user, domain=domain.encode("idna").decode())
        message["Subject"] = letter.subject
    except (ValueError, IndexError) as error:  # the standard library raises either on an address it can't read
        raise Invalid("mail_invalid", f"This mail can't be written: {error}.", remedy="Check its address.") from error
    message["Date"] = format_datetime(letter.written)
    message["Message-ID"] = letter.message_id
    # So that nobody's holiday reply comes back to it.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    if letter.html:
        message.add_alternative(letter.html, subtype="html")
    return message
