"""Events that no delivery brought are asked for; what Stripe has forgotten is closed by reading every object again."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.domains.mirror.conftest import OneKey, Scripted
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.kinds import KINDS
from tillwright.domains.tenancy import Principal
from tillwright.domains.webhooks import Webhooks
from tillwright.domains.webhooks.polling import service, store
from tillwright.domains.webhooks.polling.window import REACH, pause, window
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.errors import Facts, PermissionMissing, StripeAbsent, StripeBroken
from tillwright.kit.clock import ManualClock, to_unix
from tillwright.kit.errors import Absent, Denied
from tillwright.kit.seal import Seal

SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 30)
CUSTOMERS, EVENTS = "/v1/customers", "/v1/events"


class Account(Scripted):
    """A Stripe whose customers change as time goes by; it remembers events for thirty days."""

    def __init__(self, clock: ManualClock, dice: random.Random) -> None:
        super().__init__(lists={kind.path: [] for kind in KINDS} | {EVENTS: []})
        self.clock, self.dice = clock, dice
        self.customers: dict[str, dict[str, Any]] = {}
        self.never_generated, self.since = 0.0, 0

    def live(self, times: int, span: float) -> None:
        """So many changes, evenly over a span of seconds."""
        for _ in range(times):
            self.clock.move(span / times)
            self.change()

    def change(self) -> None:
        now = to_unix(self.clock.now())
        kind = self.dice.random()
        if not self.customers or kind < 0.4:
            made = {"id": f"cus_{len(self.asked)}_{self.dice.getrandbits(40)}", "object": "customer",
                    "created": now, "livemode": False, "name": "new"}  # fmt: skip
            self.customers[made["id"]] = made
            self.tell("customer.created", made)
        elif kind < 0.85:
            chosen = self.dice.choice(sorted(self.customers))
            self.customers[chosen] = self.customers[chosen] | {"name": str(self.dice.random())}
            self.tell("customer.updated", self.customers[chosen])
        else:
            self.tell("customer.deleted", self.customers.pop(self.dice.choice(sorted(self.customers))))

    def tell(self, type_: str, body: dict[str, Any]) -> None:
        if self.dice.random() >= self.never_generated:
            made = {
                "id": f"evt_{self.dice.getrandbits(60)}", "object": "event", "type": type_, "livemode": False,
                "created": to_unix(self.clock.now()), "api_version": "2026-08-26.dahlia", "data": {"object": body},
            }  # fmt: skip
            self.lists[EVENTS].insert(0, made)

    def page(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        oldest = to_unix(self.clock.now() - REACH)
        self.lists[EVENTS] = [each for each in self.lists[EVENTS] if each["created"] >= oldest]
        self.lists[CUSTOMERS] = sorted(self.customers.values(), key=lambda c: (-c["created"], c["id"]))
        return super().page(path, params)

    async def get(self, access: Any, path: str, params: Any = None, **options: Any) -> Any:
        if path.startswith(CUSTOMERS + "/"):
            found = self.customers.get(path.rpartition("/")[2])
            if found is None:
                raise StripeAbsent("stripe_absent", "No such customer.", Facts(status=404, code="resource_missing"))
            self.objects[path] = found
        return await super().get(access, path, params, **options)


@pytest.fixture
def account(clock: ManualClock) -> Account:
    print(f"SEED={SEED}")
    return Account(clock, random.Random(SEED))


@pytest.fixture
def mirror(database: Database, clock: ManualClock, account: Account) -> Mirror:
    return Mirror(clock=clock, database=database, keys=OneKey(), reader=account)


@pytest.fixture
async def webhooks(
    database: Database, clock: ManualClock, account: Account, mirror: Mirror, seal: Seal, organisation: str
) -> Webhooks:
    """Verified, read for the first time, and then never told of anything."""
    nobody: Any = OneKey()
    made = Webhooks(
        clock=clock, database=database, integrations=nobody, mirror=mirror, reader=account, writer=nobody, seal=seal,
        public_url="http://127.0.0.1:1",
    )  # fmt: skip
    account.live(30, 3600)
    account.since = to_unix(clock.now())
    async with database.tenant(organisation) as tx:
        await store.start(tx, organisation, False, "acct_1", clock.now())
        await mirror.start_backfill(tx, organisation, livemode=False)
    while await mirror.backfill_step():
        pass
    return made


async def catch_up(webhooks: Webhooks, mirror: Mirror, clock: ManualClock, organisation: str) -> None:
    """What the worker does, until there is nothing to do."""
    for _ in range(6):
        while await webhooks.poll_step():
            pass
        while await mirror.backfill_step():
            pass
        while await mirror.proving.turn(organisation):
            pass
        clock.move(60)
        await webhooks.apply_pending()
        clock.move(5)
        while await mirror.refetch_step():
            pass


async def mirrored(database: Database, mirror: Mirror, organisation: str) -> dict[str, dict[str, Any]]:
    async with database.tenant(organisation) as tx:
        page = await mirror.list(tx, "customer", livemode=False, limit=1000)
    return {row.id: row.body for row in page.items}


async def poll_of(webhooks: Webhooks, database: Database, organisation: str) -> store.Poll:
    async with database.tenant(organisation) as tx:
        (poll,) = await webhooks.polls(tx, organisation)
    return poll


@pytest.mark.parametrize(
    ("days", "changes"),
    [(1 / 1440, 5), (0.25, 150), (29.5, 450), (31.5, 300)],
    ids=["1 min", "6 h", "29.5 d", "31.5 d"],
)
async def test_down_for_a_while_nothing_is_missing_afterwards(
    days: float, changes: int, webhooks: Webhooks, mirror: Mirror, database: Database, organisation: str,
    account: Account, clock: ManualClock,
) -> None:  # fmt: skip
    account.live(changes, days * 86_400)
    beyond = days > 30
    await catch_up(webhooks, mirror, clock, organisation)
    assert await mirrored(database, mirror, organisation) == account.customers
    poll = await poll_of(webhooks, database, organisation)
    assert (poll.gap_found is not None, poll.gap_closed is not None) == (beyond, beyond)
    assert poll.brought == len({each["id"] for each in account.lists[EVENTS]} & await ids(database, organisation))
    async with database.tenant(organisation) as tx:
        told = await (await tx.execute("select name from spine_events where name like 'mirror:GAP%%'")).fetchall()
    assert [row["name"] for row in told] == (["mirror:GAP:found", "mirror:GAP:closed"] if beyond else [])
    if not beyond:
        until = to_unix(poll.seen_until)
        happened = {each["id"] for each in account.lists[EVENTS] if account.since < each["created"] <= until}
        assert happened <= await ids(database, organisation), "every event since we listened is stored"


async def test_a_gap_is_closed_but_for_the_lists_that_could_not_be_read(
    webhooks: Webhooks, mirror: Mirror, database: Database, organisation: str, account: Account, clock: ManualClock
) -> None:
    async def refuse(path: str, params: Mapping[str, Any]) -> None:
        if path == "/v1/coupons":
            said = Facts(status=403, right="coupon_read")
            raise PermissionMissing("stripe_permission_missing", "The key lacks a right.", said)

    await catch_up(webhooks, mirror, clock, organisation)
    clock.move(3600)
    await catch_up(webhooks, mirror, clock, organisation)
    account.live(20, 31.5 * 86_400)
    account.before = refuse
    await catch_up(webhooks, mirror, clock, organisation)
    poll = await poll_of(webhooks, database, organisation)
    assert (poll.gap_closed is not None, poll.gap_without, poll.gap_whole) == (True, ("coupon",), False)
    async with database.tenant(organisation) as tx:
        assert (await webhooks.listening(tx, organisation, livemode=False)).gap_without == ("coupon",)
    account.before = None
    async with database.tenant(organisation) as tx:
        await mirror.start_backfill(tx, organisation, livemode=False)
    await catch_up(webhooks, mirror, clock, organisation)
    assert (await poll_of(webhooks, database, organisation)).gap_whole, "it is read again, and proven, since"
    async with database.tenant(organisation) as tx:
        told = await (await tx.execute("select data from spine_events where name = 'mirror:GAP:closed'")).fetchall()
    assert [row["data"]["without"] for row in told] == [["coupon"], []]


async def ids(database: Database, organisation: str) -> set[str]:
    async with database.tenant(organisation) as tx:
        rows = await (await tx.execute("select id from stripe_events")).fetchall()
    return {row["id"] for row in rows}


async def test_an_event_that_came_by_delivery_is_not_taken_twice(
    webhooks: Webhooks, mirror: Mirror, database: Database, organisation: str, account: Account, clock: ManualClock
) -> None:
    account.live(20, 600)
    await catch_up(webhooks, mirror, clock, organisation)
    before = await poll_of(webhooks, database, organisation)
    clock.move(pause(False).total_seconds())
    assert await webhooks.poll_step() == 0, "the lag window holds nothing new"
    assert (await poll_of(webhooks, database, organisation)).brought == before.brought
    async with database.tenant(organisation) as tx:
        spine = await (await tx.execute("select data from spine_events where name like 'stripe:event:%%'")).fetchall()
    told = [row["data"]["event_id"] for row in spine]
    assert len(told) == len(set(told)), "each was told once"


async def test_a_window_is_read_on_after_a_kill_at_any_page(
    webhooks: Webhooks, mirror: Mirror, database: Database, organisation: str, account: Account, clock: ManualClock
) -> None:
    account.live(700, 5 * 86_400)
    kills = 0

    async def kill(path: str, params: Mapping[str, Any]) -> None:
        nonlocal kills
        if path == EVENTS and account.asked[EVENTS] % 2 == 0:
            kills += 1
            raise asyncio.CancelledError

    account.before = kill
    for _ in range(30):
        step = asyncio.create_task(webhooks.poll_step())
        await asyncio.gather(step, return_exceptions=True)
        clock.move(store.LEASE.total_seconds() + 1)
    account.before = None
    assert kills >= 5
    await catch_up(webhooks, mirror, clock, organisation)
    assert await mirrored(database, mirror, organisation) == account.customers


async def test_stripe_being_down_delays_and_loses_nothing(
    webhooks: Webhooks, mirror: Mirror, database: Database, organisation: str, account: Account, clock: ManualClock
) -> None:
    async def broken(path: str, params: Mapping[str, Any]) -> None:
        raise StripeBroken("stripe_broken", "Stripe is down.", Facts(status=500))

    account.live(40, 3000)
    account.before = broken
    assert await webhooks.poll_step() == 0
    poll = await poll_of(webhooks, database, organisation)
    assert (poll.failures, (poll.error or {})["code"]) == (1, "stripe_broken")
    account.before = None
    clock.move(3600)
    await catch_up(webhooks, mirror, clock, organisation)
    assert await mirrored(database, mirror, organisation) == account.customers
    assert (await poll_of(webhooks, database, organisation)).error is None


def test_the_window() -> None:
    now = datetime.fromisoformat("2027-01-31T00:00:00Z")
    minute = window(now - timedelta(minutes=1), now)
    assert (minute.low, minute.high, minute.lost) == (now - timedelta(minutes=3), now, None)
    month = window(now - timedelta(days=31), now)
    assert month.lost == now - timedelta(days=31)
    assert month.low > now - REACH
    assert pause(True) > pause(False)
    assert service.TURN > 1


async def test_a_type_built_anew_from_raw_events_and_a_backfill_has_the_same_rows(
    webhooks: Webhooks, mirror: Mirror, database: Database, organisation: str, account: Account, clock: ManualClock
) -> None:
    account.live(200, 5 * 86_400)
    await catch_up(webhooks, mirror, clock, organisation)
    query = "select id, deleted, digest, customer, status, search, created from mirror_objects order by id"

    async def rows() -> list[dict[str, Any]]:
        async with database.tenant(organisation) as tx:
            return await (await tx.execute(query)).fetchall()

    before, events = await rows(), len(await ids(database, organisation))
    assert any(row["deleted"] for row in before)
    principal = Principal(organisation, "USER", "usr_ada", "Ada", "EDITOR")
    assert await webhooks.keeping.replay(principal, "customer", livemode=False) == events
    assert await rows() == before, "again is as good as once"
    async with database.tenant(organisation) as tx:
        spine = (await (await tx.execute("select count(*) as n from spine_events")).fetchone() or {})["n"]
    assert await webhooks.keeping.replay(principal, "customer", livemode=False, rebuild=True) == events
    await catch_up(webhooks, mirror, clock, organisation)
    assert await rows() == before
    async with database.tenant(organisation) as tx:
        assert (await mirror.counts(tx, livemode=False))["customer"].present == len(account.customers)
        assert (await (await tx.execute("select count(*) as n from spine_events")).fetchone() or {})["n"] == spine
    with pytest.raises(Absent):
        await webhooks.keeping.replay(principal, "nonsense", livemode=False, rebuild=True)
    with pytest.raises(Denied):
        await webhooks.keeping.replay(replace(principal, role="VIEWER"), "customer", livemode=False)


async def test_a_tombstone_outlives_the_events_and_every_rebuild(
    webhooks: Webhooks, mirror: Mirror, database: Database, organisation: str, account: Account, clock: ManualClock
) -> None:
    """Stripe lists no deleted customer, and forgets its events; whoever asks here is told that there was one."""
    account.live(200, 5 * 86_400)
    await catch_up(webhooks, mirror, clock, organisation)
    query = "select id, deleted, digest, search, body from mirror_objects where deleted order by id"

    async def tombstones() -> list[dict[str, Any]]:
        async with database.tenant(organisation) as tx:
            return await (await tx.execute(query)).fetchall()

    before = await tombstones()
    assert len(before) > 5
    clock.move(100 * 86_400)
    assert await webhooks.keeping.expire([organisation]) > 0
    principal = Principal(organisation, "USER", "usr_ada", "Ada", "EDITOR")
    # One of them is at Stripe again, under the id that a person chose for it: it is no tombstone any more.
    again = before[0]["id"]
    account.customers[again] = {"id": again, "object": "customer", "created": 5, "livemode": False, "name": "back"}
    await webhooks.keeping.replay(principal, "customer", livemode=False, rebuild=True)
    async with database.tenant(organisation) as tx:
        count = (await mirror.counts(tx, livemode=False))["customer"]
        assert (count.present, count.deleted) == (0, len(before))
    await catch_up(webhooks, mirror, clock, organisation)
    assert await tombstones() == before[1:]
    async with database.tenant(organisation) as tx:
        count = (await mirror.counts(tx, livemode=False))["customer"]
        assert (count.present, count.deleted) == (len(account.customers), len(before) - 1)
        assert (await mirror.get(tx, "customer", again, livemode=False)).body["name"] == "back"


async def test_events_are_kept_for_ninety_days_and_those_not_applied_until_they_are(
    webhooks: Webhooks, mirror: Mirror, database: Database, organisation: str, account: Account, clock: ManualClock
) -> None:
    account.live(30, 3600)
    await catch_up(webhooks, mirror, clock, organisation)
    old = await ids(database, organisation)
    clock.move(86_400 * 29)
    account.live(10, 60)
    clock.move(60)
    await webhooks.poll_step()  # stored, and not applied
    assert await webhooks.keeping.expire([organisation]) == 0
    clock.move(86_400 * 62)
    assert await webhooks.keeping.expire([organisation]) == len(old)
    clock.move(86_400 * 62)
    assert await webhooks.keeping.expire([organisation]) == 0
    waiting = len(await ids(database, organisation))
    assert waiting >= 10
    await webhooks.apply_pending()
    assert await webhooks.keeping.expire([organisation]) == waiting
