"""The port through which a mail leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from tillwright.gateways.mail.letter import Letter
from tillwright.kit.errors import Invalid, Upstream


class MailRefused(Invalid):
    """The mail server will never take this mail: a wrong address, too large, forbidden."""


class MailUnavailable(Upstream):
    """The mail server did not take the mail now; later it may."""


class Mailer(Protocol):
    """Hands a letter to a mail server; returning means that the server has it."""

    @property
    def sender(self) -> str:
        """The address mails come from, as `Name <address>`."""
        ...

    async def send(self, letter: Letter) -> None:
        """Hand over one letter.

        Raises:
            MailRefused: it will never be taken.
            MailUnavailable: not now. The server may have it all the same, if the connection broke at the very end.
        """
        ...


MailerOf = Callable[[str], Awaitable[Mailer]]
"""The mail server that an organisation's mails leave by, by its id; asked at each attempt."""
