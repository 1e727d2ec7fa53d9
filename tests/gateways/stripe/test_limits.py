"""Rate budgets: shared by processes, never exceeded, interactive before bulk."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tillwright.gateways.database import Database
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.budgets import Rates, budgets_of
from tillwright.gateways.stripe.limits import SharedLimits
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import Secret

TEST = Access("org", Secret("sk_test_abcdefgh"), False, "acct_1")
LIVE = Access("org", Secret("sk_live_abcdefgh"), True, "acct_1")


def test_a_request_draws_on_its_account_and_its_endpoint() -> None:
    names = [budget.name for budget in budgets_of(TEST, "GET", "/v1/customers/cus_1", Rates())]
    assert names == ["acct_1:test", "acct_1:test:GET /v1/customers/{}"]
    other = [budget.name for budget in budgets_of(LIVE, "GET", "/v1/customers/cus_2", Rates())]
    assert other == ["acct_1:live", "acct_1:live:GET /v1/customers/{}"]
    assert "sk_test" not in str(budgets_of(Access("o", TEST.key, False), "GET", "/v1/account", Rates()))


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/customers/search"])
def test_no_second_can_hold_more_than_stripe_allows(path: str) -> None:
    for budget in budgets_of(LIVE, "GET", path, Rates()):
        limit = 100 if budget.name == "acct_1:live" else 20 if path.endswith("search") else 25
        assert budget.rate + budget.burst == limit


WORKER = """
import asyncio, sys
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.limits import SharedLimits
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import Secret

async def main():
    access = Access("org", Secret("sk_test_abcdefgh"), False, "acct_1")
    clock = SystemClock()
    async with Database(Secret(sys.argv[1]), size=3) as database:
        limits = SharedLimits(database, clock)
        async def one():
            if await limits.take(access, "GET", "/v1/customers", lane=sys.argv[2], patience=30):
                print(clock.monotonic(), flush=True)
        await asyncio.gather(*(one() for _ in range(int(sys.argv[3]))))

asyncio.run(main())
"""


@pytest.mark.processes
def test_two_processes_together_never_exceed_the_rate(database_url: Secret, tmp_path: Path) -> None:
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    command = [sys.executable, str(script), database_url.reveal()]
    workers = [
        subprocess.Popen([*command, lane, "25"], stdout=subprocess.PIPE, text=True) for lane in ("interactive", "bulk")
    ]
    said = [worker.communicate(timeout=60)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    times = sorted(float(line) for out in said for line in out.split())
    assert len(times) == 50
    # Tokens are dealt at most 25 in any second; the printing of two busy processes jitters by a little.
    busiest = max(sum(start <= time < start + 0.9 for time in times) for start in times)
    assert busiest <= 25, times
    assert times[-1] - times[0] > 1.5


async def test_the_dealt_tokens_are_exact(database: Database) -> None:
    """By the server's own clock: how many tokens 200 concurrent draws got, against what the time allows."""
    limits = SharedLimits(database, SystemClock(), Rates(test=50, endpoint=50))
    clock = SystemClock()
    started = clock.monotonic()
    taken = await asyncio.gather(
        *(limits.take(TEST, "GET", "/v1/charges", lane="bulk", patience=0.0) for _ in range(200))
    )
    took = clock.monotonic() - started
    budget = budgets_of(TEST, "GET", "/v1/charges", Rates(test=50, endpoint=50))[0]
    assert budget.burst <= sum(taken) <= budget.burst + budget.rate * took + 1


async def test_interactive_overtakes_bulk(database: Database) -> None:
    limits = SharedLimits(database, SystemClock(), Rates(test=20, endpoint=20))
    order: list[str] = []

    async def ask(lane: str, name: str) -> None:
        assert await limits.take(TEST, "GET", "/v1/charges", lane=lane, patience=30)  # type: ignore[arg-type]
        order.append(name)

    bulk = [asyncio.create_task(ask("bulk", "bulk")) for _ in range(12)]
    await asyncio.sleep(0.1)
    await asyncio.gather(*(ask("interactive", "interactive") for _ in range(6)))
    waiting = sum(not task.done() for task in bulk)
    await asyncio.gather(*bulk)
    assert waiting >= 2, order
    assert order[-1] == "bulk"


async def test_a_person_waits_for_hardly_a_token_of_a_backfill(database: Database) -> None:
    """Counted in turns of the budget, not in seconds: of all that waits in bulk, one request a process comes before."""
    processes = [SharedLimits(database, SystemClock(), Rates(test=50, endpoint=50)) for _ in range(3)]
    dealt = 0

    async def bulk(limits: SharedLimits) -> None:
        nonlocal dealt
        assert await limits.take(TEST, "GET", "/v1/charges", lane="bulk", patience=60)
        dealt += 1

    waiting = [asyncio.create_task(bulk(limits)) for limits in processes for _ in range(40)]
    before_a_person: list[int] = []
    for _ in range(8):
        await asyncio.sleep(0.05)
        began = dealt
        assert await processes[0].take(TEST, "GET", "/v1/charges", lane="interactive", patience=3)
        before_a_person.append(dealt - began)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert max(before_a_person) <= len(processes) + 2, before_a_person  # two may be on their way to their callers
    assert dealt < 100, "there was always something waiting"


async def test_patience_is_kept_and_costs_nothing(database: Database) -> None:
    limits = SharedLimits(database, SystemClock(), Rates(test=10, endpoint=10))
    assert await limits.take(TEST, "GET", "/v1/charges", lane="interactive", patience=0)
    assert not await limits.take(TEST, "GET", "/v1/charges", lane="interactive", patience=0.01)
    assert await limits.take(TEST, "GET", "/v1/charges", lane="interactive", patience=1)


async def test_a_429_stops_everybody_for_as_long_as_stripe_asks(database: Database) -> None:
    limits = SharedLimits(database, SystemClock())
    assert await limits.take(TEST, "GET", "/v1/charges", lane="interactive", patience=0)
    await limits.empty(TEST, "GET", "/v1/charges", 2.0)
    assert not await limits.take(TEST, "GET", "/v1/charges", lane="interactive", patience=1.0)
    assert not await limits.take(TEST, "GET", "/v1/customers", lane="interactive", patience=1.0)
    assert await limits.take(LIVE, "GET", "/v1/charges", lane="interactive", patience=0), "live has its own budget"
