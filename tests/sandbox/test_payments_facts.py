"""What is known of Stripe's payments, one test a fact."""

import pytest
import stripe

CARD = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"], "confirm": True}


def test_a_declined_card_is_a_stored_result_of_its_key(sandbox):
    v1 = sandbox.client.v1
    declined = CARD | {"payment_method": "pm_card_chargeDeclined"}
    ids = set()
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refusal:
            v1.payment_intents.create(declined, {"idempotency_key": "op-1"})
        ids.add(refusal.value.error.payment_intent.id)
    assert len(ids) == 1
    assert len(v1.charges.list().data) == 1
    with pytest.raises(stripe.CardError):
        v1.payment_intents.create(declined, {"idempotency_key": "op-2"})
    assert len(v1.charges.list().data) == 2


def test_the_same_key_makes_one_payment_and_one_refund(sandbox):
    v1 = sandbox.client.v1
    paid = CARD | {"payment_method": "pm_card_visa"}
    first = v1.payment_intents.create(paid, {"idempotency_key": "pay-1"})
    assert v1.payment_intents.create(paid, {"idempotency_key": "pay-1"}).id == first.id
    part = {"payment_intent": first.id, "amount": 500}
    refund = v1.refunds.create(part, {"idempotency_key": "back-1"})
    assert v1.refunds.create(part, {"idempotency_key": "back-1"}).id == refund.id
    assert v1.charges.retrieve(first.latest_charge).amount_refunded == 500


def test_a_refused_request_leaves_no_trace(sandbox):
    v1 = sandbox.client.v1
    with pytest.raises(stripe.InvalidRequestError):
        v1.payment_intents.create(CARD | {"payment_method": "pm_none"})
    assert v1.payment_intents.list().data == []
    with pytest.raises(stripe.CardError):
        v1.customers.create({"payment_method": "pm_card_chargeDeclined"})
    assert v1.customers.list().data == []
    assert v1.events.list().data == []


def test_probes_at_ids_that_cannot_exist_change_nothing_and_answer_404(sandbox):
    paths = (
        "/v1/charges/ch_none",
        "/v1/customers/cus_none",
        "/v1/disputes/dp_none",
        "/v1/payment_intents/pi_none",
        "/v1/payment_methods/pm_none",
        "/v1/setup_intents/seti_none",
        "/v1/sources/src_none",
        "/v1/checkout/sessions/cs_none/expire",
    )
    for path in paths:
        answer = sandbox.http("POST", path)
        assert answer.status_code == 404, path
        assert answer.json()["error"]["code"] == "resource_missing", path
    assert sandbox.http("GET", "/v1/sources/src_none").status_code == 404
    assert sandbox.http("POST", "/v1/customer_sessions").status_code == 400


def test_a_deleted_customer_answers_200_others_404(sandbox):
    v1 = sandbox.client.v1
    customer = v1.customers.create({"source": "tok_visa"})
    card = customer.default_source
    v1.customers.payment_sources.delete(customer.id, card)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.customers.payment_sources.retrieve(customer.id, card)
    assert refusal.value.http_status == 404
    v1.customers.delete(customer.id)
    assert v1.customers.retrieve(customer.id).deleted is True


def test_expandable_fields_are_an_id_or_an_object(sandbox, validate):
    v1 = sandbox.client.v1
    customer = v1.customers.create({"payment_method": "pm_card_visa"})
    (method,) = v1.customers.payment_methods.list(customer.id).data
    intent = v1.payment_intents.create(CARD | {"customer": customer.id, "payment_method": method.id})
    assert intent.customer == customer.id
    wide = validate(
        v1.payment_intents.retrieve(
            intent.id, {"expand": ["customer", "payment_method", "latest_charge.balance_transaction"]}
        )
    )
    assert wide.customer.id == customer.id
    assert wide.payment_method.card.last4 == "4242"
    assert wide.latest_charge.balance_transaction.source == wide.latest_charge.id


def test_an_expanded_deleted_customer_is_its_stub(sandbox, validate):
    v1 = sandbox.client.v1
    customer = v1.customers.create()
    intent = v1.payment_intents.create(CARD | {"customer": customer.id, "payment_method": "pm_card_visa"})
    v1.customers.delete(customer.id)
    wide = validate(v1.payment_intents.retrieve(intent.id, {"expand": ["customer"]}))
    assert wide.customer.deleted is True


def test_an_operation_id_in_metadata_is_found_by_a_list(sandbox):
    v1 = sandbox.client.v1
    v1.payment_intents.create(CARD | {"payment_method": "pm_card_visa", "metadata": {"op": "abc"}})
    v1.payment_intents.create(CARD | {"payment_method": "pm_card_visa"})
    found = [one for one in v1.payment_intents.list().data if one.metadata.to_dict().get("op") == "abc"]
    assert len(found) == 1
    refund = v1.refunds.create({"payment_intent": found[0].id, "metadata": {"op": "def"}})
    again = [
        one for one in v1.refunds.list({"charge": refund.charge}).data if one.metadata.to_dict().get("op") == "def"
    ]
    assert [one.id for one in again] == [refund.id]


def test_metadata_has_its_limits(sandbox):
    v1 = sandbox.client.v1
    for metadata in ({"k" * 41: "v"}, {"k": "v" * 501}, {f"k{n}": "v" for n in range(51)}):
        with pytest.raises(stripe.InvalidRequestError):
            v1.customers.create({"metadata": metadata})
    assert v1.customers.create({"metadata": {f"k{n}": "v" * 500 for n in range(50)}}).id


def test_the_newest_version_knows_no_payment_method_types(sandbox):
    newest = sandbox.client_with(sandbox.secret_key, stripe_version="2026-10-28.endive").v1
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        newest.payment_intents.create({"amount": 500, "currency": "usd", "payment_method_types": ["card"]})
    assert refusal.value.code == "parameter_unknown"


def test_two_refunds_race_for_the_same_rest(sandbox):
    v1 = sandbox.client.v1
    intent = v1.payment_intents.create(CARD | {"payment_method": "pm_card_visa"})
    outcomes = []
    for _ in range(3):
        try:
            outcomes.append(v1.refunds.create({"payment_intent": intent.id, "amount": 1200}).amount)
        except stripe.InvalidRequestError:
            outcomes.append(0)
    assert outcomes == [1200, 0, 0]
