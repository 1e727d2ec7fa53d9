"""Lists are served from kept bytes: far more pages a second than any reader needs."""

from __future__ import annotations

import time

from tillwright_sandbox import generic, pipeline
from tillwright_sandbox.exchange import Exchange
from tillwright_sandbox.world import NORTHWIND, make_world

FLOOR = 150  # pages of 100 customers a second on one core


def test_a_page_of_a_hundred_customers_is_quick() -> None:
    world = make_world()
    world.limits.enabled = False
    account = world.accounts[NORTHWIND]
    with pipeline.act(world, account, False) as call:
        for n in range(2000):
            account.test.insert(generic.build(call, "customer", email=f"{n}@example.com", metadata={"n": str(n)}))
    cursors = [record.id for record in account.test.kind("customer").newest_first()][::100]
    best = 0.0
    for _ in range(3):
        start = time.perf_counter()
        for cursor in cursors:
            exchange = Exchange(
                "req_1", "GET", "/v1/customers", "", {"authorization": "Bearer sk_test_sandbox_northwind"}, b""
            )
            pipeline.route(exchange)
            exchange.fields = [("limit", "100"), ("starting_after", cursor)]
            pipeline.admit(world, exchange)
            assert pipeline.execute(world, exchange).status == 200
        best = max(best, len(cursors) / (time.perf_counter() - start))
    print(f"{best:.0f} pages of 100 a second")
    assert best >= FLOOR
