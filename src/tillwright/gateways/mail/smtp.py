"""Mail over SMTP, with any server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Literal

import aiosmtplib

from tillwright.gateways.mail.letter import Letter, address_of, compose
from tillwright.gateways.mail.mailer import MailRefused, MailUnavailable
from tillwright.gateways.mail.tls import why
from tillwright.kit.errors import Invalid
from tillwright.kit.seal import Secret

DEADLINE = 15.0
"""Seconds a mail server has, from the first packet to its last word."""


_SETTINGS = (530, 534, 535, 538)
"""Replies that ask for a sign-in or for TLS, whenever they come."""


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
                client = await self._signed_in()
                async with client:
                    await client.send_message(message, recipients=[address_of(letter.to).addr_spec])
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refusal(
                max(r.code for r in error.recipients), "; ".join(r.message for r in error.recipients)
            ) from error
        except aiosmtplib.SMTPResponseException as error:
            if error.code in _SETTINGS:
                raise self._unavailable(f"it asks for a sign-in or for TLS ({error.code} {error.message})") from error
            raise _refusal(error.code, error.message) from error
        except aiosmtplib.SMTPNotSupported as error:
            raise MailRefused("mail_refused", f"The mail server can't send this mail: {error}.") from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            said = str(error).replace(" on port None", "")  # what the library calls a connection that was handed to it
            raise self._unavailable(why(error, self._host) or said or type(error).__name__) from error

    async def _signed_in(self) -> aiosmtplib.SMTP:
        """A connection that waits for a mail: greeted, encrypted where that was asked for, signed in.

        Raises:
            MailUnavailable: whatever the server says against it. Its no is to our settings, not to the mail, which can
                go once they are mended.
        """
        dialled = await self._dial() if self._addresses else None
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=None if dialled else self._port,
            sock=dialled,
            username=self._user,
            password=self._password.reveal() if self._password else None,
            use_tls=self._tls == "tls",
            start_tls=self._tls == "starttls",
            timeout=self._deadline,
        )
        try:
            await client.connect()
        except aiosmtplib.SMTPAuthenticationError as error:
            raise self._unavailable(f"it refuses our sign-in ({error.code})") from error
        except aiosmtplib.SMTPConnectResponseError as error:
            raise self._unavailable(f"it greets us with {error.code} {error.message}") from error
        except aiosmtplib.SMTPHeloError as error:
            raise self._unavailable(f"it does not want to talk to us ({error.code} {error.message})") from error
        except aiosmtplib.SMTPResponseException as error:
            raise self._unavailable(f"it refuses to encrypt ({error.code} {error.message})") from error
        except aiosmtplib.SMTPException as error:
            if "STARTTLS" in str(error) and why(error, self._host) is None:
                reason = "it offers no STARTTLS, so nothing was sent; check the port, or whether TLS begins at once"
                raise self._unavailable(reason) from error
            raise
        return client

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
