"""One mail as it is written, and as it goes over the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTPUTF8, EmailPolicy
from email.utils import format_datetime, parseaddr

from tillwright.kit.errors import Invalid


class _Whole(str):
    """A List-Unsubscribe header on one line: folded or encoded, as a long one is by default, it is no address."""

    name = "List-Unsubscribe"

    def fold(self, *, policy: EmailPolicy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


@dataclass(frozen=True)
class Letter:
    """One copy of a mail, for one mail box.

    `to` is that mail box. `heads` is who it is said to be for, `cc` whom else; without `heads` it is for `to` alone.
    `message_id` is `<…@…>` and the same for every attempt and every copy; `written` is UTC. `unsubscribe` is an https
    address that takes the reader off the list by a POST.
    """

    message_id: str
    to: str
    subject: str
    text: str
    html: str | None
    written: datetime
    heads: Sequence[str] | None = None
    cc: Sequence[str] = ()
    unsubscribe: str | None = None


def domain_of(sender: str) -> str:
    """The domain of `Name <name@domain>`, or localhost."""
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The letter as a message.

    Raises:
        Invalid: an address or subject that would break out of its header.
    """
    message = EmailMessage(policy=SMTPUTF8)
    heads = [letter.to] if letter.heads is None else list(letter.heads)
    try:
        lines = [("subject", letter.subject), ("from", sender), ("unsubscribe", letter.unsubscribe or "")]
        for name, value in [*lines, *(("to", one) for one in (letter.to, *heads, *letter.cc))]:
            if any(ord(char) < 32 or ord(char) == 127 for char in value):
                raise ValueError(f"a line break or control character in its {name}")
        address_of(letter.to)
        message["From"] = sender
        # Only blind copies: the header must be there all the same.
        message["To"] = [address_of(one) for one in heads] or "undisclosed-recipients:;"
        if letter.cc:
            message["Cc"] = [address_of(one) for one in letter.cc]
        message["Subject"] = letter.subject
    except (ValueError, IndexError) as error:  # the standard library raises either on an address it can't read
        raise Invalid("mail_invalid", f"This mail can't be written: {error}.", remedy="Check its address.") from error
    message["Date"] = format_datetime(letter.written)
    message["Message-ID"] = letter.message_id
    # So that nobody's holiday reply comes back to it.
    message["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe:
        message[_Whole.name] = _Whole(f"<{letter.unsubscribe}>")
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text)
    if letter.html:
        message.add_alternative(letter.html, subtype="html")
    return message


def address_of(text: str) -> Address:
    """An address as its header wants it, its domain in ASCII.

    Raises:
        ValueError: it is none.
    """
    user, _, domain = text.rpartition("@")
    if not user or not domain:
        raise ValueError(f"{text!r} is no address")
    return Address(username=user, domain=domain.encode("idna").decode())
