"""Putting mails into the outbox, and emptying it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from tillwright.domains import events
from tillwright.domains.notifications import attempts, store
from tillwright.domains.notifications.model import Message, MessageState
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.mail import Letter, Mailer, MailRefused, MailUnavailable
from tillwright.gateways.mail.letter import domain_of
from tillwright.kit import ids, pages
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent
from tillwright.kit.pages import Page

MailerOf = Callable[[str], Awaitable[Mailer]]
"""Which mail server an organisation's mails leave by; asked at each attempt."""


class Notifications:
    """The outbox of every organisation. `mailer` is of everybody who has none of their own by `mailer_of`."""

    def __init__(self, *, clock: Clock, database: Database, mailer: Mailer, mailer_of: MailerOf | None = None) -> None:
        self._clock = clock
        self._database = database
        self._mailer = mailer
        self._mailer_of = mailer_of

    async def queue(
        self, tx: Tx, organisation_id: str, *, key: str, to: str, subject: str, text: str, html: str | None = None
    ) -> Message:
        """Put a mail into the outbox in the caller's transaction; the same key again gives the mail that is there.

        Args:
            key: names the intent, e.g. the run and step; the Message-ID follows from it.
        """
        now = self._clock.now()
        message_id = f"<{ids.digest('mail', organisation_id, key)}@{domain_of(self._mailer.sender)}>"
        await store.add(
            tx,
            Message(
                organisation_id, ids.new("msg"), key, message_id, to, subject, text, html,
                MessageState.PENDING, 0, now, None, now, None,
            ),
        )  # fmt: skip
        kept = await store.by_key(tx, organisation_id, key)
        assert kept is not None
        return kept

    async def send(
        self, organisation_id: str, *, key: str, to: str, subject: str, text: str, html: str | None = None
    ) -> Message:
        """Put a mail into the outbox and try at once to hand it over; what can't be now is tried again later."""
        async with self._database.tenant(organisation_id) as tx:
            message = await self.queue(tx, organisation_id, key=key, to=to, subject=subject, text=text, html=html)
        return await self.deliver(organisation_id, message.id)

    async def deliver(self, organisation_id: str, message_id: str) -> Message:
        """Take one attempt, if the mail is due and nobody else is at it; returns it as it then stands.

        Raises:
            Absent: there is no such mail.
        """
        now = self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            message = await store.lease(tx, organisation_id, message_id, now, now + attempts.LEASE)
        if message is not None:
            await self._attempt(message)
        return await self.of(organisation_id, message_id)

    async def _attempt(self, message: Message) -> None:
        letter = Letter(
            message.message_id, message.recipient, message.subject, message.text, message.html, message.created
        )
        try:
            mailer = await self._mailer_of(message.organisation_id) if self._mailer_of else self._mailer
            await mailer.send(letter)
        except MailUnavailable as error:
            given_up = self._clock.now() - message.created > attempts.GIVEN_UP_AFTER
            await self._settle(message, MessageState.FAILED if given_up else MessageState.PENDING, error.sentence)
        except MailRefused as error:
            await self._settle(message, MessageState.FAILED, error.sentence)
        else:
            # Between the server's word and this commit lies the one window in which a mail can go out twice.
            await self._settle(message, MessageState.SENT, None)

    async def _settle(self, message: Message, state: MessageState, error: str | None) -> None:
        now = self._clock.now()
        due = now + attempts.wait(message.attempts) if state is MessageState.PENDING else message.due
        sent = now if state is MessageState.SENT else None
        async with self._database.tenant(message.organisation_id) as tx:
            await store.settle(tx, message, state, due=due, error=error, sent=sent)
            if state is not MessageState.PENDING:
                name = f"notification:MAIL:{'sent' if state is MessageState.SENT else 'failed'}"
                data = {"message": message.id, "key": message.key, "attempts": message.attempts, "error": error}
                await events.record(tx, message.organisation_id, name, data, now)

    async def deliver_due(self, limit: int = 20) -> int:
        """Attempt what is due, over all organisations; returns how many were looked at."""
        async with self._database.open() as tx:
            found = await store.due(tx, self._clock.now(), limit)
        for organisation_id, message_id in found:
            await self.deliver(organisation_id, message_id)
        return len(found)

    async def of(self, organisation_id: str, message_id: str) -> Message:
        """One mail.

        Raises:
            Absent: there is no such mail.
        """
        async with self._database.tenant(organisation_id) as tx:
            message = await store.by_id(tx, organisation_id, message_id)
        if message is None:
            raise Absent("message_absent", f"There is no mail {message_id}.")
        return message

    async def list(self, principal: Principal, *, cursor: str | None = None, limit: int = 50) -> Page[Message]:
        """Mails, newest first."""
        principal.require("notification:read")
        before: tuple[datetime, str] | None = None
        if cursor:
            moment, last = pages.decode_cursor(cursor, 2)
            before = (datetime.fromisoformat(moment), last)
        async with self._database.tenant(principal.organisation_id) as tx:
            found = await store.page(tx, principal.organisation_id, before=before, limit=limit + 1)
        shown = found[:limit]
        more = pages.encode_cursor(shown[-1].created.isoformat(), shown[-1].id) if len(found) > limit else None
        return Page(shown, more)
