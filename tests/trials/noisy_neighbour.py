"""One organisation dumps its events at once, 49 others get one now and then: the others notice nothing.

python -m tests.trials.noisy_neighbour [EVENTS [SECONDS]]     # 100,000 and 30 if not said

A real web process, a real worker, a sandbox Stripe over HTTP. The trickle goes on for SECONDS behind the dump, while
the worker chews on it. From the moment an event is sent until its run has begun the others wait at most 2 s (p99), and
any event is answered within 250 ms (p99). Wants a machine that is not busy with other work.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import httpx
import psycopg

from tests.domains.webhooks.conftest import Sender, listen
from tests.journeys.plant import Plant, plant
from tests.trials import _bulk
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.kit.clock import SystemClock
from tillwright.kit.seal import Seal, Secret
from tillwright.wiring import open_house

QUIET, LANES, EVERY = 49, 16, 0.2
"""Quiet organisations, the dump's requests at a time, and seconds between two of the others' events."""
TO_RUN, TO_ANSWER = 2.0, 0.25
PLACES = ("received", "applied", "created", "started", "finished")
"""What an event passes."""
WORKFLOW = """
name: seen
trigger: {stripe_event: customer.updated}
steps:
  - id: said
    action: note
    with: {text: "${object.id} was changed"}
"""


async def furnish(made: Plant) -> list[tuple[Sender, str, str]]:
    """Connected organisations with the workflow switched on, the loud one first: sender, organisation, a customer."""
    settings, found = made.settings, list[tuple[Sender, str, str]]()
    async with open_house(settings) as house, httpx.AsyncClient(base_url=made.sandbox_url, timeout=30) as stripe:
        for number in range(QUIET + 1):
            word = "northwind" if number else "acme"  # the loud one has an account, and so a rate, of its own
            principal = await house.tenancy.create_organisation(
                f"Shop {number}", f"a{number}@example.com", "a long password"
            )
            await house.integrations.connect(
                principal,
                publishable_key=f"pk_test_sandbox_{word}",
                secret_key=Secret(f"rk_test_sandbox_{word}"),
            )
            organisation = principal.organisation_id
            account = (await house.integrations.access(organisation, why="listen to it")).account_id
            sender = await listen(
                house.database, Seal(settings.keyring()), SystemClock(), house.webhooks, organisation,
                account_id=account or "",
            )  # fmt: skip
            answer = await stripe.post(
                "/v1/customers", data={"name": "Ada"}, headers={"Authorization": f"Bearer sk_test_sandbox_{word}"}
            )
            await house.automation.save(principal, WORKFLOW, activate=True)
            found.append((sender, organisation, answer.json()["id"]))
    return found


async def send(client: httpx.AsyncClient, sender: Sender, number: int, customer: str) -> float:
    """Seconds until the answer, which is 200."""
    body = sender.event(number, {"id": customer, "object": "customer", "created": 1, "name": f"Ada {number}"})
    header = [(b"Stripe-Signature", sender.header(body))]
    began = time.monotonic()
    answer = await client.post(f"/webhooks/stripe/{sender.token}", content=body, headers=header)
    assert answer.status_code == 200, answer.text
    return time.monotonic() - began


async def dump(url: str, token: str, secret: str, customer: str, events: int) -> float:
    """The loud one, in a process of its own: how long its answers took (p99), in seconds."""
    nobody: object = None
    sender = Sender(nobody, SystemClock(), token, secret)  # type: ignore[arg-type]
    took: list[float] = []
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        left = iter(range(events))

        async def lane() -> None:
            for number in left:
                took.append(await send(client, sender, 10**9 + number, customer))

        await asyncio.gather(*(lane() for _ in range(LANES)))
    return p99(took)


async def trickle(
    url: str, quiet: list[tuple[Sender, str, str]], loud: subprocess.Popen[str], seconds: float
) -> tuple[dict[str, datetime], list[float]]:
    """When each of the others' events was sent, and how long each answer took."""
    sent: dict[str, datetime] = {}
    took: list[float] = []
    numbers, ends = iter(range(1 << 40)), 0.0
    async with httpx.AsyncClient(base_url=url, timeout=60) as client, asyncio.TaskGroup() as group:

        async def one(sender: Sender, customer: str) -> None:
            number = next(numbers)
            sent[f"evt_{number}"] = datetime.now(UTC)
            took.append(await send(client, sender, number, customer))

        while not ends or time.monotonic() < ends:
            sender, _, customer = random.choice(quiet)
            group.create_task(one(sender, customer))
            await asyncio.sleep(EVERY)
            if not ends and loud.poll() is not None:
                ends = time.monotonic() + seconds
    return sent, took


def p99(values: list[float]) -> float:
    return sorted(values)[int(0.99 * (len(values) - 1))]


def stages(made: Plant, organisations: list[str]) -> str:
    """Where their events' time went on the way to a run, half and p99, in seconds."""
    rows = made.rows(
        "select e.received, e.applied, r.created, r.started, r.finished from tillwright.stripe_events e "
        "join tillwright.workflow_runs r on r.organisation_id = e.organisation_id "
        "and r.trigger->>'stripe_event_id' = e.id where e.organisation_id = any(%s) and r.finished is not null",
        organisations,
    )
    found: list[str] = []
    for before, after in pairwise(PLACES) if rows else ():
        took = sorted((row[after] - row[before]).total_seconds() for row in rows)
        found.append(f"{before} to {after} {took[len(took) // 2]:.2f} / {p99(took):.2f}")
    return ", ".join(found) or "no run is over"


async def trial(made: Plant, events: int, seconds: float) -> bool:
    (sender, noisy, customer), *quiet = await furnish(made)
    made.wait_for_worker(made.start_worker("worker"))
    url = f"http://127.0.0.1:{made.environment['TILLWRIGHT_PORT']}"
    command = [sys.executable, "-m", "tests.trials.noisy_neighbour", "--dump", url, sender.token, sender.secret]
    loud = subprocess.Popen([*command, customer, str(events)], stdout=subprocess.PIPE, text=True)
    sent, took = await trickle(url, quiet, loud, seconds)
    assert loud.stdout is not None
    dumped = float(loud.stdout.read())
    await asyncio.sleep(5)  # the last ones' runs
    query = "select trigger->>'stripe_event_id' as event, started from tillwright.workflow_runs where organisation_id"
    began = {row["event"]: row["started"] for row in made.rows(f"{query} = any(%s)", [each for _, each, _ in quiet])}
    waits = [(began[event] - at).total_seconds() for event, at in sent.items() if began.get(event)]
    never = len(sent) - len(waits)
    (left,) = made.rows(
        "select count(*) as n from tillwright.stripe_events where organisation_id = %s and applied is null", noisy
    )
    (runs,) = made.rows(
        "select count(*) as n, count(finished) as over from tillwright.workflow_runs where organisation_id = %s", noisy
    )
    print(f"the loud one: {events:,} events, answered in {dumped * 1000:.0f} ms (p99); {left['n']:,} not applied yet, "
          f"{runs['n']:,} runs begun, {runs['over']:,} over")  # fmt: skip
    print(f"the others: {len(sent)} events, answered in {p99(took) * 1000:.0f} ms (p99); from event to run "
          f"{sorted(waits)[len(waits) // 2]:.2f} s (half), {p99(waits):.2f} s (p99); {never} had none")  # fmt: skip
    for said, organisations in (("the loud one", [noisy]), ("the others", [each for _, each, _ in quiet])):
        print(f"{said}: {stages(made, organisations)}")
    return not never and p99(waits) <= TO_RUN and max(p99(took), dumped) <= TO_ANSWER


def main() -> int:
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 30.0
    with tempfile.TemporaryDirectory() as name:
        server = EmbeddedServer(Path(name) / "postgres")
        try:
            address = _bulk.prepare(server.url, Path(name))
            with psycopg.connect(address.reveal(), options="-c search_path=tillwright") as connection:
                connection.execute("delete from organisations where id = %s", (_bulk.ORGANISATION,))
            with plant(address, Path(name)) as made:
                return int(not asyncio.run(trial(made, events, seconds)))
        finally:
            server.stop()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--dump"]:
        url, token, secret, customer, events = sys.argv[2:]
        print(asyncio.run(dump(url, token, secret, customer, int(events))))
        sys.exit()
    sys.exit(main())
