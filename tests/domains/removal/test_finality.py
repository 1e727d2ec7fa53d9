"""Deletion is final: whatever dies on the way, whether Stripe is there or not, and though a backup be restored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.conftest import UNHURRIED
from tests.domains.automation.stage import Crash, CrashingDatabase, CrashingWriter, CrashPoints
from tests.doors.owned import ACME, Owned, link_own_account, own, rows_of
from tests.sandbox.conftest import Sandbox
from tillwright.domains.removal import Receipt
from tillwright.domains.removal.unfinished import LEASE
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Absent
from tillwright.kit.seal import Secret
from tillwright.wiring import House, build

GONE = (
    "integrations", "credentials", "verifications", "effects", "webhook_endpoints", "stripe_events", "mirror_objects",
    "unfinished_removals",
)  # fmt: skip


@dataclass
class Owner:
    owned: Owned
    clock: ManualClock

    @property
    def house(self) -> House:
        return self.owned.house

    async def delete(self) -> Receipt:
        return await self.house.removal.delete_integration(self.owned.principal)

    async def left(self) -> dict[str, int]:
        """Rows that should be gone, by table."""
        counts = {table: len(await rows_of(self.owned, table)) for table in GONE}
        return {table: count for table, count in counts.items() if count}

    @property
    def endpoints(self) -> int:
        """Our endpoints at Stripe."""
        return len(self.owned.sandbox.objects.find("webhook_endpoint"))

    async def receipt(self) -> Receipt:
        (receipt,) = await self.house.removal.receipts(self.owned.principal)
        return receipt

    async def anew(self, house: House) -> Owner:
        """The same organisation in another process."""
        return Owner(Owned(house, self.owned.sandbox, self.owned.principal, "", "", ""), self.clock)


@pytest.fixture
async def owner(house: House, stripe_sandbox: Sandbox, clock: ManualClock) -> Owner:
    made = Owner(await own(house, stripe_sandbox), clock)
    assert made.endpoints == 1
    assert set(GONE) - {"unfinished_removals", "stripe_events"} <= set(await made.left())
    return made


async def test_everything_goes_runs_stop_and_workflows_pause(owner: Owner) -> None:
    receipt = await owner.delete()
    assert await owner.left() == {}
    assert owner.endpoints == 0
    assert receipt.left == []
    runs = await rows_of(owner.owned, "workflow_runs")
    assert {run["state"] for run in runs} == {"CANCELLED"}
    assert {flow["state"] for flow in await rows_of(owner.owned, "workflows")} == {"PAUSED"}
    said = [line.what for line in receipt.lines]
    assert "Runs that were not over were cancelled." in said
    with pytest.raises(Absent):
        await owner.delete()
    assert await owner.house.removal.step() == 0


async def test_killed_at_each_point_a_worker_ends_it(house: House, stripe_sandbox: Sandbox, clock: ManualClock) -> None:
    """Before and after each commit of ours and each write at Stripe: then all is gone, and there is one receipt."""
    number, names = 0, list[str]()
    while True:
        number += 1
        owner = Owner(await own(house, stripe_sandbox, f"North{number}"), clock)
        points = CrashPoints(at=number)
        before = _plant(owner.house, points)
        try:
            await owner.delete()
            crashed = False
        except Crash as crash:
            crashed = True
            names.append(str(crash))
        finally:
            _restore(owner.house, before)
        if crashed:
            clock.move(LEASE.total_seconds() + 1)
            await owner.house.removal.step()
        if number == 1:
            # Killed before the first commit nothing was begun: it is all there, and the person asks again.
            assert "integrations" in await owner.left()
            await owner.delete()
        assert await owner.left() == {}, names
        assert len(await owner.house.removal.receipts(owner.owned.principal)) == 1, names
        assert owner.endpoints == 0, names
        if not crashed:
            break
    print(f"killed at {number - 1} points: {names}")
    assert number > 5


def _plant(house: House, points: CrashPoints) -> tuple[Any, Any]:
    removal: Any = house.removal
    endpoints: Any = house.webhooks._endpoints
    before = (removal._database, endpoints._writer)
    removal._database = CrashingDatabase(removal._database, points)
    endpoints._writer = CrashingWriter(endpoints._writer, points)
    return before


def _restore(house: House, before: tuple[Any, Any]) -> None:
    removal: Any = house.removal
    endpoints: Any = house.webhooks._endpoints
    removal._database, endpoints._writer = before


async def test_with_stripe_down_it_is_gone_here_and_the_rest_is_done_later(owner: Owner) -> None:
    owner.house.removal._patience = 0.5
    owner.owned.sandbox.world.faults.add(kind="status", status=503, times=10_000)
    receipt = await owner.delete()
    left = await owner.left()
    assert set(left) == {"unfinished_removals"}
    assert owner.endpoints == 1
    assert [line.done for line in receipt.lines].count(False) >= 1
    assert any("tried again for a day" in line.what for line in receipt.lines)
    owner.clock.move(31)
    await owner.house.removal.step()
    assert owner.endpoints == 1, "Stripe is still down"
    owner.owned.sandbox.world.faults.clear()
    # Meanwhile the account is connected anew: its new endpoint is none of the old one's business.
    await owner.house.integrations.connect(
        owner.owned.principal,
        publishable_key=owner.owned.sandbox.publishable_key,
        secret_key=Secret(owner.owned.sandbox.restricted_key),
    )
    owner.clock.move(3600)
    await owner.house.removal.step()
    assert owner.endpoints == 0
    ended = await owner.receipt()
    assert ended.lines[-1].what.startswith("Our webhook endpoint was removed at Stripe later")
    assert not await rows_of(owner.owned, "unfinished_removals")


async def test_access_to_users_accounts_that_stripe_kept_is_taken_back_later(owner: Owner) -> None:
    world, owned = owner.owned.sandbox.world, owner.owned
    world.faults.add(kind="status", path="/oauth/deauthorize", status=503)
    receipt = await owner.delete()
    assert [(line.id, line.again) for line in receipt.left] == [(ACME, True)]
    assert "Installed apps" in receipt.left[0].what
    assert set(await owner.left()) == {"unfinished_removals"}
    owner.clock.move(31)
    await owner.house.removal.step()
    assert world.connect.reaches(owned.sandbox.account, ACME, False), "Stripe still refuses"
    world.faults.clear()
    owner.clock.move(3600)
    await owner.house.removal.step()
    assert not world.connect.reaches(owned.sandbox.account, ACME, False)
    ended = await owner.receipt()
    assert ended.left == []
    assert [line.count for line in ended.lines if line.what.endswith("was taken back at Stripe later.")] == [1]
    assert not await rows_of(owned, "unfinished_removals")


async def test_what_a_user_linked_anew_meanwhile_stays(owner: Owner) -> None:
    world, owned = owner.owned.sandbox.world, owner.owned
    world.faults.add(kind="status", path="/oauth/deauthorize", status=503)
    await owner.delete()
    world.faults.clear()
    await owner.house.integrations.connect(
        owned.principal,
        publishable_key=owned.sandbox.publishable_key,
        secret_key=Secret(owned.sandbox.restricted_key),
    )
    await link_own_account(owned)
    owner.clock.move(3600)
    await owner.house.removal.step()
    assert world.connect.reaches(owned.sandbox.account, ACME, False)
    assert not await rows_of(owned, "unfinished_removals")


async def test_after_a_day_what_a_user_has_to_do_by_hand_is_said(owner: Owner) -> None:
    owner.owned.sandbox.world.faults.add(kind="status", path="/oauth/deauthorize", status=503)
    await owner.delete()
    owner.clock.move(25 * 3600)
    await owner.house.removal.step()
    left = (await owner.receipt()).left
    assert [(line.id, line.again) for line in left] == [(ACME, False)]
    assert await owner.left() == {}


async def test_after_a_day_it_is_given_up_and_said(owner: Owner) -> None:
    owner.house.removal._patience = 0.5
    owner.owned.sandbox.world.faults.add(kind="status", status=503, times=10_000)
    await owner.delete()
    owner.clock.move(25 * 3600)
    await owner.house.removal.step()
    assert await owner.left() == {}
    receipt = await owner.receipt()
    assert receipt.left[-1].what.startswith("Our webhook endpoint could not be removed at Stripe")


async def test_a_dead_key_leaves_nothing_to_try_again(owner: Owner) -> None:
    owner.owned.sandbox.world.faults.add(kind="status", status=401, times=10_000)
    receipt = await owner.delete()
    assert await owner.left() == {}
    assert len(receipt.left) >= 1
    assert not any("tried again" in line.what for line in receipt.lines)


async def test_a_restored_backup_brings_no_integration_back(
    owner: Owner, database_url: Secret, database_server: str
) -> None:
    backup = f"backup_{owner.owned.organisation_id}"
    name = database_url.reveal().split("/")[3].split("?")[0]
    await owner.house.database.stop()
    with psycopg.connect(database_server, autocommit=True) as server:
        server.execute(f'create database "{backup}" template "{name}"')
    try:
        kept = await _again(owner.house, database_url)
        deleting = await owner.anew(kept)
        await deleting.delete()
        assert await deleting.left() == {}
        await kept.database.stop()
        sent = len(owner.owned.sandbox.world.ledger.lines)
        restored = await _again(owner.house, Secret(database_url.reveal().replace(name, backup)))
        after = await owner.anew(restored)
        assert await after.left(), "the backup holds it all"
        assert await restored.removal.settle_ledger() == 1
        assert await after.left() == {}
        assert len(owner.owned.sandbox.world.ledger.lines) == sent, "nothing was sent to Stripe for it"
        said = [line.what for line in (await after.receipt()).lines]
        assert "It was deleted before; a restored backup had brought it back." in said
        # What is connected afterwards is another integration.
        owner.clock.move(1)
        await restored.integrations.connect(
            owner.owned.principal,
            publishable_key=owner.owned.sandbox.publishable_key,
            secret_key=Secret(owner.owned.sandbox.restricted_key),
        )
        assert await restored.removal.settle_ledger() == 0
        await restored.database.stop()
    finally:
        with psycopg.connect(database_server, autocommit=True) as server:
            server.execute(f'drop database "{backup}" with (force)')


async def _again(house: House, url: Secret) -> House:
    """Another process on that database, with the same data folder."""
    database = Database(url, size=4)
    await database.start()
    return build(house.settings, database, house.clock, UNHURRIED)
