"""The parts list: every part built once, by hand, and given what it needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tillwright.domains.assistant import Assistant
from tillwright.domains.assistant.chat import Chat
from tillwright.domains.assistant.grants import Grants
from tillwright.domains.automation import Automation, Fetcher, Parts, Work
from tillwright.domains.billing import (
    Buyers,
    CreditParts,
    Credits,
    Desk,
    Discounts,
    Effects,
    Invoices,
    Reading,
    Refunds,
    Transactions,
)
from tillwright.domains.billing.mailing import Mailing
from tillwright.domains.connections import Connections
from tillwright.domains.custody import Custody
from tillwright.domains.entitlements import Entitlements
from tillwright.domains.environments import Environments
from tillwright.domains.events import renumber_store as spine
from tillwright.domains.integrations import Credentials, Integrations, NamedSecrets
from tillwright.domains.integrations.mail_servers import MailServers
from tillwright.domains.integrations.model import Settings as Choices
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror import renumber_store as changes
from tillwright.domains.mirror.library.service import Library
from tillwright.domains.mirror.views import store as views
from tillwright.domains.notifications import Notifications, room
from tillwright.domains.notifications.contacts.service import KnowsBuyer
from tillwright.domains.notifications.notices.service import Copies
from tillwright.domains.notifications.room import NoticeRoom
from tillwright.domains.removal import Debts, Removal
from tillwright.domains.removal.parts import (
    AssistantPart,
    ConnectionsPart,
    CreditsPart,
    EntitlementsPart,
    MirrorPart,
    RunsPart,
    WebhooksPart,
)
from tillwright.domains.tenancy import Tenancy
from tillwright.domains.tenancy.copying import Copying
from tillwright.domains.tenancy.people import People
from tillwright.domains.tenancy.resets import Resets
from tillwright.domains.tenancy.trail import Trail
from tillwright.domains.verification import Drift, MailVerification, Rotation, Verification
from tillwright.domains.webhooks import Webhooks
from tillwright.domains.webhooks.endpoint.reach import can_reach
from tillwright.domains.webhooks.history import History
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.database.migrate import migrate
from tillwright.gateways.database.moving import settle_in
from tillwright.gateways.ledger import Ledger
from tillwright.gateways.mail.smtp import SmtpMailer
from tillwright.gateways.model.live import LiveModel
from tillwright.gateways.outgoing import Outgoing
from tillwright.gateways.stripe.budgets import Rates
from tillwright.gateways.stripe.connected import ConnectedReader
from tillwright.gateways.stripe.limits import SharedLimits
from tillwright.gateways.stripe.live import LiveOAuth, LiveReader, LiveWriter
from tillwright.kit.clock import Clock, SharedClock, SystemClock
from tillwright.kit.errors import Absent
from tillwright.kit.seal import Seal, Secret
from tillwright.settings import Settings


@dataclass(frozen=True)
class House:
    """The parts that the doors may use."""

    settings: Settings
    clock: Clock
    database: Database
    reader: LiveReader
    writer: LiveWriter
    outgoing: Outgoing
    tenancy: Tenancy
    people: People
    resets: Resets
    trail: Trail
    integrations: Integrations
    secrets: NamedSecrets
    verification: Verification
    rotation: Rotation
    mail_servers: MailServers
    mail_verification: MailVerification
    mirror: Mirror
    library: Library
    effects: Effects
    connections: Connections
    assistant: Assistant
    grants: Grants
    chat: Chat
    buyers: Buyers
    discounts: Discounts
    credits: Credits
    invoices: Invoices
    transactions: Transactions
    notifications: Notifications
    entitlements: Entitlements
    notices: NoticeRoom
    automation: Automation
    custody: Custody
    environments: Environments
    webhooks: Webhooks
    removal: Removal


@contextmanager
def owner_url(settings: Settings) -> Iterator[Secret]:
    """The database owner's address; runs the embedded server meanwhile if there is no other.

    Raises:
        Upstream: the embedded server does not start.
    """
    if settings.database.url:
        yield settings.database.url
        return
    server = EmbeddedServer(settings.data / "postgres")
    try:
        yield Secret(server.url)
    finally:
        server.stop()


def bring_up_to_date(url: Secret) -> str:
    """Run the migrations that are missing, make the SQL views as the code has them; returns the revision.

    A database that came from another server's dump is settled in.

    Raises:
        Upstream: the database cannot be reached.
    """
    reached = migrate(url)
    views.refresh(url)
    settle_in(url, (spine.renumber, changes.renumber))
    return reached


@asynccontextmanager
async def open_house(settings: Settings, *, clock: Clock | None = None, connections: int = 10) -> AsyncIterator[House]:
    """Migrate, build every part, and close what was opened at the end.

    Raises:
        Upstream: the database cannot be reached.
        Invalid: a setting or the master key is not usable.
    """
    with owner_url(settings) as url:
        bring_up_to_date(url)
        async with Database(url, settings.database.application_url, size=connections) as database:
            house = build(settings, database, clock or SystemClock())
            # Before anything uses it: a restored backup may hold what was deleted since.
            await house.removal.settle_ledger()
            house = build(settings, database, clock or clock_of(settings))
            try:
                yield house
            finally:
                await house.reader.close()
                await house.writer.close()


def clock_of(settings: Settings) -> Clock:
    """The machine's; in a demo one that can be moved forward for all its processes."""
    return SharedClock(settings.data / "clock") if settings.demo else SystemClock()


def build(settings: Settings, database: Database, clock: Clock, rates: Rates | None = None) -> House:
    """Put the parts together; opens nothing. `rates`: Stripe's, unless it gives others."""
    keyring = settings.keyring()
    keyring.present()  # a key that can't be used is said now, and not at the first secret
    seal = Seal(keyring)
    ledger = Ledger(settings.key_file.parent)
    limits = SharedLimits(
        database, SystemClock(), rates
    )  # buckets fill by the real time, so waiting for them is real too
    drift = Drift(database=database, clock=clock)
    reader = LiveReader(settings.stripe.api_base, limits=limits, clock=clock, on_refusal=drift)
    writer = LiveWriter(settings.stripe.api_base, limits=limits, clock=clock, on_refusal=drift)
    mail = settings.mail
    mailer = SmtpMailer(mail.host, mail.port, sender=mail.sender, user=mail.user, password=mail.password, tls=mail.tls)
    outgoing = Outgoing(clock=clock, opened=settings.outgoing_networks)
    secrets = NamedSecrets(database=database, clock=clock, credentials=Credentials(seal))
    integrations = Integrations(
        database=database,
        clock=clock,
        credentials=Credentials(seal),
        reader=reader,
        writer=writer,
        # In a demo somebody wants to see notices; elsewhere nobody is warned before a person says so.
        defaults=Choices(enable_entitlement_end_soon_notification=settings.demo),
    )
    verification = Verification(database=database, clock=clock, integrations=integrations, reader=reader, writer=writer)
    mirror = Mirror(clock=clock, database=database, keys=integrations, reader=reader)
    effects = Effects(database=database, clock=clock, integrations=integrations, reader=reader, writer=writer)
    mail_servers = MailServers(
        database=database,
        clock=clock,
        credentials=Credentials(seal),
        common=mailer,
        opened=settings.outgoing_networks,
    )
    tenancy = Tenancy(clock=clock, database=database)
    told = room.build(
        clock=clock,
        database=database,
        seal=seal,
        mailer=mailer,
        outgoing=outgoing,
        copies=_copies(mirror),
        knows_buyer=_knows_buyer(mirror),
        people=tenancy.addresses_of,
        public_url=settings.web.public_url,
        mailer_of=mail_servers.mailer_of,
    )
    reading = Reading(database=database, integrations=integrations, mirror=mirror)
    refunds = Refunds(database=database, clock=clock, integrations=integrations, reader=reader, effects=effects)
    desk = Desk(database=database, clock=clock, integrations=integrations, refunds=refunds, mirror=mirror)
    credits = Credits(
        CreditParts(
            database=database, clock=clock, integrations=integrations, reader=reader, effects=effects, mirror=mirror
        ),
        reading,
    )
    connections = Connections(
        clock=clock,
        database=database,
        platforms=integrations,
        tenancy=tenancy,
        reader=ConnectedReader(reader),
        oauth=LiveOAuth(settings.stripe.connect_base),
        seal=seal,
        public_url=settings.web.public_url,
        scope=settings.stripe.connect_scope,
    )
    entitlements = Entitlements(
        clock=clock, database=database, integrations=integrations, tenancy=tenancy, mirror=mirror, effects=effects
    )
    assistant = Assistant(
        clock=clock, database=database, connections=connections, platforms=integrations, mirror=mirror
    )
    chat = Chat(
        clock=clock,
        database=database,
        assistant=assistant,
        model=LiveModel(),
        seal=seal,
        bases=settings.model.bases,
    )
    grants = Grants(
        clock=clock,
        database=database,
        tenancy=tenancy,
        platforms=integrations,
        seal=seal,
        resource=settings.web.public_url.rstrip("/") + "/mcp",
    )
    webhooks = Webhooks(
        clock=clock,
        database=database,
        integrations=integrations,
        mirror=mirror,
        reader=reader,
        writer=writer,
        seal=seal,
        public_url=settings.web.public_url,
        reachable=can_reach(settings.web.public_url, settings.stripe.api_base),
        events_kept=timedelta(days=settings.event_days),
    )
    work = Work(
        fetcher=Fetcher(integrations=integrations, reader=reader),
        parts=Parts(
            clock=clock,
            database=database,
            effects=effects,
            refunds=refunds,
            notifications=told.outbox,
            integrations=integrations,
            reader=reader,
            mirror=mirror,
            secrets=secrets,
            outgoing=outgoing,
        ),
        public_url=settings.web.public_url,
    )
    automation = Automation(
        clock=clock, database=database, mirror=mirror, integrations=integrations, work=work, seal=seal, stored=History()
    )
    return House(
        settings=settings,
        clock=clock,
        database=database,
        reader=reader,
        writer=writer,
        outgoing=outgoing,
        tenancy=tenancy,
        trail=Trail(database=database, ledger=ledger),
        resets=Resets(clock=clock, database=database, mailer=mailer, public_url=settings.web.public_url),
        people=People(
            clock=clock,
            database=database,
            seal=seal,
            mailer=mailer,
            public_url=settings.web.public_url,
            mailer_of=mail_servers.mailer_of,
        ),
        integrations=integrations,
        secrets=secrets,
        verification=verification,
        mail_servers=mail_servers,
        mail_verification=MailVerification(
            database=database, clock=clock, servers=mail_servers, verification=verification
        ),
        rotation=Rotation(database=database, integrations=integrations, verification=verification),
        mirror=mirror,
        library=Library(database=database, clock=clock, modes=integrations, mirror=mirror),
        effects=effects,
        connections=connections,
        grants=grants,
        assistant=assistant,
        chat=chat,
        buyers=Buyers(reading, desk),
        discounts=Discounts(database=database, clock=clock, integrations=integrations, mirror=mirror, reader=reader),
        credits=credits,
        invoices=Invoices(
            reading, desk, Mailing(database=database, clock=clock, contacts=told.contacts, outbox=told.outbox)
        ),
        transactions=Transactions(reading, desk),
        notifications=told.outbox,
        entitlements=entitlements,
        automation=automation,
        custody=Custody(database=database, clock=clock, keyring=keyring),
        environments=Environments(
            database=database,
            integrations=integrations,
            verification=verification,
            automation=automation,
            copying=Copying(clock=clock, database=database),
            reader=reader,
            routing=told.configurations,
        ),
        notices=told,
        webhooks=webhooks,
        removal=Removal(
            database=database,
            clock=clock,
            integrations=integrations,
            verification=verification,
            effects=effects,
            parts=(
                AssistantPart(grants, chat),
                RunsPart(automation),
                ConnectionsPart(connections),
                WebhooksPart(webhooks),
                MirrorPart(mirror),
                EntitlementsPart(entitlements),
                CreditsPart(credits),
            ),
            debts=Debts(
                database=database, clock=clock, integrations=integrations, hooks=webhooks, links=connections, seal=seal
            ),
            ledger=ledger,
        ),
    )


def _copies(mirror: Mirror) -> Copies:
    """What notices read of Stripe's objects."""

    async def copy(tx: Tx, kind: str, object_id: str, livemode: bool) -> Mapping[str, Any]:
        return (await mirror.get(tx, kind, object_id, livemode=livemode)).body

    return copy


def _knows_buyer(mirror: Mirror) -> KnowsBuyer:
    """Whether a contact can be linked to a customer, of either mode."""

    async def knows(tx: Tx, buyer_id: str) -> bool:
        for livemode in (True, False):
            try:
                return not (await mirror.get(tx, "customer", buyer_id, livemode=livemode)).deleted
            except Absent:
                continue
        return False

    return knows
