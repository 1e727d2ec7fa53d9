"""Real workers fill a mirror, as fast as Stripe allows: killed (-9) and told to stop, they lose nothing, read nothing
twice but what was in flight, are never refused for their rate, and nobody waits behind them."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import psycopg
import pytest

from tests.journeys.plant import Plant, until, workers_only
from tests.sandbox.conftest import Sandbox
from tests.trials import _bulk
from tillwright.domains.mirror.backfill.plan import at_once
from tillwright.domains.tenancy import Principal
from tillwright.gateways.stripe.limits import SharedLimits
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import Secret
from tillwright.settings import read
from tillwright.wiring import open_house

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("plant"), pytest.mark.timeout(300)]

OBJECTS = 12_000
KILLED, STOPPED = 30, 20
"""Pages after which the first workers are killed, and pages more after which the next is told to stop."""


def pages(made: Plant) -> int:
    return made.rows("select coalesce(sum(pages), 0)::int as n from tillwright.mirror_backfills")[0]["n"]


async def connect(made: Plant, sandbox: Sandbox) -> Principal:
    """Connected with a Stripe that has keys; the workers' own only lists."""
    settings = read({**made.environment, "TILLWRIGHT_STRIPE_API_BASE": sandbox.url})
    async with open_house(settings) as house:
        principal = await house.tenancy.create_organisation("Northwind", "ada@example.com", "a long password")
        await house.integrations.connect(
            principal, publishable_key=sandbox.publishable_key, secret_key=Secret(sandbox.restricted_key)
        )
    return principal


async def fill(made: Plant, principal: Principal) -> None:
    """Begin, and ask something oneself meanwhile, until there are pages enough."""
    async with open_house(made.settings) as house:
        await house.mirror.backfill(principal)
        access = await house.integrations.access(principal.organisation_id)
        limits = SharedLimits(house.database, SystemClock())
        while pages(made) < KILLED:
            assert await limits.take(access, "GET", "/v1/charges", lane="interactive", patience=3), "a person waits"
            await asyncio.sleep(0.3)


async def finish(made: Plant) -> None:
    """What another worker does, at the very moment: no lease is waited for."""
    async with open_house(made.settings) as house:
        while await house.mirror.backfill_step():
            pass


def test_workers_that_end_in_the_midst_of_it(database_url: Secret, stripe_sandbox: Sandbox, tmp_path: Path) -> None:
    options = ("--objects", str(OBJECTS), "--latency", "0.05")
    with _bulk.stripe(*options, livemode=False) as url, workers_only(database_url, tmp_path, url) as made:
        principal = asyncio.run(connect(made, stripe_sandbox))
        two = [made.start_worker("worker-0"), made.start_worker("worker-1")]
        for worker in two:
            made.wait_for_worker(worker)
        asyncio.run(fill(made, principal))
        for worker in two:
            worker.send_signal(signal.SIGKILL)
        assert [worker.wait(10) for worker in two] == [-signal.SIGKILL] * 2
        with psycopg.connect(database_url.reveal(), autocommit=True) as owner:  # a dead reader's lease runs out
            owner.execute("update tillwright.mirror_ranges set leased_until = now() where lease is not null")
        before = pages(made)
        third = made.start_worker("worker-2")
        until(lambda: pages(made) >= before + STOPPED, "the next worker has gone on")
        third.terminate()
        assert third.wait(30) == 0
        assert made.rows("select 1 from tillwright.mirror_ranges where leased_until > now()") == []
        assert made.rows("select 1 from tillwright.mirror_backfills where state = 'RUNNING'"), "in the midst of it"
        asyncio.run(finish(made))
        (list_of,) = made.rows("select state, done from tillwright.mirror_backfills where object = 'charge'")
        assert list_of == {"state": "DONE", "done": OBJECTS}
        (kept,) = made.rows(
            "select count(*) as n, count(distinct id) as ids from tillwright.mirror_objects where object = 'charge'"
        )
        assert kept == {"n": OBJECTS, "ids": OBJECTS}
        told = _bulk.told(url)
        assert told["objects"] <= OBJECTS + 2 * at_once(False) * 100, "nothing was read twice but what was in flight"
        assert told["refused"] == 0, "the workers kept to the rate that they share"
