"""Deleting an integration: everything here goes, what can't be done at Stripe is said, a receipt stays."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.domains.connected import Rooms
from tillwright.domains.removal import Line, Removal, Stake
from tillwright.domains.removal.stake import stake
from tillwright.gateways.database import Tally, Tx, tally
from tillwright.kit.clock import SystemClock
from tillwright.kit.errors import Absent, Denied, Upstream


class Room:
    """A part that notes what it is asked, and can fail at Stripe."""

    left_behind = "The webhook endpoint could not be removed."

    def __init__(self, fault: str = "") -> None:
        self.fault = fault

    async def remove_at_stripe(self, organisation_id: str) -> Sequence[Line]:
        if self.fault == "dead key":
            raise Upstream("stripe_key_refused", "Stripe does not accept this key.")
        if self.fault == "hangs":
            await asyncio.sleep(60)
        return [Line("The webhook endpoint was removed at Stripe.", id="we_1")]

    async def at_stake(self, tx: Tx, organisation_id: str) -> Sequence[Stake]:
        return [stake("Rows", await tally(tx, "effects", organisation_id))]

    async def erase(self, tx: Tx, organisation_id: str) -> Sequence[Line]:
        done = await tx.execute("delete from effects where organisation_id = %s", (organisation_id,))
        return [Line("Rows were deleted.", count=done.rowcount)]


def removal(rooms: Rooms, part: Room, patience: float = 20) -> Removal:
    return Removal(
        database=rooms.database,
        clock=SystemClock(),
        integrations=rooms.integrations,
        verification=rooms.verification,
        effects=rooms.effects,
        parts=[part],
        patience=patience,
    )


async def left(rooms: Rooms) -> dict[str, int]:
    tables = ("integrations", "credentials", "verifications", "effects")
    return {table: (await rooms.rows(f"select count(*) as n from {table}"))[0]["n"] for table in tables}


@pytest.fixture
async def full(rooms: Rooms) -> Rooms:
    await rooms.connect()
    await rooms.verification.verify(rooms.principal)
    await rooms.effects.perform(
        rooms.principal.organisation_id,
        run_id="run_1",
        step="coupon",
        method="POST",
        path="/v1/coupons",
        params={"percent_off": 10, "duration": "once"},
        livemode=False,
    )
    assert 0 not in (await left(rooms)).values()
    return rooms


async def test_everything_goes_and_a_receipt_stays(full: Rooms) -> None:
    receipt = await removal(full, Room()).delete_integration(full.principal)
    assert set((await left(full)).values()) == {0}
    assert receipt.left == []
    assert (receipt.account_id, receipt.mode, receipt.by) == (full.sandbox.account, "test", "Ada")
    assert receipt.lines[0].what == "The webhook endpoint was removed at Stripe."
    assert await full.removal.receipts(full.principal) == [receipt]
    names = [row["name"] for row in await full.rows("select name from spine_events order by id")]
    assert names[-1] == "integration:STRIPE:deleted"
    with pytest.raises(Absent):
        await full.integrations.access(full.principal.organisation_id)
    assert (await full.connect()).version == 1, "it can be connected anew"


@pytest.mark.parametrize(("fault", "says"), [("dead key", "does not accept this key"), ("hangs", "in time")])
async def test_a_dead_key_or_a_silent_stripe_does_not_stop_it(full: Rooms, fault: str, says: str) -> None:
    receipt = await removal(full, Room(fault), patience=0.2).delete_integration(full.principal)
    assert set((await left(full)).values()) == {0}
    assert len(receipt.left) == 1
    assert receipt.left[0].what.startswith("The webhook endpoint could not be removed.")
    assert says in receipt.left[0].what


async def test_what_will_be_lost_is_counted_and_nothing_is_begun(full: Rooms) -> None:
    stakes = {each.what: each.said for each in await removal(full, Room()).at_stake(full.principal)}
    assert stakes == {"Rows": "1", "Records of writes at Stripe": "1", "Verification reports": "1", "Sealed keys": "1"}
    assert await full.rows("select * from unfinished_removals") == []
    assert 0 not in (await left(full)).values()
    assert await full.removal.at_stake(full.principal)


async def test_a_million_is_as_quickly_counted_as_ten_thousand(full: Rooms) -> None:
    organisation = full.principal.organisation_id
    counted = []
    for rows in (9_999, 1, 1):
        await full.rows(
            "insert into spine_events (organisation_id, name, data, created) "
            "select current_setting('tillwright.organisation'), 'x:y:z', '{}', now() "
            f"from generate_series(1, {rows}) returning id"
        )
        async with full.database.tenant(organisation) as tx:
            counted.append(await tally(tx, "spine_events", organisation, "name = 'x:y:z'"))
            assert await tally(tx, "spine_events", "org_other") == Tally(0)
    assert counted == [Tally(9_999), Tally(10_000), Tally(10_000, more=True)]
    assert stake("Events", counted[-1]).said == "more than 10,000"


async def test_only_an_administrator_may(full: Rooms) -> None:
    with pytest.raises(Denied):
        await full.removal.at_stake(replace(full.principal, role="EDITOR"))
    with pytest.raises(Denied):
        await full.removal.delete_integration(replace(full.principal, role="EDITOR"))
    assert 0 not in (await left(full)).values()


async def test_what_is_not_there_is_not_deleted(rooms: Rooms) -> None:
    with pytest.raises(Absent):
        await rooms.removal.delete_integration(rooms.principal)
    assert await rooms.removal.receipts(rooms.principal) == []
