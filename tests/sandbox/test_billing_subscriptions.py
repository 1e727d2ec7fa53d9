"""Subscriptions as they live: trials, changes with prorations, pauses, and every way to end."""

import pytest
import stripe

from tests.sandbox.shop import DAY, Shop, valid


@pytest.fixture
def shop(sandbox):
    return Shop(sandbox)


def only_item(subscription):
    return subscription["items"].data[0]


def test_a_paid_subscription_and_its_first_invoice(shop):
    customer, price = shop.customer(), shop.price()
    made = shop.subscribe(customer, price, expand=["latest_invoice.payments"], metadata={"op": "42"})
    invoice = made.latest_invoice
    assert made.status == "active"
    assert (invoice.status, invoice.amount_paid, invoice.amount_remaining) == ("paid", 2000, 0)
    assert invoice.number.endswith("-0001")
    assert invoice.parent.subscription_details.subscription == made.id
    line = invoice.lines.data[0]
    assert line.pricing.price_details.price == price.id
    assert line.parent.subscription_item_details.subscription_item == only_item(made).id
    assert invoice.payments.data[0].status == "paid"
    # Periods are on the items, not on the subscription.
    assert "current_period_end" not in made
    assert 28 * DAY <= only_item(made).current_period_end - only_item(made).current_period_start <= 31 * DAY
    # An active subscription that renews by itself has no end.
    assert (made.ended_at, made.cancel_at, made.cancel_at_period_end) == (None, None, False)
    assert [one.id for one in shop.v1.invoices.list({"subscription": made.id}).data] == [invoice.id]
    told = shop.told("invoice", "customer.subscription")
    assert sorted(told) == [
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
    ]


def test_items_may_end_on_different_days(shop):
    monthly, yearly = shop.price(1000), shop.price(9000, recurring={"interval": "year"})
    made = shop.subscribe(shop.customer(), monthly, items=[{"price": monthly.id}, {"price": yearly.id}])
    ends = [item.current_period_end for item in made["items"].data]
    assert ends[1] - ends[0] > 300 * DAY
    shop.pass_days(32)
    newest = shop.v1.invoices.list({"subscription": made.id}).data[0]
    assert newest.total == 1000
    planned = valid(shop.v1.subscriptions.update(made.id, {"cancel_at": "max_period_end"}))
    assert planned.cancel_at == ends[1]


@pytest.mark.parametrize(
    ("values", "param"),
    [
        ({"items": []}, "items"),
        ({"customer": "cus_none"}, "customer"),
        ({"items": [{"price": "price_none"}]}, "items[0][price]"),
        ({"collection_method": "send_invoice"}, "days_until_due"),
        ({"days_until_due": 3}, "days_until_due"),
        ({"trial_end": 5}, "trial_end"),
        ({"cancel_at": 5}, "cancel_at"),
        ({"default_payment_method": "pm_none"}, "default_payment_method"),
    ],
)
def test_subscriptions_stripe_refuses(shop, values, param):
    base = {"customer": shop.customer().id, "items": [{"price": shop.price().id}]}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.subscriptions.create({**base, **values})
    assert refused.value.param == param
    assert shop.v1.subscriptions.list({"status": "all"}).data == []


def test_one_time_and_inactive_prices_cannot_be_subscribed(shop):
    customer = shop.customer()
    for price in (shop.price(recurring=None), shop.price(active=False)):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.subscribe(customer, price)
        assert refused.value.param == "items[0][price]"


def test_a_trial_is_free_then_paid_and_its_end_stays_set(shop):
    made = shop.subscribe(shop.customer(), shop.price(), trial_period_days=14, expand=["latest_invoice"])
    assert (made.status, made.latest_invoice.total, made.latest_invoice.status) == ("trialing", 0, "paid")
    assert only_item(made).current_period_end == made.trial_end
    shop.pass_days(12)
    assert shop.told("customer.subscription.trial_will_end") == ["customer.subscription.trial_will_end"]
    shop.pass_days(2.1)
    after = valid(shop.v1.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]}))
    assert (after.status, after.trial_end) == ("active", made.trial_end)
    assert (after.latest_invoice.status, after.latest_invoice.amount_paid) == ("paid", 2000)
    assert after.latest_invoice.billing_reason == "subscription_cycle"


@pytest.mark.parametrize(("behavior", "status"), [("pause", "paused"), ("cancel", "canceled")])
def test_a_trial_that_ends_without_a_payment_method(shop, behavior, status):
    customer = shop.customer(None)
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    made = shop.subscribe(customer, shop.price(), trial_period_days=2, trial_settings=settings)
    shop.pass_days(3)
    assert valid(shop.v1.subscriptions.retrieve(made.id)).status == status
    if status == "paused":
        assert "customer.subscription.paused" in shop.told("customer.subscription")
        method = shop.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
        shop.v1.subscriptions.update(made.id, {"default_payment_method": method.id})
        assert valid(shop.v1.subscriptions.resume(made.id)).status == "active"
        assert "customer.subscription.resumed" in shop.told("customer.subscription")


def test_canceling_at_the_periods_end(shop):
    made = shop.subscribe(shop.customer(), shop.price())
    planned = valid(shop.v1.subscriptions.update(made.id, {"cancel_at_period_end": True}))
    end = only_item(planned).current_period_end
    assert (planned.cancel_at_period_end, planned.cancel_at, planned.status) == (True, end, "active")
    assert planned.cancellation_details.reason == "cancellation_requested"
    previous = shop.events("customer.subscription.updated")[-1].data.previous_attributes
    assert previous.cancel_at_period_end is False
    undone = shop.v1.subscriptions.update(made.id, {"cancel_at_period_end": False})
    assert (undone.cancel_at, undone.cancel_at_period_end, undone.canceled_at) == (None, False, None)
    shop.v1.subscriptions.update(made.id, {"cancel_at_period_end": True})
    shop.pass_days(32)
    over = valid(shop.v1.subscriptions.retrieve(made.id))
    assert (over.status, over.ended_at) == ("canceled", end)
    assert len(shop.v1.invoices.list({"subscription": made.id}).data) == 1
    assert "customer.subscription.deleted" in shop.told("customer.subscription")


def test_canceling_now_ends_it_once(shop):
    made = shop.subscribe(shop.customer(), shop.price())
    details = {"cancellation_details": {"comment": "Too dear", "feedback": "too_expensive"}}
    over = valid(shop.v1.subscriptions.cancel(made.id, details))
    assert (over.status, over.cancellation_details.feedback) == ("canceled", "too_expensive")
    assert over.ended_at is not None
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.subscriptions.cancel(made.id)
    assert refused.value.http_status == 404
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.subscriptions.update(made.id, {"description": "late"})
    shop.v1.subscriptions.update(made.id, {"metadata": {"late": "yes"}})
    assert shop.v1.subscriptions.list().data == []
    assert [one.id for one in shop.v1.subscriptions.list({"status": "all"}).data] == [made.id]
    assert [one.id for one in shop.v1.subscriptions.list({"status": "ended"}).data] == [made.id]


def test_canceling_with_what_remains_given_back(shop):
    made = shop.subscribe(shop.customer(), shop.price(3000))
    shop.pass_days(10)
    shop.v1.subscriptions.cancel(made.id, {"prorate": True, "invoice_now": True})
    last = valid(shop.v1.invoices.list({"subscription": made.id}).data[0])
    assert -2100 < last.total < -1900
    assert shop.v1.customers.retrieve(made.customer).balance == last.total


def test_another_price_in_mid_period_is_prorated_on_the_next_invoice(shop):
    small, large = shop.price(1000), shop.price(3000)
    made = shop.subscribe(shop.customer(), small)
    item = only_item(made)
    whole = item.current_period_end - item.current_period_start
    shop.pass_days(whole / DAY / 2)
    changed = valid(shop.v1.subscriptions.update(made.id, {"items": [{"id": item.id, "price": large.id}]}))
    assert only_item(changed).price.id == large.id
    previous = shop.events("customer.subscription.updated")[-1].data.previous_attributes
    assert previous["items"].data[0].price.id == small.id
    pending = [valid(one) for one in shop.v1.invoice_items.list({"pending": True}).data]
    assert sorted(one.amount for one in pending) == [-500, 1500]
    assert all(one.proration for one in pending)
    preview = valid(shop.v1.invoices.create_preview({"subscription": made.id}))
    assert preview.total == 3000 + 1000
    shop.pass_days(whole / DAY / 2 + 0.1)
    newest = shop.v1.invoices.list({"subscription": made.id}).data[0]
    assert (newest.total, newest.status, len(newest.lines.data)) == (4000, "paid", 3)


def test_always_invoice_bills_the_difference_now_and_none_bills_nothing(shop):
    small, large = shop.price(1000), shop.price(3000)
    made = shop.subscribe(shop.customer(), small)
    item = only_item(made)
    whole = item.current_period_end - item.current_period_start
    shop.pass_days(whole / DAY / 2)
    entry = {"items": [{"id": item.id, "price": large.id}], "proration_behavior": "always_invoice"}
    shop.v1.subscriptions.update(made.id, entry)
    newest = shop.v1.invoices.list({"subscription": made.id}).data[0]
    assert (newest.total, newest.status, newest.billing_reason) == (1000, "paid", "subscription_update")
    entry = {"items": [{"id": item.id, "quantity": 4}], "proration_behavior": "none"}
    assert only_item(shop.v1.subscriptions.update(made.id, entry)).quantity == 4
    assert shop.v1.invoice_items.list({"pending": True}).data == []


def test_another_interval_begins_a_new_period_now(shop):
    monthly, yearly = shop.price(1000), shop.price(12_000, recurring={"interval": "year"})
    made = shop.subscribe(shop.customer(), monthly)
    shop.pass_days(1)
    changed = shop.v1.subscriptions.update(made.id, {"items": [{"id": only_item(made).id, "price": yearly.id}]})
    period = only_item(changed)
    assert period.current_period_end - period.current_period_start >= 365 * DAY
    newest = shop.v1.invoices.list({"subscription": made.id}).data[0]
    assert 11_000 <= newest.total < 12_000


def test_items_by_their_own_addresses(shop):
    made = shop.subscribe(shop.customer(), shop.price(1000))
    second = valid(shop.v1.subscription_items.create({"subscription": made.id, "price": shop.price(500).id}))
    assert len(shop.v1.subscription_items.list({"subscription": made.id}).data) == 2
    more = valid(shop.v1.subscription_items.update(second.id, {"quantity": 3, "metadata": {"a": "b"}}))
    assert more.quantity == 3
    assert valid(shop.v1.subscription_items.delete(second.id), "deleted_subscription_item").deleted is True
    assert [one.id for one in valid(shop.v1.subscriptions.retrieve(made.id))["items"].data] == [only_item(made).id]
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.subscription_items.delete(only_item(made).id)
    assert shop.told("customer.subscription.updated")


def test_pausing_collection_keeps_invoices_back(shop):
    made = shop.subscribe(shop.customer(), shop.price())
    paused = valid(shop.v1.subscriptions.update(made.id, {"pause_collection": {"behavior": "void"}}))
    assert (paused.status, paused.pause_collection.behavior) == ("active", "void")
    shop.pass_days(32)
    assert shop.v1.invoices.list({"subscription": made.id}).data[0].status == "void"
    assert shop.v1.subscriptions.update(made.id, {"pause_collection": ""}).pause_collection is None


def test_sent_invoices_wait_for_their_due_date(shop):
    made = shop.subscribe(
        shop.customer(None), shop.price(), collection_method="send_invoice", days_until_due=7, expand=["latest_invoice"]
    )
    assert (made.status, made.latest_invoice.status) == ("active", "open")
    assert made.latest_invoice.due_date is not None
    assert "invoice.sent" in shop.told("invoice")
    shop.pass_days(8)
    assert "invoice.overdue" in shop.told("invoice")
    assert shop.v1.subscriptions.retrieve(made.id).status == "past_due"
    paid = valid(shop.v1.invoices.pay(made.latest_invoice.id, {"paid_out_of_band": True}))
    assert (paid.status, paid.amount_paid_off_stripe) == ("paid", 2000)
    assert shop.v1.subscriptions.retrieve(made.id).status == "active"


def test_deleting_a_customer_ends_what_it_subscribed_to(shop):
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    shop.v1.customers.delete(customer.id)
    assert shop.v1.subscriptions.retrieve(made.id).status == "canceled"
    assert shop.v1.customers.retrieve(customer.id).deleted is True
