"""Accepted means committed; whatever is refused leaves no trace."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from tests.conftest import make_organisation
from tests.domains.webhooks.conftest import Rooms, Sender, listen, sign
from tillwright.domains import audit
from tillwright.domains.webhooks import Accepted
from tillwright.gateways.database import Database
from tillwright.gateways.database.group_commit import GroupCommit
from tillwright.kit.clock import ManualClock, to_unix
from tillwright.kit.errors import Absent, Denied, Invalid, TillwrightError, Upstream
from tillwright.kit.seal import MasterKey, Seal, Secret


async def stored(database: Database, organisation: str) -> dict[str, Any]:
    async with database.tenant(organisation) as tx:
        rows = await (await tx.execute("select * from stripe_events order by place")).fetchall()
    return {row["id"]: row for row in rows}


async def test_an_event_is_kept_byte_for_byte(database: Database, organisation: str, sender: Sender) -> None:
    body = b' {"created":1800000000, "type" : "novelty.appeared","id":"evt_x",\n"object":"event"'
    body += b', "livemode":false,"n":1.50}'
    assert await sender.send(body) == Accepted("evt_x", duplicate=False)
    kept = (await stored(database, organisation))["evt_x"]
    assert bytes(kept["raw"]) == body
    assert (kept["type"], kept["account_id"], kept["applied"]) == ("novelty.appeared", "acct_1", None)


async def test_duplicates_are_accepted_and_stored_once(database: Database, organisation: str, sender: Sender) -> None:
    body = sender.event(1)
    together = await asyncio.gather(*(sender.send(body) for _ in range(20)))
    assert sorted(each.duplicate for each in together) == [False] + [True] * 19
    assert (await sender.send(body)).duplicate
    assert list(await stored(database, organisation)) == ["evt_1"]


async def test_several_organisations_share_a_commit_and_nothing_else(
    database: Database, organisation: str, sender: Sender, nowhere: Rooms, seal: Seal, clock: ManualClock
) -> None:
    other = await make_organisation(database, "Other")
    others = await listen(database, seal, clock, nowhere.webhooks, other)
    body = sender.event(1)
    await asyncio.gather(sender.send(body), others.send(body), sender.send(sender.event(2)))
    assert list(await stored(database, organisation)) == ["evt_1", "evt_2"]
    assert list(await stored(database, other)) == ["evt_1"]
    others.secret = sender.secret
    with pytest.raises(Denied, match="does not match"):
        await others.send(body)


async def test_a_bad_one_spoils_nobody_elses(database: Database, organisation: str, sender: Sender) -> None:
    bodies = [sender.event(n) if n % 3 else sender.event(n, created="never") for n in range(60)]
    answers = await asyncio.gather(*(sender.send(body) for body in bodies), return_exceptions=True)
    refused = [n for n, answer in enumerate(answers) if isinstance(answer, Invalid)]
    assert refused == list(range(0, 60, 3))
    assert len(await stored(database, organisation)) == 40


async def test_refusals_leave_no_row(
    database: Database, organisation: str, sender: Sender, nowhere: Rooms, seal: Seal, clock: ManualClock
) -> None:
    good = sender.event(1)
    live = await listen(database, seal, clock, nowhere.webhooks, organisation, livemode=True)
    accept = nowhere.webhooks.accept
    deep = good.replace(b'"customer.updated"', b"[" * 200 + b"]" * 200)
    cases: list[tuple[type[TillwrightError], str, bytes, bytes | None]] = [
        (Denied, sender.token, good, None),
        (Denied, sender.token, good, live.header(good)),
        (Denied, sender.token, good + b" ", sender.header(good)),
        (Absent, "nobody", good, sender.header(good)),
        (Absent, "", good, sender.header(good)),
        (Invalid, live.token, good, live.header(good)),  # a test event, signed for the live endpoint
        (Invalid, sender.token, sender.event(2, account="acct_2"), sender.header(sender.event(2, account="acct_2"))),
        (Invalid, sender.token, deep, sender.header(deep)),
        (Invalid, sender.token, b"\xff" + good, sender.header(b"\xff" + good)),
        (Invalid, sender.token, b"x" * (1 << 20 | 1), sender.header(b"x" * (1 << 20 | 1))),
    ]
    for family, token, body, header in cases:
        with pytest.raises(family) as refusal:
            await accept(token, body, [] if header is None else [header])
        assert refusal.value.sentence
    clock.move(301)
    header = sender.header(good)
    clock.move(-301)
    with pytest.raises(Denied, match="five minutes"):
        await accept(sender.token, good, [header])
    assert await stored(database, organisation) == {}


async def openings(database: Database, organisation: str) -> list[dict]:
    async with database.tenant(organisation) as tx:
        entries = await audit.recent(tx, organisation, search="webhook_secret_test")
    return [entry.detail for entry in reversed(entries)]


async def test_opening_the_signing_secret_is_an_entry_an_hour(
    database: Database, organisation: str, sender: Sender, clock: ManualClock
) -> None:
    for number in range(5):
        await sender.send(sender.event(number))
    (first,) = await openings(database, organisation)
    assert (first["openings"], first["process"]) == (1, os.getpid())
    clock.move(3600)
    await sender.send(sender.event(5))
    assert [each["openings"] for each in await openings(database, organisation)] == [1, 5]
    with pytest.raises(Denied):
        await sender.webhooks.accept(sender.token, b"{}", [sign(b"{}", "whsec_wrong", to_unix(clock.now()))])
    clock.move(3600)
    async with database.tenant(organisation) as tx:
        # Somebody is at the trail for long: the event is kept all the same, and the entry comes with the next one.
        await audit.record(tx, organisation, audit.Actor("SYSTEM", "x", "X"), "a:b:c", "x", {}, clock.now())
        await sender.send(sender.event(6))
    assert len(await openings(database, organisation)) == 2
    await sender.send(sender.event(7))
    assert [each["openings"] for each in await openings(database, organisation)] == [1, 5, 3]
    async with database.tenant(organisation) as tx:
        assert await audit.first_break(tx, organisation) is None


async def test_after_the_integration_is_deleted_nothing_is_accepted(
    database: Database, organisation: str, sender: Sender, nowhere: Rooms
) -> None:
    await sender.send(sender.event(1))
    async with database.tenant(organisation) as tx:
        assert await nowhere.webhooks.forget(tx, organisation) == 1
    with pytest.raises(Absent):
        await sender.send(sender.event(2))
    assert await stored(database, organisation) == {}


async def test_a_deletion_waits_for_what_is_being_accepted(
    database: Database, organisation: str, sender: Sender, nowhere: Rooms
) -> None:
    """Accepting and deleting at once, many times: never an event that outlives its integration."""
    for number in range(20):

        async def forget() -> None:
            async with database.tenant(organisation) as tx:
                await nowhere.webhooks.forget(tx, organisation)

        answers = await asyncio.gather(sender.send(sender.event(number)), forget(), return_exceptions=True)
        assert isinstance(answers[0], Accepted | Absent)
        assert answers[1] is None
        assert await stored(database, organisation) == {}
        seal = nowhere.webhooks._intake._seal
        fresh = await listen(database, seal, sender.clock, nowhere.webhooks, organisation)  # type: ignore[arg-type]
        sender.token, sender.secret = fresh.token, fresh.secret


async def test_a_master_key_that_is_missing_is_no_fault_of_stripes(
    database: Database, organisation: str, sender: Sender, nowhere: Rooms
) -> None:
    nowhere.webhooks._intake._seal = Seal([MasterKey(Secret("MTIzNDU2QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo"))])
    with pytest.raises(Upstream, match="master key"):
        await sender.send(sender.event(1))


async def test_a_database_that_is_gone_is_a_503_for_everybody_waiting(database: Database, sender: Sender) -> None:
    await database.stop()
    answers = await asyncio.gather(*(sender.send(sender.event(n)) for n in range(5)), return_exceptions=True)
    assert all(isinstance(each, Upstream) for each in answers)


class Written:
    """Records the batches a group commit makes; each waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.go = asyncio.Semaphore(0)
        self.error: Exception | None = None

    async def __call__(self, items: Any) -> list[str | Exception]:
        self.batches.append(list(items))
        await self.go.acquire()
        if self.error:
            raise self.error
        return [ValueError(item) if item.startswith("bad") else item.upper() for item in items]


async def test_what_comes_during_a_commit_goes_into_the_next_one_in_turns() -> None:
    written = Written()
    commits: GroupCommit[str, str] = GroupCommit(written, largest=4, most_waiting=10)
    first = asyncio.create_task(commits.submit("a", "a0"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    noisy = [asyncio.create_task(commits.submit("a", f"a{n}")) for n in range(1, 7)]
    quiet = [asyncio.create_task(commits.submit(lane, f"{lane}0")) for lane in "bc"]
    bad = asyncio.create_task(commits.submit("d", "bad"))
    await asyncio.sleep(0)
    full = [asyncio.create_task(commits.submit("e", f"e{n}")) for n in range(2)]
    await asyncio.sleep(0)
    assert written.batches == [["a0"]]
    for _ in range(6):
        written.go.release()
    assert await first == "A0"
    assert await asyncio.gather(*quiet) == ["B0", "C0"]
    with pytest.raises(ValueError, match="bad"):
        await bad
    assert await asyncio.gather(*noisy) == [f"A{n}" for n in range(1, 7)]
    assert await full[0] == "E0"
    with pytest.raises(Upstream, match="More comes in"):
        await full[1]
    assert written.batches[1] == ["a1", "b0", "c0", "bad"]
    assert max(map(len, written.batches)) == 4
    await commits.close()


async def test_a_commit_that_fails_fails_each_that_waited_and_not_the_next() -> None:
    written = Written()
    written.error = Upstream("database_unreachable", "gone")
    commits: GroupCommit[str, str] = GroupCommit(written)
    written.go.release()
    lost = await asyncio.gather(*(commits.submit("a", each) for each in "xyz"), return_exceptions=True)
    assert [type(each) for each in lost] == [Upstream] * 3
    written.error = None
    written.go.release()
    assert await commits.submit("a", "again") == "AGAIN"
