"""The room with a real database and a mail box that takes, or refuses, what it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.serving import serving
from tillwright.domains import events
from tillwright.domains.notifications.configuration.model import Change
from tillwright.domains.notifications.notices.service import CONSUMER
from tillwright.domains.notifications.room import NoticeRoom, build
from tillwright.domains.tenancy import Principal, Tenancy
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.mail import Letter, MailRefused, MailUnavailable
from tillwright.gateways.outgoing import Outgoing
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Absent
from tillwright.kit.seal import Seal

ENTITLEMENT = {
    "entitlementId": "ent_1",
    "name": "Pro for Acme",
    "status": "ACTIVE",
    "buyerId": "cus_1",
    "buyerName": "Acme GmbH",
    "buyerEmail": "billing@acme.example",
    "productId": "prod_1",
    "productName": "Pro",
    "startTime": "2026-02-14T09:00:00Z",
    "endTime": "2027-02-14T09:00:00Z",
    "livemode": True,
    "accountId": "acct_1",
    "autoRenew": False,
}
END_SOON = ENTITLEMENT | {"daysLeft": 30, "offset": 30, "initial": True}


class Mailbox:
    """Keeps letters; refuses or puts off the addresses it is told to."""

    sender = "Northwind <billing@northwind.example>"

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.refused: dict[str, str] = {}
        self.away: dict[str, str] = {}

    async def send(self, letter: Letter) -> None:
        if said := self.refused.get(letter.to):
            raise MailRefused("mail_refused", said)
        if said := self.away.get(letter.to):
            raise MailUnavailable("mail_unavailable", said)
        self.letters.append(letter)


@dataclass
class Stage:
    """`copies` holds Stripe's objects as the mirror would; `buyers` the customers that are known."""

    room: NoticeRoom
    mailbox: Mailbox
    clock: ManualClock
    database: Database
    admin: Principal
    copies: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    buyers: set[str] = field(default_factory=set)

    async def happen(self, name: str, data: Mapping[str, Any]) -> None:
        """Record it on the spine, and let the room react to everything it has not seen."""
        async with self.database.tenant(self.admin.organisation_id) as tx:
            await events.record(tx, self.admin.organisation_id, name, dict(data), self.clock.now())
        await self.react()

    async def react(self) -> None:
        while await events.hand_on(self.database, self.admin.organisation_id, CONSUMER, self.room.notices.react):
            pass

    async def settle(self) -> None:
        """Deliver everything that is due."""
        while await self.room.outbox.deliver_due():
            pass

    async def configure(self, scope: str = "END_SOON.ENTITLEMENT", **given: Any) -> None:
        await self.room.configurations.change(self.admin, Change(scopes={scope: given}))

    async def settings(self, **given: Any) -> None:
        await self.room.configurations.change(self.admin, Change(settings=given))

    async def rows(self, query: str) -> list[dict[str, Any]]:
        async with self.database.tenant(self.admin.organisation_id) as tx:
            return await (await tx.execute(query)).fetchall()  # type: ignore[arg-type]


@pytest.fixture
async def stage(database: Database, organisation: str, clock: ManualClock, seal: Seal) -> Stage:
    mailbox = Mailbox()
    copies: dict[str, Mapping[str, Any]] = {}
    buyers: set[str] = set()

    async def copy(tx: Tx, kind: str, object_id: str, livemode: bool) -> Mapping[str, Any]:
        if object_id not in copies:
            raise Absent("mirror_object_absent", "None.")
        return copies[object_id]

    async def knows(tx: Tx, buyer_id: str) -> bool:
        return buyer_id in buyers

    room = build(
        clock=clock,
        database=database,
        seal=seal,
        mailer=mailbox,
        outgoing=Outgoing(clock=clock, opened=[ip_network("127.0.0.0/8")]),
        copies=copy,
        knows_buyer=knows,
        people=Tenancy(clock=clock, database=database).addresses_of,
        public_url="https://tillwright.example.com",
    )
    admin = Principal(organisation, "USER", "usr_ada", "Ada", "ADMIN", "Northwind Demo")
    return Stage(room, mailbox, clock, database, admin, copies, buyers)


class Receiver:
    """A webhook's receiver over real HTTP: answers what it is told to, keeps what came."""

    def __init__(self) -> None:
        self.status = 200
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def take(self, request: Request) -> Response:
        self.heard.append((dict(request.headers), await request.body()))
        return Response("noted", self.status)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    async with serving(Starlette(routes=[Route("/hook/secret-path", made.take, methods=["POST"])])) as client:
        made.url = f"{client.base_url}/hook/secret-path"
        yield made
