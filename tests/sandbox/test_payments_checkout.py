"""Checkout sessions and payment links, and the buyer who follows them."""

import pytest
import stripe

from tillwright_sandbox import pipeline
from tillwright_sandbox.behaviours import checkout_completion, payment_links
from tillwright_sandbox.errors import StripeError


def acting(sandbox):
    return pipeline.act(sandbox.world, sandbox.world.accounts[sandbox.account], False)


def complete(sandbox, id, **given):
    with acting(sandbox) as call:
        checkout_completion.complete(call, id, **given)
    return sandbox.client.v1.checkout.sessions.retrieve(id)


def price(sandbox, amount=1500, **more):
    v1 = sandbox.client.v1
    product = v1.products.create({"name": "Tea"})
    return v1.prices.create({"unit_amount": amount, "currency": "usd", "product": product.id} | more)


def session(sandbox, **more):
    params = {"mode": "payment", "success_url": "https://example.com/ok"}
    params["line_items"] = [{"price": price(sandbox).id, "quantity": 2}]
    return sandbox.client.v1.checkout.sessions.create(params | more)


def test_a_session_is_paid(sandbox, validate, validate_operation):
    v1 = sandbox.client.v1
    made = validate(session(sandbox, metadata={"op": "1"}, customer_email="ada@example.com"))
    assert (made.status, made.payment_status, made.amount_total) == ("open", "unpaid", 3000)
    assert made.payment_intent is None
    items = v1.checkout.sessions.line_items.list(made.id)
    shown = sandbox.http("GET", f"/v1/checkout/sessions/{made.id}/line_items").json()
    validate_operation("GetCheckoutSessionsSessionLineItems", shown)
    assert items.data[0].price.unit_amount == 1500
    done = validate(complete(sandbox, made.id))
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)
    assert done.customer_details.email == "ada@example.com"
    assert v1.payment_intents.retrieve(done.payment_intent).amount_received == 3000
    assert v1.events.list().data[0].type == "checkout.session.completed"
    with pytest.raises(StripeError, match="only an open one"):
        complete(sandbox, made.id)


def test_a_declined_card_leaves_it_open(sandbox):
    made = session(sandbox)
    with pytest.raises(StripeError, match="insufficient funds"):
        complete(sandbox, made.id, payment_method="pm_card_chargeDeclinedInsufficientFunds")
    assert sandbox.client.v1.checkout.sessions.retrieve(made.id).status == "open"


def test_a_coupon_comes_off(sandbox, validate):
    v1 = sandbox.client.v1
    coupon = v1.coupons.create({"percent_off": 10, "duration": "once"})
    made = validate(session(sandbox, discounts=[{"coupon": coupon.id}]))
    assert (made.amount_subtotal, made.amount_total, made.total_details.amount_discount) == (3000, 2700, 300)
    complete(sandbox, made.id)
    assert v1.coupons.retrieve(coupon.id).times_redeemed == 1


def test_a_bank_debit_completes_unpaid_and_is_paid_later(sandbox):
    made = session(sandbox, payment_method_types=["us_bank_account"])
    done = complete(sandbox, made.id, payment_method="pm_usBankAccount_success")
    assert (done.status, done.payment_status) == ("complete", "unpaid")
    sandbox.world.clock.advance(10)
    v1 = sandbox.client.v1
    assert v1.checkout.sessions.retrieve(made.id).payment_status == "paid"
    assert "checkout.session.async_payment_succeeded" in [event.type for event in v1.events.list().data]


def test_a_subscription_is_sold(sandbox, validate):
    v1 = sandbox.client.v1
    monthly = price(sandbox, recurring={"interval": "month"})
    made = validate(session(sandbox, mode="subscription", line_items=[{"price": monthly.id, "quantity": 1}]))
    done = validate(complete(sandbox, made.id, email="ada@example.com"))
    subscription = v1.subscriptions.retrieve(done.subscription)
    assert subscription.status == "active"
    assert subscription.customer == done.customer
    assert v1.customers.retrieve(done.customer).email == "ada@example.com"


def test_a_card_is_saved(sandbox, validate):
    v1 = sandbox.client.v1
    customer = v1.customers.create()
    made = validate(
        v1.checkout.sessions.create(
            {"mode": "setup", "currency": "usd", "customer": customer.id, "success_url": "https://example.com/ok"}
        )
    )
    done = validate(complete(sandbox, made.id))
    assert v1.setup_intents.retrieve(done.setup_intent).status == "succeeded"
    assert len(v1.customers.payment_methods.list(customer.id).data) == 1


def test_expire(sandbox, validate):
    v1 = sandbox.client.v1
    made = session(sandbox)
    assert validate(v1.checkout.sessions.expire(made.id)).status == "expired"
    with pytest.raises(stripe.InvalidRequestError, match="Only Checkout Sessions with a status"):
        v1.checkout.sessions.expire(made.id)
    left = session(sandbox)
    sandbox.world.clock.advance(86_401)
    assert v1.checkout.sessions.retrieve(left.id).status == "expired"


def test_what_a_session_needs(sandbox):
    v1 = sandbox.client.v1
    item = {"price": price(sandbox).id, "quantity": 1}
    for params, param in (
        ({"mode": "payment", "line_items": [item]}, "success_url"),
        ({"mode": "payment", "success_url": "https://example.com"}, "line_items"),
        ({"mode": "subscription", "success_url": "https://example.com", "line_items": [item]}, "line_items"),
        (
            {"mode": "payment", "success_url": "https://example.com", "line_items": [item], "expires_at": 5},
            "expires_at",
        ),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            v1.checkout.sessions.create(params)
        assert refusal.value.param == param


def test_a_link_opens_a_session(sandbox, validate, validate_operation):
    v1 = sandbox.client.v1
    link = validate(v1.payment_links.create({"line_items": [{"price": price(sandbox).id, "quantity": 1}]}))
    shown = sandbox.http("GET", f"/v1/payment_links/{link.id}/line_items").json()
    validate_operation("GetPaymentLinksPaymentLinkLineItems", shown)
    with acting(sandbox) as call:
        id = payment_links.follow(call, link.id)["id"]
    done = validate(complete(sandbox, id))
    assert (done.payment_link, done.payment_status) == (link.id, "paid")
    assert validate(v1.payment_links.update(link.id, {"active": False})).active is False
    with pytest.raises(StripeError, match="no longer active"), acting(sandbox) as call:
        payment_links.follow(call, link.id)
