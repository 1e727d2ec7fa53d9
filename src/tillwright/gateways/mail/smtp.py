"""Mail over SMTP, with any server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Literal

import aiosmtplib

from tillwright.gateways.mail.letter import Letter, address_of, compose
from tillwright.gateways.mail.mailer import MailRefused, MailUnavailable
from tillwright.kit.errors import Invalid
from tillwright.kit.seal import Secret

DEADLINE = 15.0
"""Seconds a mail server has, from the first packet to its last word."""


class SmtpMailer:
    """A mail server, reached anew for each mail.

    Args:
        tls: `none`, `starttls` (upgrade after the greeting) or `tls` (from the first byte).
        addresses: what is dialled, in this order, instead of looking the name up; its certificate is still `host`'s.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        sender: str,
        user: str | None = None,
        password: Secret | None = None,
        tls: Literal["none", "starttls", "tls"] | str = "none",
        deadline: float = DEADLINE,
        addresses: Sequence[str] = (),
    ) -> None:
        self.sender = sender
        self._addresses = addresses
        self._host = host
        self._port = port
        self._user = user
        self._password = password
        self._tls = tls
        self._deadline = deadline

    async def send(self, letter: Letter) -> None:
        """See `Mailer.send`."""
        try:
            message = compose(letter, self.sender)
        except Invalid as error:
            raise MailRefused(error.code, error.sentence, remedy=error.remedy) from error
        try:
            async with asyncio.timeout(self._deadline):
                dialled = await self._dial() if self._addresses else None
                await aiosmtplib.send(
                    message,
                    recipients=[address_of(letter.to).addr_spec],
                    hostname=self._host,
                    port=None if dialled else self._port,
                    sock=dialled,
                    username=self._user,
                    password=self._password.reveal() if self._password else None,
                    use_tls=self._tls == "tls",
                    start_tls=self._tls == "starttls",
                    timeout=self._deadline,
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refusal(
                max(r.code for r in error.recipients), "; ".join(r.message for r in error.recipients)
            ) from error
        except aiosmtplib.SMTPAuthenticationError as error:
            # Our sign-in is wrong, not the mail: it can go once the settings are mended.
            raise self._unavailable(f"it refuses our sign-in ({error.code})") from error
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error.code, error.message) from error
        except aiosmtplib.SMTPNotSupported as error:
            raise MailRefused("mail_refused", f"The mail server can't send this mail: {error}.") from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            said = str(error).replace(" on port None", "")  # what the library calls a connection that was handed to it
            raise self._unavailable(said or type(error).__name__) from error

    async def _dial(self) -> socket.socket:
        """A connection to the first of the addresses that takes one."""
        failed: OSError = OSError("no address")
        for one in self._addresses:
            family = socket.AF_INET6 if ":" in one else socket.AF_INET
            dialled = socket.socket(family, socket.SOCK_STREAM)
            dialled.setblocking(False)
            try:
                await asyncio.get_running_loop().sock_connect(dialled, (one, self._port))
            except OSError as error:
                dialled.close()
                failed = error
            except BaseException:
                dialled.close()
                raise
            else:
                return dialled
        raise failed

    def _unavailable(self, reason: str) -> MailUnavailable:
        return MailUnavailable(
            "mail_unavailable",
            f"The mail server {self._host}:{self._port} did not take the mail: {reason}.",
            remedy="Check TILLWRIGHT_SMTP_HOST and the settings beside it; the mail is tried again.",
        )


def _refusal(code: int, text: str) -> MailRefused | MailUnavailable:
    said = " ".join(text.split())[:300]
    if code >= 500:
        return MailRefused("mail_refused", f"The mail server refuses the mail: {code} {said}")
    return MailUnavailable("mail_unavailable", f"The mail server puts the mail off: {code} {said}")
