"""How long does the end-soon sweep take over 1,000,000 entitlements? `--count` for fewer.

The limit is a bare scan: the id, end and status of the same rows, read through the same driver from the same
PostgreSQL in the same run, with no decision made and nothing written. Beside it stands the stricter figure of a scan
that never leaves the server and only counts. Ours is the sweep of an ordinary day, everything included: find what is
due, decide in Python, record each notice and tell of it in the spine, and commit. The peer is a sweep without times
of the next look: every row near its end fetched and decided, nothing written. Ends are spread evenly over two years,
N is 30. With `--renewing 50` half of them renew instead of ending, as evenly, and are told of 7 days before.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import psycopg

from tillwright.domains.entitlements import Entitlements, end_soon
from tillwright.domains.entitlements.end_soon import Plan
from tillwright.domains.integrations import Integrations
from tillwright.domains.mirror import Mirror
from tillwright.domains.tenancy import Tenancy
from tillwright.gateways.database import Database
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.database.migrate import migrate
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret

GOAL = 3.0
NOW = datetime(2027, 1, 15, 12, tzinfo=UTC)
ORGANISATION = "org_bench"
NOBODY = cast(Any, None)
SETTINGS = json.dumps({"enable_entitlement_end_soon_notification": True, "days_before_entitlement_end": 30})
RENEWALS = json.dumps({"enable_entitlement_renew_soon_notification": True, "days_before_entitlement_renewal": 7})
ROWS = """insert into tillwright.entitlements (organisation_id, id, livemode, kind, source_object, source_id,
  source_part, status, name, buyer_id, buyer_name, buyer_email, product_id, product_name, start_time, end_time, renews,
  info, meta, check_at, version, created, updated)
  select %s, 'ent_' || lpad(n::text, 32, '0'), false, 'SUBSCRIPTION', 'subscription', 'sub_' || n, 'si_' || n,
    case when renewing then 'ACTIVE' else 'PENDING_CANCEL' end, 'Team plan', 'cus_' || n, 'Buyer ' || n,
    'buyer' || n || '@example.com', 'prod_' || n %% 50, 'Team plan', %s,
    case when renewing then null else due end, case when renewing then due end,
    '{"quantity": 3, "stripeStatus": "active", "interval": "month", "currency": "eur", "unitAmount": 4900}', '{}',
    greatest(%s, due - case when renewing then interval '7 days' else interval '30 days' end), 1, %s, %s
  from generate_series(1, %s) n,
    lateral (select %s + n * interval '730 days' / %s as due, n %% 100 < %s as renewing) d"""
SCAN = """select count(*) from tillwright.entitlements where status in ('ACTIVE', 'PENDING_CANCEL')
  and end_time > %s and end_time <= %s + interval '60 days'"""
READ = "select id, end_time, status from tillwright.entitlements"
NEAR = """select id, end_time, status from tillwright.entitlements where status in ('ACTIVE', 'PENDING_CANCEL')
  and end_time > %s and end_time <= %s + interval '30 days'"""


def fill(url: str, count: int, renewing: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            "insert into tillwright.organisations (id, name, created) values (%s, 'Bench', %s)", (ORGANISATION, NOW)
        )
        connection.execute(
            "insert into tillwright.integrations (organisation_id, partner, service, status, livemode, account_id, "
            "publishable_key, key_kind, key_hint, api_version, created, created_by, updated, updated_by, settings) "
            "values (%s, 'STRIPE', 'PAYMENT', 'VERIFIED', false, 'acct_1', 'pk_test_1', 'SECRET', 'none', 'x', %s, "
            "'a', %s, 'a', %s)",
            (ORGANISATION, NOW, NOW, SETTINGS if not renewing else SETTINGS[:-1] + ", " + RENEWALS[1:]),
        )  # fmt: skip
        past = NOW - timedelta(days=90)
        connection.execute(ROWS, (ORGANISATION, past, NOW, past, past, count, NOW, count, renewing))
        connection.commit()
        connection.autocommit = True
        connection.execute("vacuum analyze tillwright.entitlements")


def scan(url: str, now: datetime) -> tuple[float, float, float]:
    """Seconds, the first two the best of three: counted on the server; read here; near rows read and decided."""
    with psycopg.connect(url) as connection:
        connection.execute("set enable_indexscan = off; set enable_bitmapscan = off; set enable_indexonlyscan = off")
        counted: list[float] = []
        read: list[float] = []
        for _ in range(3):
            began = time.perf_counter()
            connection.execute(SCAN, (now, now)).fetchone()
            counted.append(time.perf_counter() - began)
            began = time.perf_counter()
            with connection.cursor("rows") as cursor:
                cursor.itersize = 20_000
                for _row in cursor.execute(READ):
                    pass
            read.append(time.perf_counter() - began)
        began, plan = time.perf_counter(), Plan(30, UTC)
        for _, end, _ in connection.execute(NEAR, (now, now)):
            end_soon.due(end, plan, (), now)
        return min(counted), min(read), time.perf_counter() - began


def opened(database: Database, clock: ManualClock) -> Entitlements:
    integrations = Integrations(clock=clock, database=database, credentials=NOBODY, reader=NOBODY, writer=NOBODY)
    return Entitlements(
        clock=clock,
        database=database,
        integrations=integrations,
        tenancy=Tenancy(clock=clock, database=database),
        mirror=Mirror(clock=clock, database=database, keys=integrations, reader=NOBODY),
        effects=NOBODY,
    )


async def sweep(entitlements: Entitlements) -> tuple[float, int]:
    began, looked = time.perf_counter(), 0
    while found := await entitlements.sweep_step(limit=2000):
        looked += found
    return time.perf_counter() - began, looked


async def measure(url: str) -> dict[str, Any]:
    clock = ManualClock(NOW)
    async with Database(Secret(url), size=4) as database:
        entitlements = opened(database, clock)
        first, planned = await sweep(entitlements)
        days: list[tuple[float, int]] = []
        for _ in range(3):
            clock.move(86_400)
            days.append(await sweep(entitlements))
        idle, _ = await sweep(entitlements)
    day, looked = sorted(days)[1]
    counted, bare, decided = scan(url, clock.now())
    return {
        "first": first,
        "planned": planned,
        "day": day,
        "looked": looked,
        "idle": idle,
        "bare": bare,
        "counted": counted,
        "all": decided,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--renewing", type=int, default=0, help="how many in a hundred renew instead of ending")
    given = parser.parse_args()
    count = given.count
    with tempfile.TemporaryDirectory(prefix="tillwright-bench-") as folder:
        os.chmod(folder, 0o755)  # as root the server runs as another user
        server = EmbeddedServer(Path(folder) / "pg")
        try:
            migrate(Secret(server.url))
            fill(server.url, count, given.renewing)
            found = asyncio.run(measure(server.url))
        finally:
            server.stop()
    print(f"{count:,} entitlements, {given.renewing} % of them renew")
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors\n")
    for title, seconds in (
        ("bare scan: the rows read", found["bare"]),
        ("the same counted on the server, never read", found["counted"]),
        ("scan, near rows fetched and decided, nothing written", found["all"]),
        (f"the sweep of a day: {found['looked']:,} looked at, told and recorded", found["day"]),
        ("the sweep when nothing is due", found["idle"]),
        (f"the first of all: {found['planned']:,} overdue at once", found["first"]),
    ):
        print(f"  {title:<66} {seconds:9.3f} s")
    ratio = found["day"] / found["bare"]
    print(
        json.dumps(
            {
                "bench": "end_soon", "unit": "s for a day of 1,000,000 entitlements", "ours": round(found["day"], 3),
                "peer": {"scan and decide": round(found["all"], 3)}, "limit": round(found["bare"], 3),
                "ours_to_limit": round(ratio, 2), "ours_to_best_peer": round(found["day"] / found["all"], 2),
                "goal": GOAL, "met": ratio <= GOAL,
            }
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
