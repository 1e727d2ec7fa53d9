"""`kill -9` of the worker between any two steps: another finishes the run, with one coupon, one code and one mail."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from tests.journeys.plant import Plant, plant, until
from tillwright.kit.seal import Secret

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("plant"), pytest.mark.timeout(300)]

# What is seen in the tables at each place a run can be in, in the order a run comes to them. Each is counted for the
# runs of this test's customer only: the newest run, and what belongs to it.
_RUN = "(select id from tillwright.workflow_runs order by created desc limit 1)"
_STEP = f"select 1 from tillwright.run_steps where run_id = {_RUN} and step ="
_EFFECT = f"select 1 from tillwright.effects where run_id = {_RUN} and step ="
PLACES = {
    "committed": f"select 1 from tillwright.workflow_runs where id = {_RUN}",
    "running": f"select 1 from tillwright.workflow_runs where id = {_RUN} and state <> 'QUEUED'",
    "object fetched": f"{_STEP} '_fetch' and state = 'DONE'",
    "coupon recorded": f"{_EFFECT} 'coupon'",
    "coupon made": f"{_EFFECT} 'coupon' and state = 'DONE'",
    "coupon noted": f"{_STEP} 'coupon' and state = 'DONE'",
    "code recorded": f"{_EFFECT} 'code'",
    "code made": f"{_EFFECT} 'code' and state = 'DONE'",
    "mail queued": f"{_STEP} 'mail'",
    "mail noted": f"{_STEP} 'mail' and state = 'DONE'",
}


def test_a_kill_at_every_place(database_url: Secret, tmp_path: Path) -> None:
    with plant(database_url, tmp_path) as made:
        asyncio.run(made.connect())
        workers = [made.start_worker("worker-0"), made.start_worker("worker-1")]
        for worker in workers:
            made.wait_for_worker(worker)
        for number, place in enumerate(PLACES):
            email = f"ada.{number}@example.com"
            workers = kill_one_at(made, workers, number, email, place)
            check(made, number, email, place)
        for worker in workers:
            made.wait_for_worker(worker)
            worker.terminate()
        assert [worker.wait(20) for worker in workers] == [0, 0], "a worker ends cleanly when it is asked to"


def kill_one_at(
    made: Plant, workers: list[subprocess.Popen[bytes]], number: int, email: str, place: str
) -> list[subprocess.Popen[bytes]]:
    """Let a payment fail, kill the worker that has its run at the place, and start another; returns who is left."""
    with psycopg.connect(made.url.reveal(), autocommit=True) as connection:
        made.failing_subscription(email)

        def there() -> bool:
            runs = connection.execute("select count(*) from tillwright.workflow_runs").fetchone()
            return runs == (number + 1,) and connection.execute(PLACES[place]).fetchone() is not None  # type: ignore[arg-type]

        until(there, f"a run comes to: {place}", pause=0.001)
        holder = connection.execute(
            "select w.pid from tillwright.workers w join dbos.workflow_status s on s.executor_id = w.id "
            f"where s.workflow_uuid = {_RUN} and w.state = 'ALIVE'"
        ).fetchone()
    # Before a run is in anybody's hands, either worker may be the one that is about to hand it over.
    victim = next((w for w in workers if holder and w.pid == holder[0]), workers[0])
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait(10)
    return [*(w for w in workers if w is not victim), made.start_worker(f"worker-{number + 2}")]


def check(made: Plant, number: int, email: str, place: str) -> None:
    killed = time.monotonic()
    until(
        lambda: made.rows(f"select 1 from tillwright.workflow_runs where id = {_RUN} and finished is not null"),
        f"the run killed at {place!r} ends",
    )
    print(f"killed at {place!r}: done after {time.monotonic() - killed:.1f} s")
    runs = made.rows("select state, reason from tillwright.workflow_runs")
    assert [(run["state"], run["reason"]) for run in runs] == [("DONE", None)] * (number + 1), place
    coupons = made.stripe.v1.coupons.list({"limit": 100}).data
    codes = made.stripe.v1.promotion_codes.list({"limit": 100}).data
    assert (len(coupons), len(codes)) == (number + 1, number + 1), place
    mails = made.mails_to(email)
    assert len({mail["message_id"] for mail in mails}) == 1, place
    # A second copy is possible only where the kill fell between the mail server's word and our note of it.
    assert len(mails) == 1 or place in ("mail queued", "mail noted"), place
    shown = made.rows(f"select step, state from tillwright.run_steps where run_id = {_RUN} order by position")
    assert [tuple(step.values()) for step in shown] == [
        (step, "DONE") for step in ("_fetch", "coupon", "code", "mail")
    ], place


def test_the_only_worker_killed_and_started_again(database_url: Secret, tmp_path: Path) -> None:
    with plant(database_url, tmp_path) as made:
        asyncio.run(made.connect())
        worker = made.start_worker("worker-0")
        made.wait_for_worker(worker)
        with psycopg.connect(made.url.reveal(), autocommit=True) as connection:
            made.failing_subscription("ada@example.com")
            until(
                lambda: connection.execute(PLACES["coupon made"]).fetchone(),  # type: ignore[arg-type]
                "a coupon",
                pause=0.001,
            )
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(10)
        time.sleep(0.5)
        assert made.rows("select 1 from tillwright.workflow_runs where finished is null"), "nobody is left to end it"
        made.start_worker("worker-1")
        check(made, 0, "ada@example.com", "coupon made")
