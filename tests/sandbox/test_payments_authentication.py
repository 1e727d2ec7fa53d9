"""Payments that wait: for the buyer's authentication, for a bank's debit."""

import pytest
import stripe

from tillwright_sandbox import pipeline
from tillwright_sandbox.behaviours import intent_steps, setup_intents

CARD = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"]}


def acting(sandbox):
    return pipeline.act(sandbox.world, sandbox.world.accounts[sandbox.account], False)


def authenticate(sandbox, id, succeed=True):
    with acting(sandbox) as call:
        if id.startswith("pi_"):
            intent_steps.authenticate(call, call.objects.get("payment_intent", id), succeed)
        else:
            setup_intents.authenticate(call, call.objects.get("setup_intent", id), succeed)


def test_requires_action_is_neither_success_nor_failure(sandbox, validate):
    v1 = sandbox.client.v1
    made = CARD | {"payment_method": "pm_card_authenticationRequired", "confirm": True}
    intent = validate(v1.payment_intents.create(made | {"return_url": "https://example.com/back"}))
    assert (intent.status, intent.latest_charge, intent.last_payment_error) == ("requires_action", None, None)
    assert intent.next_action.type == "redirect_to_url"
    assert intent.next_action.redirect_to_url.return_url == "https://example.com/back"
    authenticate(sandbox, intent.id)
    intent = validate(v1.payment_intents.retrieve(intent.id))
    assert intent.status == "succeeded"
    charge = validate(v1.charges.retrieve(intent.latest_charge))
    assert charge.payment_method_details.card.three_d_secure.result == "authenticated"


def test_an_authentication_that_fails_goes_back_to_the_start(sandbox, validate):
    v1 = sandbox.client.v1
    intent = v1.payment_intents.create(CARD | {"payment_method": "pm_card_threeDSecure2Required", "confirm": True})
    assert intent.next_action.type == "use_stripe_sdk"
    authenticate(sandbox, intent.id, succeed=False)
    intent = validate(v1.payment_intents.retrieve(intent.id))
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"
    with pytest.raises(stripe.StripeError, match="nothing to authenticate"):
        try:
            authenticate(sandbox, intent.id)
        except Exception as error:
            raise stripe.StripeError(str(error)) from error


def test_authenticated_and_then_declined(sandbox):
    v1 = sandbox.client.v1
    intent = v1.payment_intents.create(
        CARD | {"payment_method": "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "confirm": True}
    )
    authenticate(sandbox, intent.id)
    intent = v1.payment_intents.retrieve(intent.id)
    assert intent.last_payment_error.decline_code == "insufficient_funds"


def test_off_session_a_needed_authentication_is_a_decline(sandbox, validate):
    v1 = sandbox.client.v1
    customer = v1.customers.create()
    method = v1.payment_methods.attach("pm_card_authenticationRequired", {"customer": customer.id})
    pay = CARD | {"customer": customer.id, "payment_method": method.id, "confirm": True}
    with pytest.raises(stripe.CardError) as refusal:
        v1.payment_intents.create(pay | {"off_session": True})
    assert refusal.value.code == "authentication_required"
    assert validate(v1.payment_intents.retrieve(refusal.value.error.payment_intent.id)).status == (
        "requires_payment_method"
    )
    with pytest.raises(stripe.CardError) as refusal:
        v1.payment_intents.create(pay | {"error_on_requires_action": True})
    assert refusal.value.code == "authentication_required"


def test_a_card_set_up_once_pays_off_session(sandbox, validate):
    v1 = sandbox.client.v1
    customer = v1.customers.create()
    method = v1.payment_methods.attach("pm_card_authenticationRequiredOnSetup", {"customer": customer.id})
    pay = CARD | {"customer": customer.id, "payment_method": method.id, "confirm": True, "off_session": True}
    with pytest.raises(stripe.CardError):
        v1.payment_intents.create(pay)
    setup = validate(
        v1.setup_intents.create(
            {
                "customer": customer.id,
                "payment_method": method.id,
                "confirm": True,
                "payment_method_types": ["card"],
            }
        )
    )
    assert setup.status == "requires_action"
    authenticate(sandbox, setup.id)
    assert validate(v1.setup_intents.retrieve(setup.id)).status == "succeeded"
    assert v1.payment_intents.create(pay).status == "succeeded"


@pytest.mark.parametrize(
    ("account", "status", "event"),
    [
        ("pm_usBankAccount_success", "succeeded", "payment_intent.succeeded"),
        ("pm_usBankAccount_insufficientFunds", "requires_payment_method", "payment_intent.payment_failed"),
        ("pm_successDelayed_de", "succeeded", "payment_intent.succeeded"),
        ("pm_failedDelayed_de", "requires_payment_method", "payment_intent.payment_failed"),
    ],
)
def test_a_bank_debit_is_processing_until_the_bank_answers(sandbox, validate, account, status, event):
    v1 = sandbox.client.v1
    types = ["us_bank_account"] if "us" in account else ["sepa_debit"]
    made = {"amount": 2000, "currency": "usd" if "us" in account else "eur", "payment_method_types": types}
    intent = validate(v1.payment_intents.create(made | {"payment_method": account, "confirm": True}))
    assert intent.status == "processing"
    assert validate(v1.charges.retrieve(intent.latest_charge)).status == "pending"
    with pytest.raises(stripe.InvalidRequestError):
        v1.payment_intents.confirm(intent.id)
    sandbox.world.clock.advance(200)
    intent = validate(v1.payment_intents.retrieve(intent.id))
    assert intent.status == status
    assert validate(v1.charges.retrieve(intent.latest_charge)).paid is (status == "succeeded")
    assert event in [one.type for one in v1.events.list().data]


def test_a_method_of_another_page_redirects(sandbox, validate):
    v1 = sandbox.client.v1
    made = {"amount": 2000, "currency": "eur", "payment_method_types": ["ideal"], "confirm": True}
    made["payment_method_data"] = {"type": "ideal"}
    intent = validate(v1.payment_intents.create(made | {"return_url": "https://example.com"}))
    assert intent.next_action.type == "redirect_to_url"
    authenticate(sandbox, intent.id)
    intent = validate(v1.payment_intents.retrieve(intent.id))
    assert intent.status == "succeeded"
    assert validate(v1.charges.retrieve(intent.latest_charge)).payment_method_details.type == "ideal"


def test_setup_intents_succeed_fail_and_cancel(sandbox, validate):
    v1 = sandbox.client.v1
    customer = v1.customers.create()
    setup = validate(v1.setup_intents.create({"customer": customer.id, "payment_method_types": ["card"]}))
    assert setup.status == "requires_payment_method"
    with pytest.raises(stripe.CardError) as refusal:
        v1.setup_intents.confirm(setup.id, {"payment_method": "pm_card_chargeDeclined"})
    assert refusal.value.error.setup_intent.id == setup.id
    setup = validate(v1.setup_intents.retrieve(setup.id))
    assert setup.last_setup_error.code == "card_declined"
    setup = validate(v1.setup_intents.confirm(setup.id, {"payment_method": "pm_card_visa"}))
    assert setup.status == "succeeded"
    assert v1.payment_methods.retrieve(setup.payment_method).customer == customer.id
    for attempt in v1.setup_attempts.list({"setup_intent": setup.id}).data:
        validate(attempt)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.setup_intents.cancel(setup.id)
    assert refusal.value.code == "setup_intent_unexpected_state"
    other = v1.setup_intents.create({"payment_method_types": ["card"]})
    assert validate(v1.setup_intents.cancel(other.id)).status == "canceled"
    kinds = [event.type for event in reversed(v1.events.list({"type": "setup_intent.*"}).data)]
    assert kinds[:3] == ["setup_intent.created", "setup_intent.setup_failed", "setup_intent.succeeded"]


def test_a_bank_account_set_up_has_a_mandate(sandbox, validate):
    v1 = sandbox.client.v1
    setup = v1.setup_intents.create(
        {"payment_method_types": ["us_bank_account"], "payment_method": "pm_usBankAccount_success", "confirm": True}
    )
    assert validate(setup).status == "succeeded"
    assert validate(v1.mandates.retrieve(setup.mandate)).status == "active"


def test_a_bank_transfer_pays_once_the_money_is_there(sandbox, validate):
    v1 = sandbox.client.v1
    customer = v1.customers.create()
    v1.test_helpers.customers.fund_cash_balance(customer.id, {"amount": 500, "currency": "eur"})
    options = {"customer_balance": {"funding_type": "bank_transfer", "bank_transfer": {"type": "eu_bank_transfer"}}}
    options["customer_balance"]["bank_transfer"]["eu_bank_transfer"] = {"country": "DE"}
    intent = validate(
        v1.payment_intents.create(
            {
                "amount": 2000,
                "currency": "eur",
                "customer": customer.id,
                "payment_method_types": ["customer_balance"],
                "payment_method_data": {"type": "customer_balance"},
                "payment_method_options": options,
                "confirm": True,
            }
        )
    )
    assert intent.status == "requires_action"
    assert intent.next_action.display_bank_transfer_instructions.amount_remaining == 1500
    v1.test_helpers.customers.fund_cash_balance(customer.id, {"amount": 1600, "currency": "eur"})
    intent = validate(v1.payment_intents.retrieve(intent.id))
    assert (intent.status, intent.amount_received) == ("succeeded", 2000)
    assert v1.customers.cash_balance.retrieve(customer.id).available.to_dict() == {"eur": 100}
    rows = v1.customers.cash_balance_transactions.list(customer.id).data
    assert [row.net_amount for row in rows] == [-1500, 1600, -500, 500]
    for row in rows:
        validate(row, "customer_cash_balance_transaction")
    kinds = [event.type for event in v1.events.list().data]
    assert "payment_intent.partially_funded" in kinds


@pytest.mark.parametrize(
    ("type", "currency"), [("boleto", "brl"), ("oxxo", "mxn"), ("konbini", "jpy"), ("pix", "brl"), ("promptpay", "thb")]
)
def test_a_voucher_or_code_is_shown_and_then_paid(sandbox, validate, type, currency):
    v1 = sandbox.client.v1
    intent = validate(
        v1.payment_intents.create(
            {
                "amount": 5000,
                "currency": currency,
                "payment_method_types": [type],
                "payment_method_data": {
                    "type": type,
                    "boleto": {"tax_id": "000.000.000-00"},
                    "billing_details": {"name": "Ada", "email": "ada@example.com"},
                }
                if type == "boleto"
                else {"type": type, "billing_details": {"name": "Ada", "email": "ada@example.com"}},
                "confirm": True,
            }
        )
    )
    assert intent.status == "requires_action"
    assert intent.next_action.type.startswith(type)
    authenticate(sandbox, intent.id)
    assert validate(v1.payment_intents.retrieve(intent.id)).status == "succeeded"
