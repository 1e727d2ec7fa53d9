"""Verifying against a sandbox: each missing right is found and no other, and nothing is ever written."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.domains.connected import Rooms
from tillwright.domains.verification import Verification
from tillwright.domains.verification.permissions import PERMISSIONS, wanted_rights
from tillwright.domains.verification.report import Report
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.limits import SharedLimits
from tillwright.gateways.stripe.live import LiveReader, LiveWriter
from tillwright.kit.clock import SystemClock
from tillwright.kit.errors import Absent, Conflict, Denied
from tillwright.kit.seal import Secret

WANTED = [right.removeprefix("rak_") for right in wanted_rights()]


def access_with(rooms: Rooms, rights: list[str], livemode: bool = False, wording: str = "mixed") -> Access:
    key = rooms.sandbox.world.keys.create(rooms.sandbox.account, livemode, rights)
    key.wording = wording
    return Access(rooms.principal.organisation_id, Secret(key.secret), livemode, rooms.sandbox.account)


async def check(rooms: Rooms, access: Access, restricted: bool = True) -> Report:
    before = rooms.writes
    report = await rooms.verification.check(access, restricted=restricted)
    assert rooms.writes == before, "a verification writes nothing"
    assert report.requests <= 40
    return report


def states(report: Report, state: str) -> list[str]:
    return [finding.right.removeprefix("rak_") for finding in report.findings if finding.state == state]


async def test_a_key_with_exactly_what_is_wanted_passes(rooms: Rooms) -> None:
    report = await check(rooms, access_with(rooms, [*WANTED, "connected_account_read"]))
    assert report.outcome == "VERIFIED"
    assert report.reasons == ()
    assert report.advice == ()
    assert states(report, "missing") == states(report, "excess") == states(report, "unproven") == []
    assert states(report, "absent") == ["order_write", "sku_write"]
    assert (report.account.id, report.account.name) == (rooms.sandbox.account, "Northwind Demo")
    assert (report.account.country, report.account.currency) == ("US", "usd")
    assert report.webhook_endpoints == {"enabled": 0, "disabled": 0}
    assert report.clock_skew_seconds is not None


@pytest.mark.parametrize("livemode", [False, True], ids=["test", "live"])
async def test_each_single_missing_right_is_found_and_no_other(rooms: Rooms, livemode: bool) -> None:
    wanted = [right for right in WANTED if not (livemode and right == "billing_clock_write")]
    for right in wanted:
        # In test mode also with reading left, which must be told from having nothing.
        reading = right.replace("_write", "_read")
        for left, has in ((None, "none"), (reading, "read"))[: 1 if livemode or reading == right else 2]:
            rights = [other for other in wanted if other != right] + ([left] if left else [])
            report = await check(rooms, access_with(rooms, rights, livemode, "enabling" if left else "rak"))
            assert states(report, "missing") == [right, "connected_account_read"]
            assert report.outcome == "NOT_VERIFIED"
            assert report.reasons == (f"The key lacks one permission: rak_{right}.",)
            finding = next(finding for finding in report.findings if finding.right == f"rak_{right}")
            row = next(row for row in PERMISSIONS if row.right == right)
            assert (finding.dashboard, finding.loses) == (row.dashboard, row.loses)
            if row.read and row.write and right != "source_write":
                assert finding.has == has


async def test_random_sets_of_rights_are_read_back(rooms: Rooms) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    dice = random.Random(seed)
    for _ in range(12):
        held = [right for right in WANTED if dice.random() < 0.7]
        report = await check(rooms, access_with(rooms, held))
        missing = [right for right in states(report, "missing") if right in WANTED]
        assert missing == [right for right in WANTED if right not in held], f"seed {seed}"
        assert report.verified is (len(held) == len(WANTED))


async def test_rights_that_should_not_be_given_are_advised_against(rooms: Rooms) -> None:
    report = await check(rooms, access_with(rooms, [*WANTED, "payout_write", "transfer_read"]))
    assert report.outcome == "VERIFIED"
    assert states(report, "excess") == ["payout_write"]
    assert "rak_payout_write" in report.advice[0]


async def test_a_full_secret_key_passes_with_advice(rooms: Rooms) -> None:
    access = Access("org", Secret(rooms.sandbox.secret_key), False, rooms.sandbox.account)
    report = await check(rooms, access, restricted=False)
    assert report.outcome == "VERIFIED"
    assert "restricted key" in report.advice[0]


@pytest.mark.parametrize(("status", "says"), [("revoked", "rolled or revoked"), ("expired", "has expired")])
async def test_a_dead_key_is_said_to_be_dead_and_nothing_else(rooms: Rooms, status: str, says: str) -> None:
    access = access_with(rooms, WANTED)
    rooms.sandbox.world.keys.named(access.key.reveal()).status = status
    report = await check(rooms, access)
    assert report.outcome == "NOT_VERIFIED"
    assert len(report.reasons) == 1
    assert says in report.reasons[0]
    assert states(report, "missing") == []


async def test_no_clear_answer_is_unknown_and_not_verified(rooms: Rooms) -> None:
    rooms.sandbox.world.faults.add(kind="status", path="/v1/coupons/*", status=500)
    report = await check(rooms, access_with(rooms, WANTED))
    assert states(report, "unknown") == ["coupon_write"]
    assert report.outcome == "NOT_VERIFIED"
    assert "no clear answer on one permission: rak_coupon_write" in report.reasons[0]


async def test_a_stripe_that_is_away_is_said_to_be_away(rooms: Rooms) -> None:
    rooms.sandbox.world.faults.add(kind="reset")
    report = await check(rooms, access_with(rooms, WANTED))
    assert report.outcome == "NOT_VERIFIED"
    assert report.reasons == ("Stripe could not be reached, so nothing could be verified. Try again in a moment.",)


async def test_a_key_of_another_account_is_noticed(rooms: Rooms) -> None:
    access = replace(access_with(rooms, [*WANTED, "connected_account_read"]), account_id="acct_before")
    report = await check(rooms, access)
    assert report.outcome == "NOT_VERIFIED"
    assert report.account.id == rooms.sandbox.account
    assert "acct_before" in report.reasons[0]


async def test_disabled_endpoints_are_counted(rooms: Rooms) -> None:
    for number in range(2):
        rooms.sandbox.client.v1.webhook_endpoints.create(
            {"url": f"https://example.com/{number}", "enabled_events": ["*"]}
        )
    made = rooms.sandbox.client.v1.webhook_endpoints.list().data[0].id
    rooms.sandbox.client.v1.webhook_endpoints.update(made, {"disabled": True})
    assert (await check(rooms, access_with(rooms, WANTED))).webhook_endpoints == {"enabled": 1, "disabled": 1}


async def test_a_wrong_clock_is_told(rooms: Rooms) -> None:
    rooms.clock.move(400)
    report = await check(rooms, access_with(rooms, WANTED))
    assert report.clock_skew_seconds is not None
    assert 380 < report.clock_skew_seconds < 420
    assert "NTP" in report.advice[-1]


async def test_verifying_keeps_the_report_and_sets_the_status(rooms: Rooms) -> None:
    made = await rooms.connect(secret=access_with(rooms, WANTED).key.reveal())
    report = await rooms.verification.verify(rooms.principal)
    assert report.verified
    organisation = rooms.principal.organisation_id
    assert await rooms.verification.latest(organisation) == report
    now = await rooms.integrations.get(rooms.principal)
    assert (now.status, now.version) == ("VERIFIED", made.version)
    names = [row["name"] for row in await rooms.rows("select name from spine_events order by id")]
    assert names == ["integration:STRIPE:created", "integration:STRIPE:verified"]

    rooms.clock.move(60)
    key = (await rooms.integrations.access(organisation)).key.reveal()
    held = rooms.sandbox.world.keys.named(key)
    held.rights = held.rights - {"coupon_write"}
    second = await rooms.verification.verify(rooms.principal)
    assert second.changes == (
        "The outcome was VERIFIED, now NOT_VERIFIED.",
        "rak_coupon_write was ok, now missing.",
    )
    assert (await rooms.integrations.get(rooms.principal)).status == "NOT_VERIFIED"
    assert [one.id for one in await rooms.verification.history(organisation)] == [second.id, report.id]


async def test_keys_changed_meanwhile_are_not_called_verified(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    await rooms.connect()
    real = rooms.verification.check

    async def slow(*args, **options):
        report = await real(*args, **options)
        new = access_with(rooms, ["payment_method_write"]).key
        proven = await rooms.integrations.examine(
            rooms.principal, publishable_key=rooms.sandbox.publishable_key, secret_key=new
        )
        async with rooms.database.tenant(rooms.principal.organisation_id) as tx:
            locked = await rooms.integrations.hold(tx, rooms.principal.organisation_id, 1)
            await rooms.integrations.exchange.replace(
                tx, locked, proven, settings=locked.settings, status="CREATED", by="Ada"
            )
        return report

    monkeypatch.setattr(rooms.verification, "check", slow)
    with pytest.raises(Conflict) as caught:
        await rooms.verification.verify(rooms.principal)
    assert caught.value.code == "integration_changed"
    assert (await rooms.integrations.get(rooms.principal)).status == "CREATED"
    assert await rooms.verification.latest(rooms.principal.organisation_id) is None


async def test_who_may_verify_what(rooms: Rooms) -> None:
    with pytest.raises(Absent):
        await rooms.verification.verify(rooms.principal)
    with pytest.raises(Denied):
        await rooms.verification.verify(replace(rooms.principal, role="VIEWER"))


async def test_it_is_quick_within_stripes_limits(rooms: Rooms) -> None:
    """At 50 ms a request and test mode's 25 requests a second, all probes take under three seconds and meet no 429."""
    clock = SystemClock()
    rooms.sandbox.world.limits.enabled = True
    rooms.sandbox.world.faults.latency = 0.05
    limits = SharedLimits(rooms.database, clock)
    reader = LiveReader(rooms.sandbox.url, limits=limits, clock=clock)
    writer = LiveWriter(rooms.sandbox.url, limits=limits, clock=clock)
    rooms.verification = Verification(
        database=rooms.database, clock=clock, integrations=rooms.integrations, reader=reader, writer=writer
    )
    report = await check(rooms, access_with(rooms, WANTED))
    assert report.verified
    assert rooms.sandbox.world.limits.refused == 0
    assert report.duration_ms < 3000
    assert report.round_trip_ms is not None
    await reader.close()
    await writer.close()
