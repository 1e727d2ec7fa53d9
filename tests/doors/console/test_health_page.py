"""Is my data right? What the page says follows from what is known."""

from __future__ import annotations

from datetime import timedelta

from tests.doors.console.conftest import Person, text_of
from tests.sandbox.conftest import Sandbox
from tillwright.domains.webhooks.polling import store as polls
from tillwright.domains.webhooks.polling.window import Window
from tillwright.kit.clock import ManualClock


async def prove(ada: Person) -> None:
    while await ada.house.mirror.proving.turn(ada.principal.organisation_id, pace=timedelta()):
        pass


async def sql(ada: Person, statement: str) -> None:
    async with ada.house.database.tenant(ada.principal.organisation_id) as tx:
        await tx.execute(statement)  # type: ignore[arg-type]


async def test_the_verdict_follows_what_is_known(ada: Person, stripe_sandbox: Sandbox, clock: ManualClock) -> None:
    assert "not connected yet" in text_of((await ada.see("/health")).text)
    stripe = stripe_sandbox.client.v1
    names = [stripe.customers.create({"name": f"Person {number}"}).id for number in range(3)]
    await ada.connect(stripe_sandbox)
    assert "Nothing is read yet" in text_of((await ada.see("/health")).text)
    await ada.fill()
    assert "Read, and not proven yet" in text_of((await ada.see("/health")).text)
    clock.move(3600)
    await ada.house.mirror.proving.turn(ada.principal.organisation_id, pace=timedelta(), most=1)
    page = text_of((await ada.see("/health")).text)
    assert "Read, and not all proven yet" in page
    assert "1 of " in page, "one list that is proven is not enough"
    await prove(ada)
    right = text_of((await ada.see("/health")).text)
    assert "Your data is right" in right
    assert "Customers Complete 3" in right
    assert "Nothing, in any comparison so far." in right
    months = text_of((await ada.see("/health/customer")).text)
    assert " 3 0 " in months

    await sql(ada, f"delete from mirror_objects where id = '{names[0]}'")
    clock.move(7200)
    await prove(ada)
    page = text_of((await ada.see("/health")).text)
    assert "Drift was found and mended" in page
    assert f"{names[0]} Customer It was missing here" in page
    answer = await ada.send("/health/read-again", seen="/health")
    assert answer.status_code == 303
    assert "Your data is being read" in text_of((await ada.see("/health")).text)


async def test_a_denied_list_names_the_right_and_a_gap_is_said(
    ada: Person, stripe_sandbox: Sandbox, clock: ManualClock
) -> None:
    rights = ["customer_read", "connected_account_read", "payment_method_write", "payment_intent_write"]
    narrow = stripe_sandbox.world.add_key("rk_test_sandbox_narrow", stripe_sandbox.account, rights)
    await ada.connect(stripe_sandbox, secret=narrow.secret, verify=False)
    await ada.fill()
    page = text_of((await ada.see("/health")).text)
    assert "Read, and not proven yet" in page
    assert "The key may not read everything" in page
    assert "rak_coupon_read" in page
    clock.move(3600)
    await prove(ada)
    assert "Right, but not whole" in text_of((await ada.see("/health")).text)
    organisation, now = ada.principal.organisation_id, clock.now()
    async with ada.house.database.tenant(organisation) as tx:
        await polls.start(tx, organisation, False, None, now - timedelta(days=40))
        poll = await polls.claim(tx, organisation, "lease", now)
        assert poll is not None
        lost = Window(now - timedelta(days=30), now, now - timedelta(days=40))
        assert await polls.open_window(tx, organisation, "lease", poll, lost, now)
    page = text_of((await ada.see("/health")).text)
    assert "A gap is being closed" in page
    assert "Every object is being read again" in page
    async with ada.house.database.tenant(organisation) as tx:
        await polls.close_gap(tx, organisation, False, ["charge"], now)
    page = text_of((await ada.see("/health")).text)
    assert "A gap is closed but for some lists" in page
    assert "but for Charge, which could not be read" in page
    async with ada.house.database.tenant(organisation) as tx:
        await polls.close_gap(tx, organisation, False, [], now)
    page = text_of((await ada.see("/health")).text)
    assert "It was closed by reading every object again" in page
    assert "but for" not in page


async def test_a_right_that_was_lost_and_objects_that_cannot_be_fetched_are_said(
    ada: Person, stripe_sandbox: Sandbox, clock: ManualClock
) -> None:
    stripe_sandbox.client.v1.coupons.create({"percent_off": 10, "duration": "once"})
    everything = stripe_sandbox.world.add_key(
        "rk_test_sandbox_wide", stripe_sandbox.account,
        ["coupon_write", "customer_write", "connected_account_read", "payment_method_write", "payment_intent_write"],
    )  # fmt: skip
    await ada.connect(stripe_sandbox, secret=everything.secret, verify=False)
    await ada.fill()
    clock.move(3600)
    await prove(ada)
    everything.rights = frozenset(right for right in everything.rights if not right.startswith("coupon_"))
    await sql(
        ada,
        "insert into mirror_refetches (organisation_id, livemode, object, id, reason, since, next_at, failures, error) "
        f"values ('{ada.principal.organisation_id}', false, 'customer', 'cus_x', 'x', now(), now(), 2, "
        """'{"sentence": "Stripe did not answer."}')""",
    )
    clock.move(3700)
    await prove(ada)
    page = text_of((await ada.see("/health")).text)
    assert "A right was lost Coupons can no longer be read, for the key lacks rak_coupon_read" in page
    assert "1 object of Customers may not be as Stripe has them: Stripe did not answer." in page
    assert "Coupons The key lacks rak_coupon_read. Denied" in page
