"""A user who can go to the sandbox's authorisation page and press its buttons."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.domains.connected import Rooms
from tests.domains.connected import rooms as rooms
from tillwright.domains.connections import Connection, Connections
from tillwright.domains.tenancy import Principal, Tenancy
from tillwright.gateways.stripe.connected import ConnectedReader
from tillwright.gateways.stripe.live import LiveOAuth
from tillwright.kit.seal import Seal
from tillwright_sandbox.world import ACME, NORTHWIND

PUBLIC = "http://127.0.0.1:8420"
CLIENT = "ca_northwindsandbx"
SESSION = "ses_ada"
BACK = f"{PUBLIC}/settings/user-integrations/stripe/callback"


@dataclass
class Linked:
    """The room with what it needs. `ada` is a user of the organisation, `eve` another one."""

    rooms: Rooms
    connections: Connections
    ada: Principal
    eve: Principal
    build: Callable[..., Connections] = field(repr=False)

    def person(self, user_id: str) -> Principal:
        return replace(self.ada, actor_id=user_id, role="VIEWER")

    async def begin(self, who: Principal | None = None, session: str = SESSION) -> str:
        return await self.connections.begin(who or self.ada, session)

    async def at_stripe(self, url: str, account: str = ACME, decision: str = "connect") -> dict[str, str]:
        """Press a button there: what the browser is sent back with."""
        async with httpx.AsyncClient() as client:
            page = await client.get(url)
            hidden = re.findall(r'"hidden" name="(\w+)" value="([^"]*)"', page.text)
            form = {name: html.unescape(value) for name, value in hidden}
            address = self.rooms.sandbox.url + "/oauth/authorize"
            answer = await client.post(address, data=form | {"decision": decision, "account": account})
        assert answer.headers["location"].startswith(BACK + "?"), answer.text
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    async def finish(self, told: dict[str, str], who: Principal | None = None, session: str = SESSION) -> Connection:
        given = {name: told.get(name, "") for name in ("state", "code", "error")}
        return await self.connections.finish(who or self.ada, session, **given)

    async def connect(self, account: str = ACME, who: Principal | None = None) -> Connection:
        return await self.finish(await self.at_stripe(await self.begin(who), account), who)

    def reaches(self, account: str = ACME, livemode: bool = False) -> bool:
        """Whether the platform may act on the account, as Stripe sees it."""
        return self.rooms.sandbox.world.connect.reaches(NORTHWIND, account, livemode)

    async def count(self, table: str) -> int:
        return (await self.rooms.rows(f"select count(*) as n from {table}"))[0]["n"]


@pytest.fixture
async def linked(rooms: Rooms, seal: Seal) -> Linked:
    integration = await rooms.connect()
    await rooms.integrations.update(
        rooms.principal, expected_version=integration.version, settings={"connect_client_id": CLIENT}
    )
    organisation = rooms.principal.organisation_id
    async with rooms.database.tenant(organisation) as tx:
        for name in ("ada", "eve"):
            await tx.execute(
                "insert into users (id, email, name, password_hash, created) values (%s, %s, %s, 'x', now())",
                (f"usr_{name}", f"{name}@example.com", name.title()),
            )
            await tx.execute(
                "insert into memberships (organisation_id, user_id, role, created) values (%s, %s, 'VIEWER', now())",
                (organisation, f"usr_{name}"),
            )

    def build(**changed: object) -> Connections:
        given: dict[str, object] = {
            "clock": rooms.clock,
            "database": rooms.database,
            "platforms": rooms.integrations,
            "tenancy": Tenancy(clock=rooms.clock, database=rooms.database),
            "reader": ConnectedReader(rooms.reader),
            "oauth": LiveOAuth(rooms.sandbox.url, timeout=2),
            "seal": seal,
            "public_url": PUBLIC,
        }
        return Connections(**(given | changed))  # type: ignore[arg-type]

    return Linked(
        rooms,
        build(),
        Principal(organisation, "USER", "usr_ada", "Ada", "VIEWER", "Northwind"),
        Principal(organisation, "USER", "usr_eve", "Eve", "VIEWER", "Northwind"),
        build,
    )
