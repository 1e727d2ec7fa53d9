"""Entitlements follow the mirror: made, moved, suspended, ended, and told of once each."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.domains.entitlements.conftest import Firm
from tillwright.kit.clock import from_unix


async def test_a_subscription_from_its_beginning_to_its_end(firm: Firm) -> None:
    customer, price = firm.shop.customer(), firm.shop.price(4900)
    made = firm.shop.subscribe(customer, price)
    await firm.keep_up()
    one = await firm.one()
    assert (one.status, one.end, one.auto_renew) == ("ACTIVE", None, True)
    assert (one.buyer_name, one.buyer_email, one.product_name) == ("Buyer", "buyer@example.com", "Plan 4900")
    assert one.name == "Plan 4900"
    assert len(one.id) == 36
    assert await firm.told() == ["create"]

    firm.sandbox.client.v1.subscriptions.update(made.id, {"cancel_at_period_end": True})
    await firm.keep_up()
    ending = await firm.one()
    assert (ending.status, ending.id) == ("PENDING_CANCEL", one.id)
    assert ending.end == one.renews

    firm.sandbox.client.v1.subscriptions.update(made.id, {"cancel_at_period_end": False})
    await firm.keep_up()
    assert (await firm.one()).status == "ACTIVE"

    firm.sandbox.client.v1.subscriptions.update(made.id, {"cancel_at_period_end": True})
    await firm.keep_up()
    await firm.pass_days(32)
    over = await firm.one()
    assert over.status == "CANCELLED"
    assert await firm.told() == ["create", "pending_cancel", "reinstate", "pending_cancel", "terminate"]


async def test_renewals_are_terms_and_no_news(firm: Firm) -> None:
    firm.shop.subscribe(firm.shop.customer(), firm.shop.price())
    await firm.keep_up()
    await firm.pass_days(65)
    one = await firm.one()
    terms = await firm.house.entitlements.terms(firm.principal, one.id)
    assert terms[0].kind == "Signup"
    assert [term.kind for term in terms[1:]] == ["AutoRenew"]
    assert terms[-1].end == one.renews
    assert await firm.told() == ["create"]


async def test_cancelled_before_its_time_and_changed_on_the_way(firm: Firm) -> None:
    made = firm.shop.subscribe(firm.shop.customer(), firm.shop.price())
    await firm.keep_up()
    item = made["items"]["data"][0]["id"]
    firm.sandbox.client.v1.subscriptions.update(made.id, {"items": [{"id": item, "quantity": 5}]})
    await firm.keep_up()
    assert (await firm.one()).info["quantity"] == 5
    firm.sandbox.client.v1.subscriptions.cancel(made.id)
    await firm.keep_up()
    one = await firm.one()
    assert (one.status, one.end) == ("CANCELLED", firm.clock.now().replace(microsecond=0))
    assert await firm.told() == ["create", "update", "cancel"]
    assert [t.kind for t in await firm.house.entitlements.terms(firm.principal, one.id)] == ["Signup", "QuantityChange"]


async def test_each_item_is_an_entitlement_and_one_taken_off_ends(firm: Firm) -> None:
    customer, first, second = firm.shop.customer(), firm.shop.price(1000), firm.shop.price(2000)
    made = firm.shop.subscribe(customer, first, items=[{"price": first.id}, {"price": second.id}])
    await firm.keep_up()
    assert {e.name for e in await firm.all()} == {"Plan 1000", "Plan 2000"}
    dropped = next(i for i in made["items"]["data"] if i["price"]["id"] == second.id)
    firm.sandbox.client.v1.subscriptions.update(made.id, {"items": [{"id": dropped["id"], "deleted": True}]})
    await firm.keep_up()
    assert {e.name: e.status for e in await firm.all()} == {"Plan 1000": "ACTIVE", "Plan 2000": "CANCELLED"}


async def test_a_schedule_that_cancels_gives_an_end(firm: Firm) -> None:
    customer, price = firm.shop.customer(), firm.shop.price()
    phase = {"items": [{"price": price.id}], "duration": {"interval": "month", "interval_count": 3}}
    schedule = firm.sandbox.client.v1.subscription_schedules.create(
        {"customer": customer.id, "start_date": "now", "end_behavior": "cancel", "phases": [phase]}  # type: ignore[arg-type]
    )
    await firm.keep_up()
    one = await firm.one()
    assert (one.status, one.end) == ("ACTIVE", from_unix(schedule.phases[-1].end_date))
    assert not one.auto_renew
    firm.sandbox.client.v1.subscription_schedules.update(schedule.id, {"end_behavior": "release"})
    await firm.keep_up()
    assert (await firm.one()).end is None


async def test_a_promise_becomes_a_subscription(firm: Firm) -> None:
    customer, price = firm.shop.customer(), firm.shop.price()
    start = int(firm.clock.now().timestamp()) + 5 * 86_400
    firm.sandbox.client.v1.subscription_schedules.create(
        {"customer": customer.id, "start_date": start, "phases": [{"items": [{"price": price.id}]}]}  # type: ignore[arg-type, typeddict-item]
    )
    await firm.keep_up()
    promise = await firm.one()
    assert (promise.status, promise.kind, promise.start) == ("PENDING_START", "SCHEDULE", from_unix(start))
    await firm.pass_days(6)
    assert {e.kind: e.status for e in await firm.all()} == {"SCHEDULE": "DELETED", "SUBSCRIPTION": "ACTIVE"}
    assert await firm.told() == ["create", "create"]


async def test_a_trial_without_a_card_that_pauses_is_suspended_and_comes_back(firm: Firm) -> None:
    customer = firm.shop.customer(None)
    made = firm.shop.subscribe(
        customer, firm.shop.price(), trial_period_days=7,
        trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
    )  # fmt: skip
    await firm.keep_up()
    trial = await firm.one()
    assert trial.status == "ACTIVE"
    assert trial.info["trialNeedsPaymentMethod"] is True
    await firm.pass_days(8)
    assert (await firm.one()).status == "SUSPENDED"
    method = firm.sandbox.client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    settings = {"invoice_settings": {"default_payment_method": method.id}}
    firm.sandbox.client.v1.customers.update(customer.id, settings)  # type: ignore[arg-type]
    firm.sandbox.client.v1.subscriptions.resume(made.id, {"billing_cycle_anchor": "now"})  # type: ignore[arg-type]
    await firm.keep_up()
    assert (await firm.one()).status == "ACTIVE"
    assert [name for name in await firm.told() if name != "update"] == ["create", "suspend", "reinstate"]


async def test_a_one_off_purchase_lasts_as_long_as_its_product_says(firm: Firm) -> None:
    v1, customer = firm.sandbox.client.v1, firm.shop.customer()
    product = v1.products.create({"name": "Audit", "metadata": {"entitlement_term": "P90D"}})
    price = v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 9900})
    v1.invoice_items.create({"customer": customer.id, "pricing": {"price": price.id}})
    invoice = v1.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})
    v1.invoices.pay(v1.invoices.finalize_invoice(invoice.id).id)
    await firm.keep_up()
    one = await firm.one()
    assert (one.kind, one.name, one.product_id) == ("PURCHASE", "Audit", product.id)
    assert one.end == one.start + timedelta(days=90)
    await firm.pass_days(91)
    assert (await firm.one()).status == "CANCELLED"
    assert await firm.told() == ["create", "terminate"]


async def test_stripes_own_features_follow_the_product(firm: Firm) -> None:
    v1, price = firm.sandbox.client.v1, firm.shop.price()
    feature = v1.entitlements.features.create({"name": "Single sign-on", "lookup_key": "sso"})
    v1.products.features.create(price.product, {"entitlement_feature": feature.id})
    made = firm.shop.subscribe(firm.shop.customer(), price)
    await firm.keep_up()
    by_kind = {e.kind: e for e in await firm.all()}
    assert (by_kind["FEATURE"].name, by_kind["FEATURE"].status) == ("sso", "ACTIVE")
    v1.subscriptions.cancel(made.id)
    await firm.keep_up()
    assert {e.kind: e.status for e in await firm.all()} == {"SUBSCRIPTION": "CANCELLED", "FEATURE": "CANCELLED"}


async def test_names_follow_the_mirror_but_not_a_name_somebody_chose(firm: Firm) -> None:
    customer, price = firm.shop.customer(), firm.shop.price()
    firm.shop.subscribe(customer, price)
    await firm.keep_up()
    one = await firm.one()
    firm.sandbox.client.v1.customers.update(customer.id, {"name": "Buyer & Sons"})
    firm.sandbox.client.v1.products.update(price.product, {"name": "Gold"})
    await firm.keep_up()
    assert ((await firm.one()).buyer_name, (await firm.one()).name) == ("Buyer & Sons", "Gold")
    await firm.house.entitlements.rename(firm.principal, one.id, "The big one")
    firm.sandbox.client.v1.products.update(price.product, {"name": "Platinum"})
    await firm.keep_up()
    assert ((await firm.one()).name, (await firm.one()).product_name) == ("The big one", "Platinum")


async def test_derived_again_everything_is_as_it_was_and_nothing_is_told(firm: Firm) -> None:
    for number in range(5):
        made = firm.shop.subscribe(firm.shop.customer(), firm.shop.price(1000 + number))
        if number % 2:
            firm.sandbox.client.v1.subscriptions.update(made.id, {"cancel_at_period_end": True})
    await firm.keep_up()
    before, told = await firm.all(), await firm.told()
    await firm.house.entitlements.derive_again(firm.principal)
    await firm.follow()
    assert await firm.all() == before
    assert await firm.told() == told


async def test_two_followers_at_once_take_each_change_once(firm: Firm) -> None:
    for number in range(8):
        firm.shop.subscribe(firm.shop.customer(), firm.shop.price(1000 + number))
    await firm.keep_up(sweep=False)
    await firm.house.entitlements.derive_again(firm.principal)
    async with firm.house.database.tenant(firm.organisation_id) as tx:
        await firm.house.entitlements.forget(tx, firm.organisation_id)
    told = await firm.told()
    await asyncio.gather(*(firm.house.entitlements.follow_step() for _ in range(6)))
    await firm.follow()
    assert len(await firm.all()) == 8
    assert await firm.told() == told + ["create"] * 8


async def test_an_old_account_read_for_the_first_time_is_no_news(firm: Firm) -> None:
    firm.shop.subscribe(firm.shop.customer(), firm.shop.price())
    await firm.pass_days(10)
    async with firm.house.database.tenant(firm.organisation_id) as tx:
        await firm.house.entitlements.forget(tx, firm.organisation_id)
    told = await firm.told()
    await firm.house.entitlements.derive_again(firm.principal)
    await firm.follow()
    assert (await firm.one()).status == "ACTIVE"
    assert await firm.told() == told
