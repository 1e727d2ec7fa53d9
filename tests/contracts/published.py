"""The published Python client of the API whose shapes ours keeps to, installed unchanged and pointed at our server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import suger_sdk_python as published
from starlette.applications import Starlette

from tests.serving import serving
from tillwright.domains.tenancy import Principal
from tillwright.doors import api
from tillwright.wiring import House

PASSWORD = "correct horse battery"


class Published:
    """One caller with one key.

    The client blocks, and the server answers from this very loop: `call` therefore runs it in a thread, e.g.
    `await client.call("APIApi", "list_api_clients", client.organisation_id)`.
    """

    def __init__(self, house: House, base: httpx.AsyncClient, principal: Principal, key: str) -> None:
        self.house, self.http, self.principal, self.key = house, base, principal, key
        self.organisation_id = principal.organisation_id

    def configuration(self, prefix: str = "Key") -> published.Configuration:
        return published.Configuration(
            host=str(self.http.base_url).rstrip("/"),
            api_key={"APIKeyAuth": self.key},
            api_key_prefix={"APIKeyAuth": prefix},
        )

    async def call(self, family: str, operation: str, *given: Any, prefix: str = "Key", **named: Any) -> Any:
        """One operation of one of the client's `…Api` families; raises the client's own exceptions."""

        def blocking() -> Any:
            with published.ApiClient(self.configuration(prefix)) as client:
                return getattr(getattr(published, family)(client), operation)(*given, **named)

        return await asyncio.to_thread(blocking)

    def with_key(self, key: str) -> Published:
        """The same organisation asked for with another key."""
        return Published(self.house, self.http, self.principal, key)


Opened = Callable[..., Awaitable[Published]]


@asynccontextmanager
async def published_clients(house: House) -> AsyncIterator[Opened]:
    """The API served over HTTP, and `open(name, role)`, which makes an organisation with a key and a client for it."""
    async with serving(Starlette(routes=list(api.routes(house)))) as base:

        async def open_one(name: str = "Northwind", role: str = "ADMIN") -> Published:
            email = f"{name.lower()}-{role.lower()}@example.com"
            principal = await house.tenancy.create_organisation(name, email, PASSWORD, person="Ada")
            _, key = await house.tenancy.create_api_client(principal, "Published", role)
            return Published(house, base, principal, key.reveal())

        yield open_one
