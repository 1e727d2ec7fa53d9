"""The queries of the how-to page, asked of a mirror of the sandbox's demo account by a reader."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.domains.mirror.conftest import OneKey
from tests.sandbox.conftest import Sandbox, serve_world
from tillwright.domains.mirror import Mirror
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.limits import NoLimits
from tillwright.gateways.stripe.live import LiveReader
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import Secret
from tillwright_sandbox.demo import fill
from tillwright_sandbox.world import NORTHWIND, World, make_world

QUERIES = 10
KEY = "sk_test_sandbox_northwind"


@pytest.fixture(scope="module")
def demo() -> World:
    world = make_world(1)
    fill(world, 1, lambda _: None)
    return world


@pytest.fixture
def sandbox(demo: World) -> Iterator[Sandbox]:
    demo.limits.enabled = False
    yield from serve_world(demo)


@pytest.fixture
async def stripe(sandbox: Sandbox) -> AsyncIterator[LiveReader]:
    reader = LiveReader(sandbox.url, limits=NoLimits(), clock=SystemClock())
    yield reader
    await reader.close()


@pytest.fixture
async def reader(
    stripe: LiveReader, database: Database, database_url: Secret, organisation: str, demo: World
) -> AsyncIterator[str]:
    """An address that reads what the demo account holds, brought in over HTTP."""
    mirror = Mirror(clock=SystemClock(), database=database, keys=OneKey(KEY, NORTHWIND), reader=stripe)
    async with database.tenant(organisation) as tx:
        await mirror.start_backfill(tx, organisation, livemode=False)
    while await mirror.backfill_step(parallel=8):
        pass
    principal = Principal(organisation, "USER", "usr_ada", "Ada", "ADMIN")
    made = await mirror.readers.open(principal)
    yield urlunsplit(urlsplit(database_url.reveal())._replace(netloc=f"{made.role}:{made.password.reveal()}@"))
    await mirror.readers.close(principal)


async def test_ten_questions_have_answers(reader: str, repository: Path, demo: World) -> None:
    page = (repository / "docs/how-to/query-with-sql.md").read_text()
    queries = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    assert len(queries) == QUERIES
    answers = []
    with psycopg.connect(reader, row_factory=dict_row) as connection:
        for query in queries:
            rows = connection.execute(query).fetchall()
            assert rows, f"nobody in the demo is in the answer to:\n{query}"
            answers.append(rows)
    store = demo.accounts[NORTHWIND].test.kinds
    assert sum(row["customers"] for row in answers[0]) == sum(
        not record.deleted for record in store["customer"].records.values()
    )
    paid = [record.obj for record in store["charge"].records.values() if record.obj["paid"]]
    assert sum(row["taken"] for row in answers[1]) == sum(charge["amount_captured"] for charge in paid)
    assert sum(row["net"] for row in answers[8]) == sum(
        record.obj["net"] for record in store["balance_transaction"].records.values()
    )
