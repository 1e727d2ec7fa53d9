"""A connected organisation with an unpaid invoice, and runs executed in this process, on steps one can interrupt."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

from tests.sandbox.conftest import Sandbox
from tillwright.domains import events
from tillwright.domains.automation import Automation, Fetcher, Parts, RunState, Timeline, Work
from tillwright.domains.automation.interpreter import PARKED
from tillwright.domains.billing import Effects, Refunds
from tillwright.domains.notifications import Notifications
from tillwright.domains.tenancy import Principal
from tillwright.domains.webhooks.history import History
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.mail import Letter
from tillwright.gateways.outgoing import Outgoing
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Seal, Secret
from tillwright.wiring import House


class Crash(BaseException):
    """The process dies here; nothing in the product may catch it."""


@dataclass
class CrashPoints:
    """Counts the places where a process can die, and dies at the one it is told to."""

    at: int | None = None
    count: int = 0
    names: list[str] = field(default_factory=list)

    def hit(self, name: str) -> None:
        self.count += 1
        self.names.append(name)
        if self.count == self.at:
            raise Crash(name)


class CrashingDatabase:
    """Dies before a commit (which then does not happen) or after it."""

    def __init__(self, database: Database, points: CrashPoints) -> None:
        self._database = database
        self._points = points

    @asynccontextmanager
    async def tenant(self, organisation_id: str) -> AsyncIterator[Tx]:
        async with self._database.tenant(organisation_id) as tx:
            yield tx
            self._points.hit("before a commit")
        self._points.hit("after a commit")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Tx]:
        async with self._database.open() as tx:
            yield tx


class CrashingWriter:
    """Dies before a request is sent, or after its answer has come."""

    def __init__(self, writer: Any, points: CrashPoints) -> None:
        self._writer = writer
        self._points = points

    async def send(self, *args: Any, **options: Any) -> Any:
        self._points.hit("before a request")
        answer = await self._writer.send(*args, **options)
        self._points.hit("after an answer")
        return answer


class Mailbox:
    """Takes every letter; `fail` is raised instead as long as it is set."""

    sender = "Tillwright <tillwright@example.com>"

    def __init__(self, points: CrashPoints) -> None:
        self._points = points
        self.letters: list[Letter] = []
        self.fail: Exception | None = None

    async def send(self, letter: Letter) -> None:
        self._points.hit("before a mail")
        if self.fail:
            raise self.fail
        self.letters.append(letter)
        self._points.hit("after a mail")


class KeptSteps:
    """Checkpoints in memory that outlive a crash; sleeping moves the clock."""

    def __init__(self, clock: ManualClock, points: CrashPoints) -> None:
        self._clock = clock
        self._points = points
        self._kept: list[tuple[str, Any]] = []
        self._place = 0

    def again(self) -> None:
        """As a process that takes the run up finds them."""
        self._place = 0

    async def step(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        if self._place < len(self._kept):
            kept_name, result = self._kept[self._place]
            assert kept_name == name, "a run taken up again asks for the same steps in the same order"
        else:
            result = await work()
            self._points.hit(f"before {name} is kept")
            self._kept.append((name, result))
            self._points.hit(f"after {name} is kept")
        self._place += 1
        return result

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)


class Handed:
    """A queue that only remembers."""

    def __init__(self) -> None:
        self.payloads: dict[str, Mapping[str, Any]] = {}

    async def enqueue(self, run_id: str, payload: Mapping[str, Any]) -> None:
        self.payloads.setdefault(run_id, payload)


@dataclass
class Stage:
    """Everything wired as in production, with `points` at every commit, request, answer, mail and checkpoint."""

    house: House
    sandbox: Sandbox
    principal: Principal
    clock: ManualClock
    points: CrashPoints
    mailbox: Mailbox
    automation: Automation
    queue: Handed
    invoice: dict[str, Any]
    numbers: int = 0

    async def happen(self, **changes: Any) -> str:
        """Put an event on the spine, as an applied webhook does; returns the Stripe event's id."""
        self.numbers += 1
        data = {
            "event_id": f"evt_{self.numbers}",
            "created": 1_800_000_000,
            "livemode": False,
            "account_id": self.sandbox.account,
            "object_type": "invoice",
            "object_id": self.invoice["id"],
        } | changes
        organisation_id = self.principal.organisation_id
        async with self.house.database.tenant(organisation_id) as tx:
            await events.record(tx, organisation_id, "stripe:event:invoice.payment_failed", data, self.clock.now())
        return str(data["event_id"])

    async def relay(self) -> list[str]:
        """Match what happened and hand over the runs; returns the ids of those that are new."""
        before = set(self.queue.payloads)
        await events.hand_on(
            self.house.database, self.principal.organisation_id, "automation", self.automation.match_event
        )
        await self.automation.hand_over(self.queue)
        return [run_id for run_id in self.queue.payloads if run_id not in before]

    async def execute(self, run_id: str, steps: KeptSteps | None = None) -> str:
        """Execute a run to its end; when it waits, the clock is moved to when it is due."""
        ended = await self.segment(run_id, steps)
        while ended == PARKED:
            due = (await self.automation.timeline(self.principal, run_id)).run.wake_at
            assert due is not None
            await self.clock.sleep(max(0.0, (due - self.clock.now()).total_seconds()))
            await self.automation.hand_over(self.queue)
            ended = await self.segment(run_id)
        return ended

    async def segment(self, run_id: str, steps: KeptSteps | None = None) -> str:
        """Execute what was handed over last of a run."""
        steps = steps or KeptSteps(self.clock, self.points)
        steps.again()
        newest = [queue_id for queue_id in self.queue.payloads if queue_id.split(".")[0] == run_id][-1]
        return await self.automation.execute(steps, self.queue.payloads[newest])

    async def run(self, **changes: Any) -> Timeline:
        """One event, its one run, executed."""
        await self.happen(**changes)
        (run_id,) = await self.relay()
        await self.execute(run_id)
        return await self.automation.timeline(self.principal, run_id)

    async def states(self) -> list[RunState]:
        return [run.state for run in (await self.automation.runs(self.principal)).items]

    def writes(self, path: str) -> list[Any]:
        """Accepted writes at the sandbox, by its own ledger."""
        return [line for line in self.sandbox.world.ledger.writes if line.path == path]


async def make_stage(house: House, sandbox: Sandbox, clock: ManualClock) -> Stage:
    principal = await house.tenancy.create_organisation("Northwind", "ada@example.com", "a long enough password")
    await house.integrations.connect(
        principal, publishable_key=sandbox.publishable_key, secret_key=Secret(sandbox.restricted_key)
    )
    points = CrashPoints()
    database: Any = CrashingDatabase(house.database, points)
    mailbox = Mailbox(points)
    writer: Any = CrashingWriter(house.writer, points)
    notifications = Notifications(clock=clock, database=database, mailer=mailbox)
    effects = Effects(
        database=database, clock=clock, integrations=house.integrations, reader=house.reader, writer=writer
    )
    work = Work(
        fetcher=Fetcher(integrations=house.integrations, reader=house.reader),
        parts=Parts(
            clock=clock,
            database=database,
            effects=effects,
            refunds=Refunds(
                database=database, clock=clock, integrations=house.integrations, reader=house.reader, effects=effects
            ),
            notifications=notifications,
            integrations=house.integrations,
            reader=house.reader,
            mirror=house.mirror,
            secrets=house.secrets,
            outgoing=Outgoing(clock=clock, opened=[ip_network("127.0.0.0/8")]),
        ),
        public_url=house.settings.web.public_url,
    )
    automation = Automation(
        clock=clock,
        database=house.database,
        mirror=house.mirror,
        integrations=house.integrations,
        work=work,
        seal=Seal(house.settings.keyring()),
        stored=History(),
    )
    return Stage(
        dataclasses.replace(house, automation=automation, notifications=notifications, effects=effects),
        sandbox,
        principal,
        clock,
        points,
        mailbox,
        automation,
        Handed(),
        unpaid_invoice(sandbox),
    )


def unpaid_invoice(sandbox: Sandbox, amount: int = 4900) -> dict[str, Any]:
    """An open invoice of a customer with an address."""
    client = sandbox.client
    customer = client.v1.customers.create({"name": "Ada Example", "email": "ada@example.com"})
    invoice = client.v1.invoices.create(
        {"customer": customer.id, "collection_method": "send_invoice", "days_until_due": 30, "currency": "eur"}
    )
    client.v1.invoice_items.create(
        {"customer": customer.id, "invoice": str(invoice.id), "amount": amount, "currency": "eur"}
    )
    return client.v1.invoices.finalize_invoice(str(invoice.id)).to_dict()
