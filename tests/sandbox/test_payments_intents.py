"""Payment intents: the state machine, through the official SDK."""

import pytest
import stripe

NO_REDIRECTS = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
CARD = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"]}


def kinds(sandbox, *prefixes):
    """Types of all events so far, oldest first."""
    events = reversed(sandbox.client.v1.events.list({"limit": 100}).data)
    return [event.type for event in events if not prefixes or event.type.startswith(prefixes)]


def test_paid_at_once(sandbox, validate):
    v1 = sandbox.client.v1
    intent = validate(
        v1.payment_intents.create(
            CARD | {"payment_method": "pm_card_visa", "confirm": True, "description": "Tea", "metadata": {"op": "1"}}
        )
    )
    assert intent.status == "succeeded"
    assert intent.amount_received == 2000
    charge = validate(v1.charges.retrieve(intent.latest_charge, {"expand": ["balance_transaction", "refunds"]}))
    assert charge.paid is True
    assert charge.payment_intent == intent.id
    assert charge.metadata.to_dict() == {"op": "1"}
    assert charge.outcome.type == "authorized"
    assert (charge.balance_transaction.fee, charge.balance_transaction.net) == (88, 1912)
    assert kinds(sandbox) == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


def test_step_by_step(sandbox, validate):
    v1 = sandbox.client.v1
    intent = validate(v1.payment_intents.create({"amount": 2000, "currency": "usd"}))
    assert intent.status == "requires_payment_method"
    assert intent.automatic_payment_methods.enabled is True
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        v1.payment_intents.confirm(intent.id, {"return_url": "https://example.com"})
    intent = validate(v1.payment_intents.update(intent.id, {"amount": 3000, "payment_method": "pm_card_visa"}))
    assert intent.status == "requires_confirmation"
    with pytest.raises(stripe.InvalidRequestError, match="return_url") as refusal:
        v1.payment_intents.confirm(intent.id)
    assert refusal.value.param == "return_url"
    intent = validate(v1.payment_intents.confirm(intent.id, {"return_url": "https://example.com"}))
    assert (intent.status, intent.amount_received) == ("succeeded", 3000)


def test_confirming_or_canceling_a_succeeded_one_is_an_unexpected_state(sandbox):
    v1 = sandbox.client.v1
    intent = v1.payment_intents.create(CARD | {"payment_method": "pm_card_visa", "confirm": True})
    for again in (
        lambda: v1.payment_intents.confirm(intent.id),
        lambda: v1.payment_intents.cancel(intent.id),
        lambda: v1.payment_intents.capture(intent.id),
        lambda: v1.payment_intents.update(intent.id, {"amount": 1}),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refusal:
            again()
        assert refusal.value.http_status == 400
        assert refusal.value.code == "payment_intent_unexpected_state"
        assert refusal.value.error.payment_intent.status == "succeeded"
    assert v1.payment_intents.update(intent.id, {"metadata": {"a": "1"}}).metadata.to_dict() == {"a": "1"}


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("chargeDeclined", "card_declined", "generic_decline"),
        ("chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("chargeDeclinedExpiredCard", "expired_card", None),
        ("chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
        ("chargeDeclinedProcessingError", "processing_error", None),
        ("chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"),
        ("chargeDeclinedFraudulent", "card_declined", "fraudulent"),
    ],
)
def test_a_decline_is_a_402_and_leaves_its_traces(sandbox, validate, card, code, decline_code):
    v1 = sandbox.client.v1
    with pytest.raises(stripe.CardError) as refusal:
        v1.payment_intents.create(CARD | {"payment_method": f"pm_card_{card}", "confirm": True})
    error = refusal.value
    assert (error.http_status, error.code, error.error.decline_code) == (402, code, decline_code)
    intent = validate(v1.payment_intents.retrieve(error.error.payment_intent.id))
    assert intent.status == "requires_payment_method"
    assert intent.payment_method is None
    assert intent.last_payment_error.code == code
    charge = validate(v1.charges.retrieve(intent.latest_charge))
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, code)
    assert charge.id == intent.last_payment_error.charge
    assert kinds(sandbox) == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]
    intent = validate(v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}))
    assert (intent.status, intent.last_payment_error) == ("succeeded", None)


def test_a_card_that_attaches_but_fails_when_charged(sandbox):
    v1 = sandbox.client.v1
    customer = v1.customers.create()
    method = v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    with pytest.raises(stripe.CardError) as refusal:
        v1.payment_intents.create(
            CARD | {"customer": customer.id, "payment_method": method.id, "confirm": True, "off_session": True}
        )
    assert refusal.value.error.decline_code == "generic_decline"


def test_authorize_now_capture_later_in_part(sandbox, validate):
    v1 = sandbox.client.v1
    intent = validate(
        v1.payment_intents.create(
            CARD | {"payment_method": "pm_card_visa", "confirm": True, "capture_method": "manual"}
        )
    )
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("requires_capture", 2000, 0)
    assert v1.charges.retrieve(intent.latest_charge).captured is False
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.payment_intents.capture(intent.id, {"amount_to_capture": 2001})
    assert refusal.value.param == "amount_to_capture"
    intent = validate(v1.payment_intents.capture(intent.id, {"amount_to_capture": 1500}))
    assert (intent.status, intent.amount_capturable, intent.amount_received) == ("succeeded", 0, 1500)
    charge = validate(v1.charges.retrieve(intent.latest_charge))
    assert (charge.amount_captured, charge.amount_refunded, charge.refunded) == (1500, 500, False)
    assert "payment_intent.amount_capturable_updated" in kinds(sandbox)
    assert "charge.captured" in kinds(sandbox)


def test_cancel_lets_an_authorization_go(sandbox, validate):
    v1 = sandbox.client.v1
    manual = CARD | {"payment_method": "pm_card_visa", "confirm": True, "capture_method": "manual"}
    intent = v1.payment_intents.create(manual)
    intent = validate(v1.payment_intents.cancel(intent.id, {"cancellation_reason": "requested_by_customer"}))
    assert (intent.status, intent.cancellation_reason) == ("canceled", "requested_by_customer")
    charge = validate(v1.charges.retrieve(intent.latest_charge))
    assert (charge.refunded, charge.captured, charge.balance_transaction) == (True, False, None)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.payment_intents.confirm(intent.id)
    assert refusal.value.code == "payment_intent_unexpected_state"


def test_increment_an_authorization(sandbox, validate):
    v1 = sandbox.client.v1
    manual = CARD | {"payment_method": "pm_card_visa", "confirm": True, "capture_method": "manual"}
    plain = v1.payment_intents.create(manual)
    with pytest.raises(stripe.InvalidRequestError, match="not eligible"):
        v1.payment_intents.increment_authorization(plain.id, {"amount": 2500})
    options = {"payment_method_options": {"card": {"request_incremental_authorization": "if_available"}}}
    intent = v1.payment_intents.create(manual | options)
    intent = validate(v1.payment_intents.increment_authorization(intent.id, {"amount": 2500}))
    assert (intent.amount, intent.amount_capturable) == (2500, 2500)
    validate(v1.payment_intents.capture(intent.id))


def test_a_saved_method_belongs_to_its_customer(sandbox):
    v1 = sandbox.client.v1
    one, two = v1.customers.create(), v1.customers.create()
    method = v1.payment_methods.attach("pm_card_visa", {"customer": one.id})
    for customer in ({}, {"customer": two.id}):
        with pytest.raises(stripe.InvalidRequestError):
            v1.payment_intents.create(CARD | customer | {"payment_method": method.id, "confirm": True})


def test_a_method_used_without_a_customer_is_spent(sandbox):
    v1 = sandbox.client.v1
    method = v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    v1.payment_intents.create(CARD | {"payment_method": method.id, "confirm": True})
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        v1.payment_intents.create(CARD | {"payment_method": method.id, "confirm": True})


def test_setup_future_usage_saves_the_method(sandbox):
    v1 = sandbox.client.v1
    customer = v1.customers.create()
    paid = {"payment_method": "pm_card_visa", "confirm": True, "setup_future_usage": "off_session"}
    intent = v1.payment_intents.create(CARD | {"customer": customer.id} | paid)
    (method,) = v1.customers.payment_methods.list(customer.id).data
    assert method.id == intent.payment_method


def test_the_type_must_be_allowed(sandbox):
    with pytest.raises(stripe.InvalidRequestError, match="not allowed for this PaymentIntent"):
        sandbox.client.v1.payment_intents.create(CARD | {"payment_method": "pm_usBankAccount_success", "confirm": True})


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (49, "usd", "amount_too_small"),
        (29, "gbp", "amount_too_small"),
        (49, "jpy", "amount_too_small"),
        (17499, "huf", "amount_too_small"),
        (100_000_000, "usd", "amount_too_large"),
        (0, "usd", "parameter_invalid_integer"),
        (-5, "usd", "parameter_invalid_integer"),
        (1001, "kwd", "parameter_invalid_integer"),
        (150, "ugx", "parameter_invalid_integer"),
        (150, "isk", "parameter_invalid_integer"),
    ],
)
def test_amounts_a_currency_does_not_have(sandbox, amount, currency, code):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        sandbox.client.v1.payment_intents.create({"amount": amount, "currency": currency})
    assert (refusal.value.code, refusal.value.param) == (code, "amount")


@pytest.mark.parametrize(
    ("amount", "currency"), [(50, "usd"), (30, "gbp"), (50, "jpy"), (1000, "kwd"), (500, "ugx"), (17500, "huf")]
)
def test_amounts_a_currency_has(sandbox, validate, amount, currency):
    intent = sandbox.client.v1.payment_intents.create(NO_REDIRECTS | {"amount": amount, "currency": currency})
    assert validate(intent).currency == currency


def test_an_unknown_currency_is_named(sandbox):
    with pytest.raises(stripe.InvalidRequestError, match="Invalid currency: zzz"):
        sandbox.client.v1.payment_intents.create({"amount": 500, "currency": "zzz"})


def test_a_confirmation_token_is_used_once(sandbox, validate):
    v1 = sandbox.client.v1
    token = v1.test_helpers.confirmation_tokens.create(
        {"payment_method": "pm_card_visa", "return_url": "https://example.com"}
    )
    validate(token)
    intent = v1.payment_intents.create(
        {"amount": 500, "currency": "usd", "confirm": True, "confirmation_token": token.id}
    )
    assert intent.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="already been used"):
        v1.payment_intents.create({"amount": 500, "currency": "usd", "confirm": True, "confirmation_token": token.id})


def test_list_by_customer(sandbox, validate_operation):
    v1 = sandbox.client.v1
    customer = v1.customers.create()
    mine = v1.payment_intents.create(CARD | {"customer": customer.id})
    v1.payment_intents.create(CARD)
    rows = v1.payment_intents.list({"customer": customer.id})
    validate_operation("GetPaymentIntents", rows)
    assert [row.id for row in rows.data] == [mine.id]
