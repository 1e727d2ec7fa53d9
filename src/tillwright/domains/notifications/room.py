"""The parts of this room, put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tillwright.domains.notifications.channels.service import Channels
from tillwright.domains.notifications.configuration.service import Configurations
from tillwright.domains.notifications.contacts.service import Contacts, KnowsBuyer
from tillwright.domains.notifications.notices.reading import NoticeBoard
from tillwright.domains.notifications.notices.service import Copies, Notices, PeopleOf
from tillwright.domains.notifications.optouts.service import OptOuts
from tillwright.domains.notifications.service import Notifications
from tillwright.gateways.database import Database
from tillwright.gateways.mail import Mailer, MailerOf
from tillwright.gateways.outgoing import Outgoing
from tillwright.kit.clock import Clock
from tillwright.kit.seal import Seal


@dataclass(frozen=True)
class NoticeRoom:
    """`outbox` sends, `notices` answers what happened, `board` shows it; the others are what people set up."""

    outbox: Notifications
    notices: Notices
    board: NoticeBoard
    configurations: Configurations
    channels: Channels
    contacts: Contacts
    opt_outs: OptOuts


def build(
    *,
    clock: Clock,
    database: Database,
    seal: Seal,
    mailer: Mailer,
    outgoing: Outgoing,
    copies: Copies,
    knows_buyer: KnowsBuyer,
    people: PeopleOf,
    public_url: str,
    mailer_of: MailerOf | None = None,
) -> NoticeRoom:
    """Opens nothing."""
    ports: dict[str, Any] = {"clock": clock, "database": database}
    channels = Channels(seal=seal, outgoing=outgoing, **ports)
    opt_outs = OptOuts(seal=seal, public_url=public_url, **ports)
    outbox = Notifications(mailer=mailer, mailer_of=mailer_of, channels=channels, opt_outs=opt_outs, **ports)
    notices = Notices(outbox=outbox, copies=copies, people=people, public_url=public_url, **ports)
    return NoticeRoom(
        outbox=outbox,
        notices=notices,
        board=NoticeBoard(notices=notices, outbox=outbox, **ports),
        configurations=Configurations(**ports),
        channels=channels,
        contacts=Contacts(knows_buyer=knows_buyer, **ports),
        opt_outs=opt_outs,
    )
