"""Test cards, payment methods, tokens and sources, through the official SDK."""

import pytest
import stripe

from tillwright_sandbox.behaviours import cards
from tillwright_sandbox.behaviours.banks import BANKS
from tillwright_sandbox.behaviours.declines import DECLINES


@pytest.mark.parametrize("card", cards.CARDS, ids=lambda card: card.name)
def test_every_row_of_the_table_is_a_possible_card(card):
    assert cards.luhn(card.number)
    assert cards.by_fingerprint(card.fingerprint).number == card.number
    for decline in (card.refused, card.charge_refused):
        assert not decline or decline in DECLINES


def test_every_ready_made_card_attaches_or_is_refused_as_its_row_says(sandbox, validate):
    v1 = sandbox.client.v1
    customer = v1.customers.create()
    for card in cards.CARDS:
        name = f"pm_card_{card.name}"
        if card.refused:
            with pytest.raises(stripe.CardError) as refusal:
                v1.payment_methods.attach(name, {"customer": customer.id})
            assert refusal.value.code == DECLINES[card.refused].code, name
        else:
            method = validate(v1.payment_methods.attach(name, {"customer": customer.id}))
            assert (method.card.brand, method.card.last4) == (card.brand, card.last4), name


def test_every_ready_made_bank_account_is_a_valid_payment_method(sandbox, validate):
    v1 = sandbox.client.v1
    customer = v1.customers.create()
    for bank in BANKS:
        method = validate(v1.payment_methods.attach(f"pm_{bank.name}", {"customer": customer.id}))
        assert method.type == bank.type


def test_a_card_by_its_number_is_the_card_of_the_table(sandbox, validate):
    typed = {"number": "4000 0000 0000 0341", "exp_month": 4, "exp_year": 2040, "cvc": "123"}
    details = {"name": "Ada", "address": {"line1": "1 Way", "postal_code": "E1"}}
    method = validate(
        sandbox.client.v1.payment_methods.create({"type": "card", "card": typed, "billing_details": details})
    )
    assert method.card.fingerprint == cards.BY_NAME["chargeCustomerFail"].fingerprint
    assert method.card.checks.to_dict() == {
        "address_line1_check": "pass",
        "address_postal_code_check": "pass",
        "cvc_check": "pass",
    }
    assert method.customer is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"number": "4242424242424241"}, "incorrect_number"),
        ({"exp_month": 13}, "invalid_expiry_month"),
        ({"exp_year": 2020}, "invalid_expiry_year"),
        ({"cvc": "12"}, "invalid_cvc"),
    ],
)
def test_a_card_that_cannot_be_is_a_card_error(sandbox, change, code):
    typed = {"number": "4242424242424242", "exp_month": 4, "exp_year": 2040, "cvc": "123"} | change
    with pytest.raises(stripe.CardError) as refusal:
        sandbox.client.v1.payment_methods.create({"type": "card", "card": typed})
    assert refusal.value.http_status == 402
    assert refusal.value.code == code


def test_attach_update_detach_and_never_again(sandbox, validate):
    v1 = sandbox.client.v1
    customer, other = v1.customers.create(), v1.customers.create()
    method = v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    with pytest.raises(stripe.InvalidRequestError):
        v1.payment_methods.update(method.id, {"metadata": {"a": "1"}})
    assert v1.payment_methods.attach(method.id, {"customer": customer.id}).customer == customer.id
    with pytest.raises(stripe.InvalidRequestError):
        v1.payment_methods.attach(method.id, {"customer": other.id})
    changed = validate(v1.payment_methods.update(method.id, {"card": {"exp_year": 2041}, "metadata": {"a": "1"}}))
    assert changed.card.exp_year == 2041
    assert validate(v1.payment_methods.detach(method.id)).customer is None
    with pytest.raises(stripe.InvalidRequestError):
        v1.payment_methods.detach(method.id)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        v1.payment_methods.attach(method.id, {"customer": other.id})
    kinds = [event.type for event in v1.events.list({"type": "payment_method.*"}).data]
    assert kinds == ["payment_method.detached", "payment_method.updated", "payment_method.attached"]


def test_lists_by_customer_and_type(sandbox, validate_operation):
    v1 = sandbox.client.v1
    customer = v1.customers.create()
    for name in ("pm_card_visa", "pm_card_mastercard", "pm_usBankAccount_success"):
        v1.payment_methods.attach(name, {"customer": customer.id})
    rows = v1.payment_methods.list({"customer": customer.id, "type": "card"})
    validate_operation("GetPaymentMethods", rows)
    assert [row.card.brand for row in rows.data] == ["mastercard", "visa"]
    page = v1.customers.payment_methods.list(customer.id, {"limit": 1})
    validate_operation("GetCustomersCustomerPaymentMethods", page)
    assert page.has_more is True
    rest = v1.customers.payment_methods.list(customer.id, {"starting_after": page.data[0].id})
    assert [row.type for row in rest.data] == ["card", "card"]


def test_a_token_is_no_payment_method(sandbox):
    with pytest.raises(stripe.InvalidRequestError, match="may not be passed in as a PaymentMethod"):
        sandbox.client.v1.payment_intents.create(
            {"amount": 500, "currency": "usd", "payment_method": "tok_visa", "payment_method_types": ["card"]}
        )


def test_tokens_and_sources_validate(sandbox, validate):
    v1 = sandbox.client.v1
    token = v1.tokens.create({"card": {"number": "4242424242424242", "exp_month": "4", "exp_year": "2040"}})
    validate(token)
    source = validate(v1.sources.create({"type": "card", "token": token.id}))
    assert source.status == "chargeable"
    assert v1.tokens.retrieve(token.id).used is True
    wire = validate(v1.sources.create({"type": "ach_credit_transfer", "currency": "usd", "owner": {"email": "a@b.c"}}))
    assert wire.status == "pending"
    assert validate(v1.sources.update(source.id, {"metadata": {"a": "1"}})).metadata.to_dict() == {"a": "1"}
