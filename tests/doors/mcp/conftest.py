"""The whole web process over HTTP, and Ada, who is signed in and has connected an account whose books are known."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from bench.assistant.books import NOW, PROFILES, Books, keep
from bench.assistant.seeding import put

from tests.conftest import UNHURRIED
from tests.doors.console.conftest import PASSWORD, Person, csrf_of
from tests.journeys.plant import free_port
from tests.sandbox.conftest import Sandbox
from tests.serving import serving
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock, to_unix
from tillwright.kit.seal import Secret
from tillwright.main import web
from tillwright.settings import WebSettings, read
from tillwright.wiring import House, build


@dataclass
class Office:
    """`url` is where the web process answers; `ada` is signed in there."""

    url: str
    house: House
    sandbox: Sandbox
    ada: Person
    books: Books

    @property
    def principal(self) -> Principal:
        return self.ada.principal

    async def consent(self, address: str, *, via: str = "connection", decision: str = "allow") -> str:
        """Follow an assistant's link in Ada's browser and decide: where the browser is sent."""
        async with httpx.AsyncClient() as stranger:
            onward = (await stranger.get(address)).headers["location"]
        path = onward.removeprefix(self.url)
        shown = await self.ada.see(path)
        assert shown.status_code == 200, shown.text
        ticket = dict(parse_qsl(urlsplit(path).query))["request"]
        fields = {"csrf": csrf_of(shown.text), "request": ticket, "via": via, "decision": decision}
        back = await self.ada.client.post("/assistant/authorize", data=fields)
        assert back.status_code == 200, back.text
        return html.unescape(re.search(r'id="onward"[^>]* href="([^"]+)"', back.text)[1])  # type: ignore[index]


@pytest.fixture
async def office(
    database: Database, database_url: Secret, stripe_sandbox: Sandbox, tmp_path: Path
) -> AsyncIterator[Office]:
    port = free_port()
    settings = read(
        {
            "TILLWRIGHT_DATA": str(tmp_path / "data"),
            "TILLWRIGHT_DATABASE_URL": database_url.reveal(),
            "TILLWRIGHT_STRIPE_API_BASE": stripe_sandbox.url,
        }
    )
    url = f"http://127.0.0.1:{port}"
    settings = replace(settings, web=WebSettings("127.0.0.1", port, url))
    house = build(settings, database, ManualClock(NOW), UNHURRIED)
    world = stripe_sandbox.world
    world.clock.freeze()
    world.clock.start_at(to_unix(NOW))
    books = keep(PROFILES[0], 1, scale=40)
    put(world, books)
    principal = await house.tenancy.create_organisation("Northwind", "ada@example.com", PASSWORD, person="Ada")
    integration = await house.integrations.connect(
        principal,
        publishable_key=stripe_sandbox.publishable_key,
        secret_key=Secret(stripe_sandbox.restricted_key),
    )
    settings_ = {"connect_client_id": "ca_northwindsandbx"}
    await house.integrations.update(principal, expected_version=integration.version, settings=settings_)
    state = dict(parse_qsl(urlsplit(await house.connections.begin(principal, "ses_1")).query))["state"]
    code = world.connect.authorise(stripe_sandbox.account, PROFILES[0].account, False, "read_only")
    await house.connections.finish(principal, "ses_1", state=state, code=code)
    async with serving(web(house), port=port) as client:
        ada = Person(client, house, principal)
        assert (await ada.sign_in()).status_code == 303
        yield Office(url, house, stripe_sandbox, ada, books)
    await house.reader.close()
    await house.writer.close()
