"""The main job: a card that declines, the failing invoice told, a coupon and a code for that customer."""

import pytest
import stripe

from tests.sandbox.shop import Shop, valid


@pytest.fixture
def shop(sandbox):
    return Shop(sandbox)


@pytest.mark.parametrize("behavior", [None, "allow_incomplete"])
def test_a_declined_first_payment_leaves_an_open_invoice_and_tells_of_it(shop, behavior):
    customer, price = shop.customer("pm_card_chargeCustomerFail"), shop.price(4900)
    more = {"payment_behavior": behavior} if behavior else {}
    subscription = shop.subscribe(customer, price, expand=["latest_invoice.payments"], **more)
    assert subscription.status == "incomplete"
    invoice = subscription.latest_invoice
    assert (invoice.status, invoice.attempt_count, invoice.attempted) == ("open", 1, True)
    assert (invoice.amount_due, invoice.amount_remaining, invoice.amount_paid) == (4900, 4900, 0)
    assert invoice.billing_reason == "subscription_create"
    assert invoice.next_payment_attempt is None
    payment = valid(invoice.payments.data[0])
    assert (payment.status, payment.is_default, payment.amount_requested) == ("open", True, 4900)
    intent = shop.v1.payment_intents.retrieve(payment.payment.payment_intent)
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.code == "card_declined"
    assert invoice.confirmation_secret.client_secret == intent.client_secret
    failed = [one for one in shop.events("invoice.payment_failed")]
    assert len(failed) == 1
    assert failed[0].data.object.id == invoice.id
    assert failed[0].data.object.customer == customer.id
    told = shop.told()
    for type in (
        "invoice.created",
        "invoice.finalized",
        "customer.subscription.created",
        "payment_intent.payment_failed",
        "charge.failed",
    ):
        assert told.count(type) == 1, type
    assert "invoice.paid" not in told
    assert shop.v1.customers.retrieve(customer.id).delinquent is True


def test_winning_back_with_a_code_bound_to_the_customer(shop):
    customer, price = shop.customer("pm_card_chargeCustomerFail"), shop.price()
    subscription = shop.subscribe(customer, price)
    coupon = valid(shop.v1.coupons.create({"percent_off": 25, "duration": "once", "metadata": {"op": "1"}}))
    code = valid(
        shop.v1.promotion_codes.create(
            {
                "promotion": {"type": "coupon", "coupon": coupon.id},
                "customer": customer.id,
                "max_redemptions": 1,
                "metadata": {"op": "2"},
            }
        )
    )
    assert (code.customer, code.active, code.promotion.coupon) == (customer.id, True, coupon.id)
    other = shop.customer()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.subscribe(other, price, discounts=[{"promotion_code": code.id}])
    assert refused.value.param == "discounts[0][promotion_code]"
    # The customer gives a card that works and subscribes anew with the code.
    method = shop.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    shop.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})
    shop.v1.subscriptions.cancel(subscription.id)
    again = shop.subscribe(customer, price, discounts=[{"promotion_code": code.id}], expand=["latest_invoice"])
    assert again.status == "active"
    assert (again.latest_invoice.subtotal, again.latest_invoice.total, again.latest_invoice.amount_paid) == (
        2000,
        1500,
        1500,
    )
    used = shop.v1.promotion_codes.retrieve(code.id)
    assert (used.active, used.times_redeemed) == (False, 1)
    assert [one.id for one in shop.v1.promotion_codes.list({"customer": customer.id, "active": False}).data] == [
        code.id
    ]


def test_error_if_incomplete_refuses_and_leaves_nothing(shop):
    customer, price = shop.customer("pm_card_chargeCustomerFail"), shop.price()
    with pytest.raises(stripe.CardError) as refused:
        shop.subscribe(customer, price, payment_behavior="error_if_incomplete")
    assert refused.value.code == "card_declined"
    assert shop.v1.subscriptions.list({"customer": customer.id, "status": "all"}).data == []
    assert shop.v1.invoices.list({"customer": customer.id}).data == []
    assert shop.told("invoice", "customer.subscription") == []


def test_no_way_to_pay_is_refused_unless_it_may_be_incomplete(shop):
    customer, price = shop.customer(None), shop.price()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.subscribe(customer, price)
    assert refused.value.code == "resource_missing"
    made = shop.subscribe(customer, price, payment_behavior="default_incomplete", expand=["latest_invoice"])
    assert (made.status, made.latest_invoice.status, made.latest_invoice.attempted) == ("incomplete", "open", False)


def test_the_buyer_confirms_the_first_payment(shop):
    customer, price = shop.customer(None), shop.price()
    made = shop.subscribe(
        customer,
        price,
        payment_behavior="default_incomplete",
        payment_settings={"save_default_payment_method": "on_subscription"},
        expand=["latest_invoice.payments"],
    )
    intent = made.latest_invoice.payments.data[0].payment.payment_intent
    shop.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa", "return_url": "https://example.com"})
    after = valid(shop.v1.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]}))
    assert (after.status, after.latest_invoice.status) == ("active", "paid")
    assert after.default_payment_method is not None
    told = shop.events("customer.subscription.updated")
    assert told[-1].data.previous_attributes.status == "incomplete"
    assert "invoice_payment.paid" in shop.told("invoice_payment")


def test_an_incomplete_subscription_expires_after_23_hours(shop):
    made = shop.subscribe(shop.customer("pm_card_chargeCustomerFail"), shop.price())
    shop.pass_days(22 / 24)
    assert shop.v1.subscriptions.retrieve(made.id).status == "incomplete"
    shop.pass_days(2 / 24)
    after = valid(shop.v1.subscriptions.retrieve(made.id))
    assert after.status == "incomplete_expired"
    assert after.ended_at is not None
    assert shop.v1.invoices.retrieve(made.latest_invoice).status == "void"
    assert "invoice.voided" in shop.told("invoice")


def test_the_open_invoice_is_paid_with_a_new_card(shop):
    customer = shop.customer("pm_card_chargeCustomerFail")
    made = shop.subscribe(customer, shop.price())
    with pytest.raises(stripe.CardError):
        shop.v1.invoices.pay(made.latest_invoice)
    assert shop.v1.invoices.retrieve(made.latest_invoice).attempt_count == 2
    method = shop.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    paid = valid(shop.v1.invoices.pay(made.latest_invoice, {"payment_method": method.id, "expand": ["payments"]}))
    assert (paid.status, paid.amount_remaining, paid.payments.data[0].status) == ("paid", 0, "paid")
    assert shop.v1.subscriptions.retrieve(made.id).status == "active"
    assert shop.v1.customers.retrieve(customer.id).delinquent is False
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.invoices.pay(made.latest_invoice)
    assert refused.value.code == "invoice_already_paid"


def test_a_card_that_needs_the_buyer_asks_for_action(shop):
    customer = shop.customer("pm_card_authenticationRequired")
    made = shop.subscribe(customer, shop.price(), expand=["latest_invoice.payments"])
    assert made.status == "incomplete"
    intent = made.latest_invoice.payments.data[0].payment.payment_intent
    assert shop.v1.payment_intents.retrieve(intent).status == "requires_action"
    assert "invoice.payment_action_required" in shop.told("invoice")
