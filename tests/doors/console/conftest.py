"""People with browsers, as far as HTTP goes: they keep cookies and send back the form they were given."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette

from tests.sandbox.conftest import Sandbox
from tests.serving import serving
from tillwright.domains.tenancy import Principal
from tillwright.doors import console
from tillwright.kit.seal import Secret
from tillwright.wiring import House

EMAIL, PASSWORD = "ada@example.com", "correct horse battery"


class Person:
    """Somebody at the console."""

    def __init__(self, client: httpx.AsyncClient, house: House, principal: Principal) -> None:
        self.client, self.house, self.principal = client, house, principal

    async def see(self, path: str, *, part: bool = False) -> httpx.Response:
        return await self.client.get(path, headers={"HX-Request": "true"} if part else {})

    async def send(self, path: str, *, seen: str = "/", part: bool = False, **fields: str) -> httpx.Response:
        """Post a form with the token of a page they saw."""
        token = csrf_of((await self.see(seen)).text)
        headers = {"HX-Request": "true"} if part else {}
        return await self.client.post(path, data={"csrf": token, **fields}, headers=headers)

    async def sign_in(self, email: str = EMAIL, password: str = PASSWORD, next_page: str = "/") -> httpx.Response:
        token = csrf_of((await self.see("/sign-in")).text)
        fields = {"email": email, "password": password, "csrf": token, "next": next_page}
        return await self.client.post("/sign-in", data=fields)

    async def connect(self, sandbox: Sandbox, *, secret: str = "", verify: bool = True) -> None:
        """Through the services: what the pages then show is what is tested."""
        key = Secret(secret or sandbox.restricted_key)
        await self.house.integrations.connect(self.principal, publishable_key=sandbox.publishable_key, secret_key=key)
        if verify:
            await self.house.verification.verify(self.principal)

    async def fill(self) -> None:
        """Bring into the mirror what the sandbox has."""
        async with self.house.database.tenant(self.principal.organisation_id) as tx:
            await self.house.mirror.start_backfill(tx, self.principal.organisation_id, livemode=False)
        while await self.house.mirror.backfill_step():
            pass


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, "the page holds no form"
    return found[1]


def text_of(page: str) -> str:
    """What a reader sees, on one line."""
    without = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", without))).strip()


@asynccontextmanager
async def at_the_console(house: House, email: str, organisation: str) -> AsyncIterator[Person]:
    principal = await house.tenancy.create_organisation(organisation, email, PASSWORD, person="Ada")
    async with serving(Starlette(routes=list(console.routes(house)))) as client:
        yield Person(client, house, principal)


@pytest.fixture
async def visitor(house: House) -> AsyncIterator[Person]:
    """Not signed in yet."""
    async with at_the_console(house, EMAIL, "Northwind") as person:
        yield person


@pytest.fixture
async def ada(visitor: Person) -> Person:
    """Signed in as an administrator."""
    answer = await visitor.sign_in()
    assert answer.status_code == 303, answer.text
    return visitor
