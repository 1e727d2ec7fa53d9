"""Two processes that send notices over SMTP, killed again and again: what must have arrived afterwards, and how often.

A mail can't be sent exactly once. A second copy is allowed only where a process died between the server's word and our
commit of it: at most one for each kill, under the Message-ID of the first.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta

import psycopg
from psycopg.types.json import Jsonb

from tillwright_sandbox.mailsink import MailSink

PEOPLE = ["a@x.example", "b@x.example", "c@x.example"]
AT_ONCE, ONE_A_DAY = "END_SOON.ENTITLEMENT", "CANCEL.ENTITLEMENT"
NAMES = {AT_ONCE: "entitlement:STRIPE:end_soon", ONE_A_DAY: "entitlement:STRIPE:cancel"}
SCOPE = """insert into tillwright.notification_scopes (organisation_id, scope, enabled, "to", cc, bcc, channels, digest,
  subject, body, updated, updated_by) values (%s, %s, true, %s, '{}', '{}', '{EMAIL}', %s, null, null, %s, 'a')"""
HAPPEN = "insert into tillwright.spine_events (organisation_id, name, data, created) values (%s, %s, %s, %s)"
BUSY = """select count(*) from tillwright.notification_deliveries where state = 'PENDING' and due <= %s
  and (leased_until is null or leased_until < %s)"""
BEHIND = "select count(*) from tillwright.notices"


def start(url: str, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.domains.notifications.notifier_process", url, str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def trial(url: str, organisation: str, now: datetime, *, kills: int, seed: int, each: int = 4) -> tuple[int, int]:
    """Returns how many copies arrived and how many of them twice; raises where one is missing or doubled without cause.

    A round: `each` happenings of both kinds, a kill in the middle of the work, and all of it settled.
    """
    dice = random.Random(seed)
    print(f"seed {seed}: {kills} kills", flush=True)
    sink = MailSink()
    port = sink.start()
    happened: list[str] = []
    with psycopg.connect(url) as connection:
        for scope in NAMES:
            connection.execute(SCOPE, (organisation, scope, PEOPLE, scope == ONE_A_DAY, now))
        connection.execute("create table if not exists public.virtual_time (at timestamptz not null)")
        connection.execute("insert into public.virtual_time values (%s)", (now,))
        connection.commit()
        processes = [start(url, port), start(url, port)]
        try:
            for _ in range(kills):
                for _ in range(each):
                    scope = dice.choice(list(NAMES))
                    happened.append(scope)
                    name = f"Plan {len(happened)}"
                    data = {"entitlementId": f"ent_{len(happened)}", "name": name, "daysLeft": 5, "initial": False}
                    connection.execute(HAPPEN, (organisation, NAMES[scope], Jsonb(data), now))
                connection.commit()
                time.sleep(dice.uniform(0, 0.12))
                victim = dice.randrange(2)
                processes[victim].kill()
                processes[victim].wait()
                # Only once the other has nothing in hand does time go on: a lease then runs out for the dead alone.
                _wait(connection, len(happened), now)
                now += timedelta(seconds=25)
                connection.execute("update public.virtual_time set at = %s", (now,))
                connection.commit()
                _wait(connection, len(happened), now)
                processes[victim] = start(url, port)
            now += timedelta(hours=25)
            connection.execute("update public.virtual_time set at = %s", (now,))
            connection.commit()
            _wait_for(connection, "select count(*) from tillwright.notification_digest_items where message_id is null")
            _wait(connection, len(happened), now)
        finally:
            for process in processes:
                process.kill()
                process.wait()
            sink.stop()
        return _check(connection, sink, happened, kills)


def _wait(connection: psycopg.Connection, happened: int, now: datetime) -> None:
    """Until everything that happened is a notice, and nothing is due but what a dead process holds."""
    _wait_for(connection, f"select {happened} - count(*) from tillwright.notices")
    _wait_for(connection, BUSY, now, now)
    # What the living one holds, it settles within a moment; what the dead one held stays until its lease is over.
    last, since = -1, time.monotonic()
    while time.monotonic() - since < 1.0:
        row = connection.execute("select count(*) from tillwright.notification_attempts").fetchone()
        connection.commit()
        count = row[0] if row else 0
        if count != last:
            last, since = count, time.monotonic()
        time.sleep(0.05)


def _wait_for(connection: psycopg.Connection, query: str, *given: object) -> None:
    for _ in range(12_000):
        row = connection.execute(query, given).fetchone()  # type: ignore[call-overload]
        connection.commit()
        if row == (0,):
            return
        time.sleep(0.01)
    raise AssertionError(f"never settled: {query}")


def _check(connection: psycopg.Connection, sink: MailSink, happened: list[str], kills: int) -> tuple[int, int]:
    rows = connection.execute(
        "select m.message_id, d.target, d.state, d.attempts - (select count(*) from tillwright.notification_attempts a "
        "where a.delivery_id = d.id) from tillwright.notification_deliveries d "
        "join tillwright.notification_messages m on m.id = d.message_id"
    ).fetchall()
    arrived = Counter((mail["message_id"], mail["recipients"][0]) for mail in sink.mails)
    assert {(message_id, target) for message_id, target, _, _ in rows} == set(arrived), "missing, or from nowhere"
    for message_id, target, state, cut_off in rows:
        assert state == "SENT", (target, state)
        assert arrived[message_id, target] - 1 <= cut_off, "twice, though no process died over it"
    assert sum(row[3] for row in rows) <= kills, "more tries were cut off than processes died"
    doubled = sum(count - 1 for count in arrived.values())
    notices = connection.execute("select scope, entity_id from tillwright.notices").fetchall()
    assert len(notices) == len(set(notices)) == len(happened), "each happening is one notice"
    direct = happened.count(AT_ONCE)
    told = {message_id for message_id, *_ in rows}
    digests = connection.execute(
        "select count(*), count(message_id), count(distinct message_id) from tillwright.notification_digest_items"
    ).fetchone()
    assert digests is not None
    assert digests[0] == digests[1] == happened.count(ONE_A_DAY), "each waits for one mail, and is in one"
    assert len(told) == direct + digests[2], "one mail for each, and one for each day"
    return sum(arrived.values()), doubled
