"""A key is changed without a failed request, and only for one that is as good."""

from __future__ import annotations

import asyncio

import pytest

from tests.domains.connected import Rooms
from tillwright.domains.integrations import Integration
from tillwright.domains.integrations.exchange import OVERLAP
from tillwright.domains.verification.permissions import wanted_rights
from tillwright.gateways.stripe.errors import KeyRefused
from tillwright.kit.errors import Conflict, Invalid, Upstream
from tillwright.kit.seal import Secret

WANTED = [right.removeprefix("rak_") for right in wanted_rights()]


def key_with(rooms: Rooms, *rights: str, livemode: bool = False) -> str:
    return rooms.sandbox.world.keys.create(rooms.sandbox.account, livemode, list(rights)).secret


async def rotate(rooms: Rooms, secret: str, publishable: str | None = None, version: int | None = None) -> Integration:
    now = await rooms.integrations.get(rooms.principal)
    return await rooms.rotation.rotate(
        rooms.principal,
        expected_version=version or now.version,
        publishable_key=publishable,
        secret_key=Secret(secret),
    )


async def held(rooms: Rooms) -> list[str]:
    return [row["purpose"] for row in await rooms.rows("select purpose from credentials order by purpose")]


async def test_the_new_key_is_verified_before_the_cut_and_the_old_one_stays_good(rooms: Rooms) -> None:
    old, new = key_with(rooms, *WANTED), key_with(rooms, *WANTED)
    await rooms.connect(secret=old)
    await rooms.verification.verify(rooms.principal)
    before = rooms.writes
    changed = await rotate(rooms, new)
    assert (changed.key_hint, changed.status, changed.version) == (new[-4:], "VERIFIED", 2)
    assert rooms.writes - before <= 1, "nothing but the proof that both keys are a pair"
    access = await rooms.integrations.access(rooms.principal.organisation_id)
    assert access.key.matches(new)
    assert access.spare is not None
    assert access.spare.matches(old)
    assert await held(rooms) == ["secret_key", "secret_key_previous"]
    report = await rooms.verification.latest(rooms.principal.organisation_id)
    assert report is not None
    assert report.changes == (f"The secret key ended in {old[-4:]}, now in {new[-4:]}.",)
    names = [row["name"] for row in await rooms.rows("select name from spine_events order by id")]
    assert names[-2:] == ["integration:STRIPE:rotated", "integration:STRIPE:verified"]

    rooms.clock.move(OVERLAP.total_seconds())
    assert (await rooms.integrations.access(rooms.principal.organisation_id)).spare is None
    assert await rooms.integrations.shred_over() == 1
    assert await held(rooms) == ["secret_key"]
    assert await rooms.integrations.shred_over() == 0


async def test_no_request_fails_while_a_key_is_changed(rooms: Rooms) -> None:
    old, new = key_with(rooms, *WANTED), key_with(rooms, *WANTED)
    await rooms.connect(secret=old)
    await rooms.verification.verify(rooms.principal)
    done: asyncio.Queue[str] = asyncio.Queue()
    over = asyncio.Event()
    last = ""

    async def work() -> None:
        while not over.is_set():
            access = await rooms.integrations.access(rooms.principal.organisation_id)
            await rooms.reader.get(access, "/v1/customers", {"limit": 1})
            done.put_nowait(access.key.reveal()[-4:])

    workers = [asyncio.create_task(work()) for _ in range(4)]
    await asyncio.sleep(0)
    await rotate(rooms, new)
    rooms.sandbox.world.keys.named(new).status = "elsewhere"  # Stripe takes a moment to know a new key everywhere
    for _ in range(40):
        await done.get()
    rooms.sandbox.world.keys.named(new).status = "active"
    rooms.sandbox.world.keys.named(old).status = "revoked"
    for _ in range(40):
        last = await done.get()
    over.set()
    await asyncio.gather(*workers)
    assert last == new[-4:]


async def test_both_dead_is_said(rooms: Rooms) -> None:
    old, new = key_with(rooms, *WANTED), key_with(rooms, *WANTED)
    await rooms.connect(secret=old)
    await rotate(rooms, new)
    for secret in (old, new):
        rooms.sandbox.world.keys.named(secret).status = "revoked"
    access = await rooms.integrations.access(rooms.principal.organisation_id)
    with pytest.raises(KeyRefused):
        await rooms.reader.get(access, "/v1/customers")


@pytest.mark.parametrize("verified", [True, False], ids=["by the last report", "by a look at the present key"])
async def test_fewer_permissions_are_refused(rooms: Rooms, verified: bool) -> None:
    await rooms.connect(secret=key_with(rooms, *WANTED))
    if verified:
        await rooms.verification.verify(rooms.principal)
    with pytest.raises(Conflict) as caught:
        await rotate(rooms, key_with(rooms, *[right for right in WANTED if right != "coupon_write"]))
    assert (caught.value.code, caught.value.field) == ("key_has_fewer_permissions", "secretKey")
    assert "rak_coupon_write" in caught.value.sentence
    assert await held(rooms) == ["secret_key"]
    assert (await rooms.integrations.get(rooms.principal)).version == 1


async def test_reading_that_is_lost_is_fewer_too(rooms: Rooms) -> None:
    """Of a good many rows the present key may only read: each is asked about, beyond the requests of a VERIFY."""
    written = [right for right in WANTED if right.endswith("_write")]
    only_read, rest = written[:18], [right for right in WANTED if right not in written[:18]]
    reading = [right.removesuffix("write") + "read" for right in only_read]
    await rooms.connect(secret=key_with(rooms, *rest, *reading))
    with pytest.raises(Conflict) as caught:
        await rotate(rooms, key_with(rooms, *rest, *[right for right in reading if right != "customer_read"]))
    assert caught.value.sentence.endswith("it lacks rak_customer_read.")
    assert (await rotate(rooms, key_with(rooms, *rest, *reading))).version == 2


async def test_a_right_that_was_added_since_the_last_report_counts(rooms: Rooms) -> None:
    old = key_with(rooms, *[right for right in WANTED if right != "coupon_write"])
    await rooms.connect(secret=old)
    await rooms.verification.verify(rooms.principal)
    rooms.sandbox.world.keys.named(old).rights = frozenset(WANTED)
    with pytest.raises(Conflict) as caught:
        await rotate(rooms, key_with(rooms, *[right for right in WANTED if right != "coupon_write"]))
    assert caught.value.code == "key_has_fewer_permissions"


async def test_a_right_that_nobody_can_tell_of_is_not_taken_for_granted(rooms: Rooms) -> None:
    await rooms.connect(secret=key_with(rooms, *WANTED))
    await rooms.verification.verify(rooms.principal)
    # The present key is asked first: only the second answer is one that says nothing.
    rooms.sandbox.world.faults.add(
        kind="status", method="POST", path="/v1/coupons/*", status=402, nth=[2], body={"error": {"message": "Odd."}}
    )
    with pytest.raises(Conflict) as caught:
        await rotate(rooms, key_with(rooms, *WANTED))
    assert caught.value.code == "key_permissions_unproven"
    assert "rak_coupon_write" in caught.value.sentence
    assert await held(rooms) == ["secret_key"]


async def test_a_key_may_gain_what_was_missing(rooms: Rooms) -> None:
    some = [right for right in WANTED if right != "coupon_write"]
    await rooms.connect(secret=key_with(rooms, *some))
    assert not (await rooms.verification.verify(rooms.principal)).verified
    assert (await rotate(rooms, key_with(rooms, *some))).status == "NOT_VERIFIED"
    assert (await rotate(rooms, key_with(rooms, *WANTED))).status == "VERIFIED"


async def test_a_dead_key_can_be_replaced(rooms: Rooms) -> None:
    old = key_with(rooms, *WANTED)
    await rooms.connect(secret=old)
    rooms.sandbox.world.keys.named(old).status = "revoked"
    assert (await rotate(rooms, key_with(rooms, *WANTED))).status == "VERIFIED"


async def test_only_the_same_account_and_mode(rooms: Rooms) -> None:
    await rooms.connect()
    with pytest.raises(Invalid) as wrong:
        await rotate(rooms, "sk_test_sandbox_acme")
    assert wrong.value.code == "keys_of_two_accounts"
    for mode, word in (("test", "acme"), ("live", "northwind")):
        with pytest.raises(Conflict) as caught:
            await rotate(rooms, f"sk_{mode}_sandbox_{word}", f"pk_{mode}_sandbox_{word}")
        assert caught.value.code == "key_of_other_account"
    with pytest.raises(Invalid) as alone:
        await rooms.rotation.rotate(
            rooms.principal, expected_version=1, publishable_key="pk_test_sandbox_acme", secret_key=None
        )
    assert alone.value.code == "secret_key_needed"
    assert await held(rooms) == ["secret_key"]


async def test_a_stripe_that_is_silent_changes_nothing(rooms: Rooms) -> None:
    await rooms.connect(secret=key_with(rooms, *WANTED))
    new = key_with(rooms, *WANTED)
    rooms.sandbox.world.faults.add(kind="status", path="/v1/coupons/*", status=503)
    with pytest.raises(Upstream):
        await rotate(rooms, new)
    rooms.sandbox.world.faults.clear()
    rooms.sandbox.world.faults.add(kind="reset")
    with pytest.raises(Upstream):
        await rotate(rooms, new)
    assert await held(rooms) == ["secret_key"]


async def test_the_second_of_two_editors_is_told(rooms: Rooms) -> None:
    await rooms.connect(secret=key_with(rooms, *WANTED))
    await rooms.integrations.update(rooms.principal, expected_version=1, settings={"display_name": "Shop"})
    with pytest.raises(Conflict) as caught:
        await rotate(rooms, key_with(rooms, *WANTED), version=1)
    assert caught.value.code == "integration_edited"
    assert "Ada changed this integration" in caught.value.sentence


async def test_the_overlap_can_be_ended_at_once(rooms: Rooms) -> None:
    await rooms.connect(secret=key_with(rooms, *WANTED))
    await rotate(rooms, key_with(rooms, *WANTED))
    changed = await rooms.integrations.end_overlap(rooms.principal)
    assert changed.previous is None
    assert await held(rooms) == ["secret_key"]


async def test_paused_no_call_is_made_but_the_connection_is_looked_after(rooms: Rooms) -> None:
    await rooms.connect(secret=key_with(rooms, *WANTED))
    organisation = rooms.principal.organisation_id
    await rooms.integrations.update(rooms.principal, expected_version=1, settings={"paused": True})
    with pytest.raises(Conflict) as caught:
        await rooms.integrations.access(organisation)
    assert caught.value.code == "integration_paused"
    assert (await rooms.verification.verify(rooms.principal)).verified
    await rooms.integrations.update(rooms.principal, expected_version=2, settings={"paused": False})
    assert (await rooms.integrations.access(organisation)).key
    names = [row["name"] for row in await rooms.rows("select name from spine_events order by id")]
    assert [name for name in names if name.endswith("ed")][-1] == "integration:STRIPE:resumed"
