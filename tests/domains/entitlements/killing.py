"""Two sweeping processes, killed again and again while time goes by: what must be there afterwards."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta

import psycopg

MAKE = """insert into tillwright.entitlements (organisation_id, id, livemode, kind, source_object, source_id,
  source_part, status, name, start_time, end_time, info, meta, notice_days, notices, check_at, version, created,
  updated)
  values (%s, %s, false, 'MANUAL', 'manual', %s, '', 'ACTIVE', 'Kept', %s, %s, '{}', '{}', %s, true, %s, 1, %s, %s)"""
CONNECT = """insert into tillwright.integrations (organisation_id, partner, service, status, livemode, account_id,
  publishable_key, key_kind, key_hint, api_version, created, created_by, updated, updated_by)
  values (%s, 'STRIPE', 'PAYMENT', 'VERIFIED', false, 'acct_1', 'pk_test_1', 'SECRET', 'none', 'x', %s, 'a', %s, 'a')"""


def start(url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.domains.entitlements.sweeper_process", url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def make(connection: psycopg.Connection, organisation: str, dice: random.Random, now: datetime, count: int) -> None:
    connection.execute(CONNECT, (organisation, now, now))
    connection.execute("create table if not exists public.virtual_time (at timestamptz not null)")
    connection.execute("insert into public.virtual_time values (%s)", (now,))
    for number in range(count):
        end = now + timedelta(days=dice.uniform(61, 75))
        days = dice.randint(10, 60)
        name = f"ent_{number:05d}"
        connection.execute(MAKE, (organisation, name, name, now, end, days, now, now, now))
    connection.commit()


def trial(url: str, organisation: str, now: datetime, *, kills: int, count: int, seed: int) -> int:
    """Returns how many notices went out; raises where one was missed or doubled, or told without a record."""
    dice = random.Random(seed)
    print(f"seed {seed}: {kills} kills, {count} entitlements", flush=True)
    with psycopg.connect(url) as connection:
        make(connection, organisation, dice, now, count)
        processes = [start(url), start(url)]
        try:
            # Ticks of half a day, so that every notice has a tick of its own; each is left only when all is looked at.
            ticks = 76 * 2
            deadly = set(dice.sample(range(ticks), min(kills, ticks)))
            each = Counter(deadly) if kills <= ticks else Counter(dice.choices(range(ticks), k=kills))
            for tick in range(ticks):
                now += timedelta(hours=12)
                connection.execute("update public.virtual_time set at = %s", (now,))
                connection.commit()
                for _ in range(each[tick]):
                    time.sleep(dice.uniform(0, 0.02))
                    victim = dice.randrange(2)
                    processes[victim].kill()
                    processes[victim].wait()
                    processes[victim] = start(url)
                _settle(connection, now)
        finally:
            for process in processes:
                process.kill()
                process.wait()
        return _check(connection, organisation)


def _settle(connection: psycopg.Connection, now: datetime) -> None:
    for _ in range(6000):
        row = connection.execute("select count(*) from tillwright.entitlements where check_at <= %s", (now,)).fetchone()
        connection.commit()
        if row == (0,):
            return
        time.sleep(0.01)
    raise AssertionError("the sweep does not get to its end")


def _check(connection: psycopg.Connection, organisation: str) -> int:
    told = connection.execute(
        "select data->>'entitlementId', (data->>'offset')::int from tillwright.spine_events "
        "where organisation_id = %s and name = 'entitlement:STRIPE:end_soon' order by id",
        (organisation,),
    ).fetchall()
    kept = connection.execute("select entitlement_id, days_before from tillwright.entitlement_notices").fetchall()
    assert len(told) == len(set(told)), "doubled"
    assert set(told) == set(kept), "told and not recorded, or recorded and not told"
    plans = connection.execute("select id, notice_days, status from tillwright.entitlements").fetchall()
    by_id: dict[str, list[int]] = {}
    for entitlement_id, offset in told:
        by_id.setdefault(entitlement_id, []).append(offset)
    for entitlement_id, days, status in plans:
        assert status == "CANCELLED", "each came to its end"
        assert by_id[entitlement_id] == list(range(days, 0, -5)), (entitlement_id, days, by_id[entitlement_id])
        assert len(by_id[entitlement_id]) == math.ceil(days / 5)
    return len(told)
