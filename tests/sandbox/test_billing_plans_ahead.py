"""Schedules, quotes, the portal and entitlements: what is agreed before or beside a subscription."""

import pytest
import stripe

from tests.sandbox.shop import DAY, Shop, valid


@pytest.fixture
def shop(sandbox):
    return Shop(sandbox)


def scheduled(shop, customer, *prices, **more):
    phases = [{"items": [{"price": one.id}], "duration": {"interval": "month"}} for one in prices]
    return valid(shop.v1.subscription_schedules.create({"customer": customer.id, "phases": phases, **more}))


def test_phases_follow_each_other_and_then_let_go(shop):
    first, second = shop.price(1000), shop.price(3000)
    schedule = scheduled(shop, shop.customer(), first, second)
    assert (schedule.status, schedule.end_behavior) == ("active", "release")
    subscription = shop.v1.subscriptions.retrieve(schedule.subscription)
    assert (subscription.status, subscription.schedule) == ("active", schedule.id)
    shop.pass_days(32)
    running = valid(shop.v1.subscriptions.retrieve(subscription.id))
    assert running["items"].data[0].price.id == second.id
    totals = [one.total for one in shop.v1.invoices.list({"subscription": subscription.id}).data]
    assert totals == [3000, 1000]
    shop.pass_days(31)
    over = valid(shop.v1.subscription_schedules.retrieve(schedule.id))
    assert (over.status, over.released_subscription, over.subscription) == ("released", subscription.id, None)
    free = shop.v1.subscriptions.retrieve(subscription.id)
    assert (free.status, free.schedule) == ("active", None)
    assert "subscription_schedule.released" in shop.told("subscription_schedule")


def test_a_schedule_may_end_with_cancel(shop):
    schedule = scheduled(shop, shop.customer(), shop.price(), end_behavior="cancel")
    shop.pass_days(32)
    over = valid(shop.v1.subscription_schedules.retrieve(schedule.id))
    assert (over.status, over.end_behavior) == ("completed", "cancel")
    subscription = shop.v1.subscriptions.retrieve(schedule.subscription)
    assert (subscription.status, subscription.ended_at) == ("canceled", schedule.phases[-1].end_date)
    assert len(shop.v1.invoices.list({"subscription": subscription.id}).data) == 1


def test_a_schedule_in_the_future_starts_then(shop):
    start = shop.sandbox.world.clock.now() + 5 * DAY
    schedule = scheduled(shop, shop.customer(), shop.price(), start_date=start)
    assert (schedule.status, schedule.subscription) == ("not_started", None)
    shop.pass_days(6)
    begun = shop.v1.subscription_schedules.retrieve(schedule.id)
    assert begun.status == "active"
    assert shop.v1.subscriptions.retrieve(begun.subscription).start_date == start


def test_a_running_subscription_gets_a_schedule_and_is_released(shop):
    made = shop.subscribe(shop.customer(), shop.price())
    schedule = valid(shop.v1.subscription_schedules.create({"from_subscription": made.id}))
    assert schedule.phases[0]["items"][0].price == made["items"].data[0].price.id
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.subscription_schedules.create({"from_subscription": made.id})
    valid(shop.v1.subscription_schedules.update(schedule.id, {"end_behavior": "cancel", "metadata": {"a": "b"}}))
    let_go = valid(shop.v1.subscription_schedules.release(schedule.id))
    assert (let_go.status, let_go.released_subscription) == ("released", made.id)
    assert shop.v1.subscriptions.retrieve(made.id).schedule is None
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.subscription_schedules.release(schedule.id)


def test_canceling_a_schedule_cancels_its_subscription(shop):
    schedule = scheduled(shop, shop.customer(), shop.price())
    assert valid(shop.v1.subscription_schedules.cancel(schedule.id)).status == "canceled"
    assert shop.v1.subscriptions.retrieve(schedule.subscription).status == "canceled"


def test_a_schedule_ends_with_its_subscription(shop):
    schedule = scheduled(shop, shop.customer(), shop.price(), shop.price(3000))
    shop.v1.subscriptions.cancel(schedule.subscription)
    assert valid(shop.v1.subscription_schedules.retrieve(schedule.id)).status == "canceled"
    assert shop.told("subscription_schedule.canceled") == ["subscription_schedule.canceled"]
    shop.pass_days(40)
    assert len(shop.v1.invoices.list({"subscription": schedule.subscription}).data) == 1


def test_a_quote_becomes_a_subscription(shop):
    customer, monthly, once = shop.customer(), shop.price(2000), shop.price(500, recurring=None)
    coupon = shop.v1.coupons.create({"percent_off": 10, "duration": "forever"})
    rows = [{"price": monthly.id, "quantity": 2}, {"price": once.id}]
    quote = valid(
        shop.v1.quotes.create({"customer": customer.id, "line_items": rows, "discounts": [{"coupon": coupon.id}]})
    )
    assert (quote.status, quote.amount_subtotal, quote.amount_total) == ("draft", 4500, 4050)
    assert (quote.computed.recurring.amount_total, quote.computed.recurring.interval) == (3600, "month")
    assert len(shop.v1.quotes.line_items.list(quote.id).data) == 2
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.quotes.accept(quote.id)
    assert valid(shop.v1.quotes.finalize_quote(quote.id)).number is not None
    accepted = valid(shop.v1.quotes.accept(quote.id))
    subscription = valid(shop.v1.subscriptions.retrieve(accepted.subscription, {"expand": ["latest_invoice"]}))
    assert subscription.latest_invoice.total == 4050
    assert shop.told("quote") == ["quote.created", "quote.finalized", "quote.accepted"]


def test_a_quote_of_one_time_prices_becomes_an_invoice_and_may_expire(shop):
    customer, once = shop.customer(), shop.price(500, recurring=None)
    values = {"customer": customer.id, "line_items": [{"price": once.id, "quantity": 3}]}
    quote = shop.v1.quotes.create(values)
    shop.v1.quotes.finalize_quote(quote.id)
    accepted = valid(shop.v1.quotes.accept(quote.id))
    invoice = valid(shop.v1.invoices.retrieve(accepted.invoice))
    assert (invoice.total, invoice.billing_reason, accepted.subscription) == (1500, "quote_accept", None)
    other = shop.v1.quotes.create(values)
    assert shop.v1.quotes.update(other.id, {"line_items": [{"price": once.id}]}).amount_total == 500
    shop.pass_days(31)
    assert shop.v1.quotes.retrieve(other.id).status == "canceled"


def test_the_portal_opens_for_a_customer(shop):
    customer = shop.customer()
    session = valid(
        shop.v1.billing_portal.sessions.create({"customer": customer.id, "return_url": "https://a.example"})
    )
    default = valid(shop.v1.billing_portal.configurations.retrieve(session.configuration))
    assert default.is_default is True
    own = valid(
        shop.v1.billing_portal.configurations.create(
            {"features": {"invoice_history": {"enabled": True}, "subscription_cancel": {"enabled": True}}}
        )
    )
    assert own.features.subscription_cancel.mode == "at_period_end"
    changed = valid(shop.v1.billing_portal.configurations.update(own.id, {"active": False, "name": "Old"}))
    assert (changed.active, changed.name) == (False, "Old")
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.billing_portal.sessions.create({"customer": "cus_none"})


def test_features_of_a_product_are_granted_while_subscribed(shop):
    feature = valid(shop.v1.entitlements.features.create({"name": "Export", "lookup_key": "export"}))
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.entitlements.features.create({"name": "Export", "lookup_key": "export"})
    price, customer = shop.price(), shop.customer()
    attached = valid(shop.v1.products.features.create(price.product, {"entitlement_feature": feature.id}))
    assert attached.entitlement_feature.lookup_key == "export"
    made = shop.subscribe(customer, price)
    held = shop.v1.entitlements.active_entitlements.list({"customer": customer.id}).data
    assert [valid(one).lookup_key for one in held] == ["export"]
    shop.v1.subscriptions.cancel(made.id)
    assert shop.v1.entitlements.active_entitlements.list({"customer": customer.id}).data == []
    type_ = "entitlements.active_entitlement_summary.updated"
    assert shop.told("entitlements") == [type_, type_]
