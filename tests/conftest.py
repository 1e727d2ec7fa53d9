"""What every test may ask for: a real PostgreSQL, an organisation in it, a clock, and no network but loopback."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from tests.line import Line, line_to
from tests.sandbox.conftest import Sandbox, serve_world
from tillwright.domains.tenancy import passwords
from tillwright.gateways.database import Database
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.stripe.budgets import Rates
from tillwright.kit import ids
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import MasterKey, Seal, Secret
from tillwright.settings import read
from tillwright.wiring import House, bring_up_to_date, build
from tillwright_sandbox.world import make_world

START = datetime(2027, 1, 15, 12, 0, tzinfo=UTC)
UNHURRIED = Rates(live=10_000, test=10_000, endpoint=10_000, search=10_000)
"""For a sandbox whose limits are off: its budgets would be waited for in real time."""
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for any address but this machine's own fails."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX:
            host = str(address[0]) if isinstance(address, tuple) else str(address)
            if not (host.startswith("127.") or host in ("::1", "localhost")):
                raise AssertionError(f"a test tried to reach {host}; only loopback is open")
        return connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> None:
    """Tests hash passwords by the thousand, a third of a second each at the cost that protects people's."""
    passwords._hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))


@pytest.fixture(scope="session")
def database_server() -> Iterator[str]:
    """The owner's address of a PostgreSQL of this test process's own, with a migrated template database."""
    # Not below pytest's own folder: as root the server runs as another user, and pytest closes that folder to others.
    folder = Path(tempfile.mkdtemp(prefix="tillwright-test-"))
    server = EmbeddedServer(folder / "pg")
    with psycopg.connect(server.url, autocommit=True) as connection:
        # Tests kill processes, not the machine: waiting for the disk would prove nothing here.
        connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")
        connection.execute("create database template_tillwright")
    bring_up_to_date(Secret(of_database(server.url, "template_tillwright")))
    yield server.url
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def of_database(url: str, name: str) -> str:
    """The same server's address for another database."""
    return url.replace("/postgres?", f"/{name}?")


@pytest.fixture
def database_url(database_server: str) -> Iterator[Secret]:
    """The owner's address of a fresh, migrated database."""
    name = f"test_{os.getpid()}_{next(_numbers)}_{uuid.uuid4().hex[:6]}"
    with psycopg.connect(database_server, autocommit=True) as connection:
        # By files: the server would else write the whole template into its log, for each test.
        connection.execute(f'create database "{name}" template template_tillwright strategy file_copy')
    yield Secret(of_database(database_server, name))
    with psycopg.connect(database_server, autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')


@pytest.fixture
async def database(database_url: Secret) -> AsyncIterator[Database]:
    async with Database(database_url) as database:
        yield database


@pytest.fixture
async def organisation(database: Database) -> str:
    return await make_organisation(database, "Northwind Demo")


async def make_organisation(database: Database, name: str) -> str:
    """Another organisation's id; its row exists."""
    organisation_id = ids.new("org")
    async with database.tenant(organisation_id) as tx:
        await tx.execute(
            "insert into organisations (id, name, created) values (%s, %s, %s)", (organisation_id, name, START)
        )
    return organisation_id


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def seal() -> Seal:
    return Seal([MasterKey(Secret("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY"))])


@pytest.fixture
def repository() -> Path:
    return Path(__file__).parent.parent


@pytest.fixture
def stripe_sandbox() -> Iterator[Sandbox]:
    """A sandbox Stripe over real HTTP with no objects; its rate limits are off until a test wants them."""
    world = make_world()
    world.limits.enabled = False
    yield from serve_world(world)


@pytest.fixture
async def house(
    database: Database, database_url: Secret, stripe_sandbox: Sandbox, clock: ManualClock, tmp_path: Path
) -> AsyncIterator[House]:
    """Every part, wired as in production, against the test's own database and sandbox."""
    settings = read(
        {
            "TILLWRIGHT_DATA": str(tmp_path / "data"),
            "TILLWRIGHT_DATABASE_URL": database_url.reveal(),
            "TILLWRIGHT_STRIPE_API_BASE": stripe_sandbox.url,
            "TILLWRIGHT_PUBLIC_URL": "http://127.0.0.1:8420",
        }
    )
    house = build(settings, database, clock, UNHURRIED)
    yield house
    await house.reader.close()
    await house.writer.close()


@pytest.fixture
async def line(database_url: Secret) -> AsyncIterator[Line]:
    """A line to the test's database that can be cut."""
    async with line_to(database_url) as line:
        yield line
