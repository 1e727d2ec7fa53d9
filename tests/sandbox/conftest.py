"""A sandbox served over real HTTP for each test that asks, and the official SDK pointed at it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import pytest
import stripe
import uvicorn
from starlette.types import Receive, Scope, Send

from tillwright_sandbox.app import Wire, create_app
from tillwright_sandbox.tables.validate import answer_complaints, complaints
from tillwright_sandbox.world import World, make_world

VERSION = "2026-08-26.dahlia"


@dataclass
class Sandbox:
    """`client` is the official SDK with Northwind's secret test key; `http` is for what the SDK would not send."""

    url: str
    world: World
    secret_key: str = "sk_test_sandbox_northwind"
    publishable_key: str = "pk_test_sandbox_northwind"
    restricted_key: str = "rk_test_sandbox_northwind"
    limited_key: str = "rk_test_sandbox_limited"
    account: str = "acct_northwindsandbx"

    @property
    def client(self) -> stripe.StripeClient:
        return self.client_with(self.secret_key)

    def client_with(self, key: str, **options: Any) -> stripe.StripeClient:
        options.setdefault("stripe_version", VERSION)
        return stripe.StripeClient(
            key,
            base_addresses={"api": self.url, "connect": self.url, "files": self.url},
            max_network_retries=0,
            **options,
        )

    def http(self, method: str, path: str, key: str | None = None, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key or self.secret_key}", "Stripe-Version": VERSION}
        headers |= options.pop("headers", {})
        with httpx.Client(base_url=self.url, timeout=30, verify=False) as client:  # plain HTTP: no certificates to load
            return client.request(method, path, headers=headers, **options)

    @property
    def objects(self) -> Any:
        """Northwind's store in test mode."""
        return self.world.accounts[self.account].test


class Server:
    """One uvicorn a test process, in a thread, on a free port; each test puts its own world behind it."""

    def __init__(self) -> None:
        self.app: Wire | None = None
        self.server = uvicorn.Server(
            uvicorn.Config(self.serve, port=0, interface="asgi3", log_level="warning", lifespan="off")
        )
        self.thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 20
        while not self.server.started:
            if time.monotonic() > deadline or not self.thread.is_alive():
                raise RuntimeError("the sandbox did not start within 20 s")
            time.sleep(0.005)
        self.url = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    async def _run(self) -> None:
        self.loop = asyncio.get_running_loop()
        await self.server.serve()

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None, "a request came in when no test was running"
        await self.app(scope, receive, send)

    def do(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        assert not self.thread.is_alive()


_servers: list[Server] = []


def serve_world(world: World) -> Iterator[Sandbox]:
    """A world served over HTTP, its deliveries running."""
    if not _servers:
        _servers.append(Server())
    server = _servers[0]
    server.app = create_app(world)
    server.do(world.webhooks.start())
    try:
        yield Sandbox(server.url, world)
    finally:
        server.do(world.webhooks.stop())
        server.app = None


def pytest_sessionfinish() -> None:
    for server in _servers:
        server.stop()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A fresh world with no objects; rate limits off, as most tests are in a hurry."""
    world = make_world()
    world.limits.enabled = False
    yield from serve_world(world)


def plain(obj: Any) -> Any:
    """An answer as it came over the wire: the SDK turns decimal texts into Decimals."""
    value = obj.to_dict() if isinstance(obj, stripe.StripeObject) else obj
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, Decimal) else value


def validate_answer(obj: Any, schema_name: str | None = None) -> Any:
    """Asserts that an answer is what Stripe's OpenAPI page promises (an unknown field fails too), and gives it back."""
    assert complaints(plain(obj), schema_name) == []
    return obj


@pytest.fixture
def validate() -> Any:
    return validate_answer


@pytest.fixture
def validate_operation() -> Any:
    """validate_operation("GetCustomers", answer): against the answer schema of the operation itself."""

    def check(operation_id: str, answer: Any) -> Any:
        assert answer_complaints(operation_id, plain(answer)) == []
        return answer

    return check
