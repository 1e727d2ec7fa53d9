"""Putting messages into the outbox, and emptying it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tillwright.domains import events
from tillwright.domains.notifications import attempts, store
from tillwright.domains.notifications.channels.service import Channels
from tillwright.domains.notifications.model import Attempt, Channel, Delivery, Message, MessageState
from tillwright.domains.notifications.optouts.service import Link, OptOuts
from tillwright.domains.notifications.templates import UNSUBSCRIBE
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.mail import Letter, Mailer, MailerOf, MailRefused, MailUnavailable
from tillwright.gateways.mail.letter import domain_of
from tillwright.kit import ids, pages
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Invalid, Upstream
from tillwright.kit.pages import Page


class Notifications:
    """The outbox of every organisation.

    Args:
        mailer: the mail server of everybody who has none of their own.
        mailer_of: which mail server an organisation's mails leave by; asked at each attempt.
        channels: carries what goes by webhook or to a chat.
        opt_outs: makes the links by which a reader leaves a list.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        database: Database,
        mailer: Mailer,
        mailer_of: MailerOf | None = None,
        channels: Channels | None = None,
        opt_outs: OptOuts | None = None,
    ) -> None:
        self._clock = clock
        self._database = database
        self._mailer = mailer
        self._mailer_of = mailer_of
        self._channels = channels
        self._opt_outs = opt_outs

    async def queue(
        self,
        tx: Tx,
        organisation_id: str,
        *,
        key: str,
        to: str | Sequence[str],
        subject: str,
        text: str,
        html: str | None = None,
        cc: Sequence[str] = (),
        bcc: Sequence[str] = (),
        channel: Channel = Channel.EMAIL,
        scope: str | None = None,
        notice_id: str | None = None,
        due: datetime | None = None,
    ) -> Message:
        """Put a message into the outbox in the caller's transaction; the same key again gives the one that is there.

        Args:
            key: names the intent, e.g. the run and step; the Message-ID follows from it.
            to: one address or several; a text is one address, as it is.
            scope: its mails carry a link to leave the scope's list.
            due: not before then.
        """
        now = self._clock.now()
        message_id = f"<{ids.digest('mail', organisation_id, key)}@{domain_of(self._mailer.sender)}>"
        heads = [to] if isinstance(to, str) else list(to)
        message = Message(
            organisation_id, ids.new("msg"), key, message_id, ", ".join(heads), subject, text, html,
            MessageState.PENDING, 0, due or now, None, now, None, channel, scope, notice_id, list(cc), list(bcc),
        )  # fmt: skip
        if channel is not Channel.EMAIL:
            targets = {str(channel): "HOOK"}
        else:
            # Who is named twice gets one copy, where they are named first.
            pairs = [*((one, "TO") for one in heads), *((one, "CC") for one in cc), *((one, "BCC") for one in bcc)]
            targets: dict[str, str] = {}
            for one, part in pairs:
                targets.setdefault(one, part)
        copies = [
            Delivery(
                organisation_id,
                ids.new("dlv"),
                message.id,
                part,
                target,
                MessageState.PENDING,
                0,
                message.due,
                None,
                None,
            )
            for target, part in targets.items()
        ]
        await store.add(tx, message, copies)
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
        """Take one attempt at each copy that is due and nobody else is at; returns the message as it then stands.

        Raises:
            Absent: there is no such message.
        """
        async with self._database.tenant(organisation_id) as tx:
            copies = await store.deliveries(tx, organisation_id, message_id)
        for copy in copies:
            if copy.state is MessageState.PENDING:
                await self._deliver(organisation_id, copy.id)
        return await self.of(organisation_id, message_id)

    async def _deliver(self, organisation_id: str, delivery_id: str) -> None:
        now = self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            copy = await store.lease(tx, organisation_id, delivery_id, now, now + attempts.LEASE)
            message = await store.by_id(tx, organisation_id, copy.message_id) if copy else None
        if copy is not None and message is not None:
            await self._attempt(message, copy)

    async def _attempt(self, message: Message, copy: Delivery) -> None:
        began = self._clock.monotonic()
        try:
            said = await self._hand_over(message, copy)
        except (MailUnavailable, Upstream) as error:
            given_up = self._clock.now() - message.created > attempts.GIVEN_UP_AFTER and copy.attempts > 1
            state = MessageState.FAILED if given_up else MessageState.PENDING
            await self._settle(message, copy, state, error.sentence, began)
        except (MailRefused, Invalid, Absent) as error:
            await self._settle(message, copy, MessageState.FAILED, error.sentence, began)
        else:
            # Between the server's word and this commit lies the one window in which a copy can go out twice.
            await self._settle(message, copy, MessageState.SENT, None, began, said)

    async def _hand_over(self, message: Message, copy: Delivery) -> str:
        if message.channel is not Channel.EMAIL:
            if self._channels is None:
                raise Absent("channel_absent", f"There is no channel {message.channel} here.")
            return await self._channels.post(message.organisation_id, message.channel, message.id, message.text)
        mailer = await self._mailer_of(message.organisation_id) if self._mailer_of else self._mailer
        text, html, leave = message.text, message.html, None
        if message.scope and self._opt_outs:
            leave = self._opt_outs.url(Link(message.organisation_id, message.scope, copy.target))
            text = text.replace(UNSUBSCRIBE, leave)
            html = html.replace(UNSUBSCRIBE, leave) if html else None
        alone = not message.cc and not message.bcc and len(message.to) < 2
        letter = Letter(
            message.message_id,
            copy.target,
            message.subject,
            text,
            html,
            message.created,
            heads=None if alone else message.to,
            cc=message.cc,
            unsubscribe=leave,
        )
        await mailer.send(letter)
        return "The mail server took it."

    async def _settle(
        self, message: Message, copy: Delivery, state: MessageState, error: str | None, began: float, said: str = ""
    ) -> None:
        now, took = self._clock.now(), int((self._clock.monotonic() - began) * 1000)
        due = now + attempts.wait(copy.attempts) if state is MessageState.PENDING else copy.due
        over = state is not MessageState.PENDING
        outcome = {MessageState.SENT: "SENT", MessageState.FAILED: "REFUSED", MessageState.PENDING: "PUT_OFF"}[state]
        async with self._database.tenant(message.organisation_id) as tx:
            before = await store.lock(tx, message.organisation_id, message.id)
            await store.settle(tx, copy, state, due=due, error=error, settled=now if over else None)
            attempt = Attempt(copy.id, copy.attempts, outcome, error or said, took, now)
            await store.log(tx, message.organisation_id, attempt)
            after = await store.add_up(tx, message.organisation_id, message.id)
            if before and before.state is not after.state:
                await self._over(tx, after, now)

    async def _over(self, tx: Tx, message: Message, now: datetime) -> None:
        """Said once, when the last copy is settled."""
        sent = message.state is MessageState.SENT
        thing = "MAIL" if message.channel is Channel.EMAIL else message.channel
        data = {"message": message.id, "key": message.key, "attempts": message.attempts, "error": message.error}
        name = f"notification:{thing}:{'sent' if sent else 'failed'}"
        await events.record(tx, message.organisation_id, name, data, now)
        for notice_id in await store.notices_of(tx, message.organisation_id, message.id):
            await store.settle_notice(tx, message.organisation_id, notice_id, now)

    async def deliver_due(self, limit: int = 20) -> int:
        """Attempt what is due, over all organisations; returns how many were looked at."""
        async with self._database.open() as tx:
            found = await store.due(tx, self._clock.now(), limit)
        for organisation_id, delivery_id in found:
            await self._deliver(organisation_id, delivery_id)
        return len(found)

    async def of(self, organisation_id: str, message_id: str) -> Message:
        """One message.

        Raises:
            Absent: there is no such message.
        """
        async with self._database.tenant(organisation_id) as tx:
            message = await store.by_id(tx, organisation_id, message_id)
        if message is None:
            raise Absent("message_absent", f"There is no mail {message_id}.")
        return message

    async def log(self, principal: Principal, message_id: str) -> tuple[Sequence[Delivery], Sequence[Attempt]]:
        """How a message's copies went: each recipient's, and every attempt, newest first."""
        principal.require("notification:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            copies = await store.deliveries(tx, principal.organisation_id, message_id)
            return copies, await store.attempts(tx, principal.organisation_id, message_id)

    async def list(self, principal: Principal, *, cursor: str | None = None, limit: int = 50) -> Page[Message]:
        """Messages, newest first."""
        principal.require("notification:read")
        before: tuple[datetime, str] | None = None
        if cursor:
            moment, last = pages.decode_cursor(cursor, 2)
            before = (datetime.fromisoformat(moment), last)
        async with self._database.tenant(principal.organisation_id) as tx:
            found = await store.page(tx, principal.organisation_id, before=before, limit=limit + 1)
        return pages.page_of(found, limit, lambda one: (one.created.isoformat(), one.id))

    async def search(
        self, principal: Principal, *, keyword: str = "", notice_id: str | None = None, limit: int, offset: int
    ) -> tuple[Sequence[Message], int]:
        """Messages that hold the keyword, newest first, and how many there are in all."""
        principal.require("notification:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.search(
                tx, principal.organisation_id, keyword=keyword, notice_id=notice_id, limit=limit, offset=offset
            )
