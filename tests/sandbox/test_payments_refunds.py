"""Refunds and disputes: money that goes back, through the official SDK."""

import pytest
import stripe

CARD = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"], "confirm": True}


def pay(sandbox, card="visa"):
    return sandbox.client.v1.payment_intents.create(CARD | {"payment_method": f"pm_card_{card}"})


def pass_time(sandbox, seconds):
    sandbox.world.clock.advance(seconds)


def test_several_partial_refunds_never_exceed_the_charge(sandbox, validate, validate_operation):
    v1 = sandbox.client.v1
    intent = pay(sandbox)
    first = validate(v1.refunds.create({"payment_intent": intent.id, "amount": 1500, "metadata": {"op": "1"}}))
    assert (first.status, first.amount, first.charge) == ("succeeded", 1500, intent.latest_charge)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount") as refusal:
        v1.refunds.create({"charge": intent.latest_charge, "amount": 501})
    assert refusal.value.param == "amount"
    rest = validate(v1.refunds.create({"charge": intent.latest_charge, "reason": "requested_by_customer"}))
    assert rest.amount == 500
    charge = validate(v1.charges.retrieve(intent.latest_charge, {"expand": ["refunds"]}))
    assert (charge.amount_refunded, charge.refunded) == (2000, True)
    assert {one.id for one in charge.refunds.data} == {first.id, rest.id}
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.refunds.create({"charge": intent.latest_charge})
    assert refusal.value.code == "charge_already_refunded"
    rows = v1.refunds.list({"payment_intent": intent.id})
    validate_operation("GetRefunds", rows)
    assert [row.amount for row in rows.data] == [500, 1500]
    kinds = [event.type for event in v1.events.list({"limit": 100}).data]
    assert kinds.count("charge.refunded") == 2
    assert kinds.count("refund.created") == 2
    back = v1.balance_transactions.retrieve(first.balance_transaction)
    assert (back.amount, back.fee, back.type) == (-1500, 0, "refund")


def test_what_a_refund_needs(sandbox):
    v1 = sandbox.client.v1
    intent = pay(sandbox)
    both = {"charge": intent.latest_charge, "payment_intent": intent.id}
    for params in ({}, both, {"charge": "ch_none"}, {"charge": intent.latest_charge, "amount": 0}):
        with pytest.raises(stripe.InvalidRequestError):
            v1.refunds.create(params)
    unpaid = v1.payment_intents.create({"amount": 500, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        v1.refunds.create({"payment_intent": unpaid.id})


def test_a_pending_refund_succeeds_later_or_is_canceled(sandbox, validate):
    v1 = sandbox.client.v1
    refund = validate(v1.refunds.create({"payment_intent": pay(sandbox, "pendingRefund").id}))
    assert refund.status == "pending"
    pass_time(sandbox, 60)
    refund = validate(v1.refunds.retrieve(refund.id))
    assert refund.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError):
        v1.refunds.cancel(refund.id)
    intent = pay(sandbox, "pendingRefund")
    refund = v1.refunds.create({"payment_intent": intent.id})
    assert validate(v1.refunds.cancel(refund.id)).status == "canceled"
    charge = v1.charges.retrieve(intent.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    pass_time(sandbox, 60)
    assert v1.refunds.retrieve(refund.id).status == "canceled"


def test_a_success_may_later_fail(sandbox, validate):
    v1 = sandbox.client.v1
    intent = pay(sandbox, "refundFail")
    refund = v1.refunds.create({"payment_intent": intent.id})
    assert refund.status == "succeeded"
    pass_time(sandbox, 60)
    refund = validate(v1.refunds.retrieve(refund.id))
    assert (refund.status, refund.failure_reason) == ("failed", "expired_or_canceled_card")
    assert refund.failure_balance_transaction
    charge = validate(v1.charges.retrieve(intent.latest_charge))
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    kinds = [event.type for event in v1.events.list({"limit": 100}).data]
    for kind in ("refund.failed", "refund.updated", "charge.refund.updated", "charge.updated"):
        assert kind in kinds


def test_a_disputed_charge_is_not_refunded(sandbox, validate):
    v1 = sandbox.client.v1
    intent = pay(sandbox, "createDispute")
    (dispute,) = v1.disputes.list({"payment_intent": intent.id}).data
    validate(dispute)
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "fraudulent", 2000)
    assert v1.charges.retrieve(intent.latest_charge).disputed is True
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.refunds.create({"payment_intent": intent.id})
    assert refusal.value.code == "charge_disputed"
    kinds = [event.type for event in v1.events.list({"type": "charge.dispute.*"}).data]
    assert set(kinds) == {"charge.dispute.created", "charge.dispute.funds_withdrawn"}


@pytest.mark.parametrize(
    ("text", "status", "rows"),
    [("winning_evidence", "won", 2), ("losing_evidence", "lost", 1), ("hm", "under_review", 1)],
)
def test_evidence_decides_a_dispute(sandbox, validate, text, status, rows):
    v1 = sandbox.client.v1
    pay(sandbox, "createDisputeProductNotReceived")
    (dispute,) = v1.disputes.list().data
    draft = validate(v1.disputes.update(dispute.id, {"evidence": {"customer_name": "Ada"}, "submit": False}))
    assert (draft.status, draft.evidence_details.has_evidence) == ("needs_response", True)
    after = validate(v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}}))
    assert after.status == status
    assert after.evidence_details.submission_count == 1
    assert len(after.balance_transactions) == rows
    closed = [event.type for event in v1.events.list({"type": "charge.dispute.closed"}).data]
    assert len(closed) == (status != "under_review")
    with pytest.raises(stripe.InvalidRequestError):
        v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "more"}})


def test_an_inquiry_can_be_refunded_and_closed(sandbox, validate):
    v1 = sandbox.client.v1
    intent = pay(sandbox, "createDisputeInquiry")
    (dispute,) = v1.disputes.list().data
    assert validate(dispute).status == "warning_needs_response"
    assert dispute.is_charge_refundable is True
    assert v1.refunds.create({"payment_intent": intent.id, "amount": 100}).status == "succeeded"
    assert validate(v1.disputes.close(dispute.id)).status == "warning_closed"
    pay(sandbox, "createDispute")
    lost = v1.disputes.close(v1.disputes.list().data[0].id)
    assert validate(lost).status == "lost"
    with pytest.raises(stripe.InvalidRequestError):
        v1.disputes.close(lost.id)


def test_charges_are_updated_and_searched_but_not_made_of_tokens(sandbox, validate, validate_operation):
    v1 = sandbox.client.v1
    intent = pay(sandbox)
    charge = validate(v1.charges.update(intent.latest_charge, {"description": "Tea", "metadata": {"a": "1"}}))
    assert charge.description == "Tea"
    safe = v1.charges.update(charge.id, {"fraud_details": {"user_report": "safe"}})
    assert safe.fraud_details.user_report == "safe"
    with pytest.raises(stripe.InvalidRequestError, match="turned off by default"):
        v1.charges.create({"amount": 500, "currency": "usd", "source": "tok_visa"})
    rows = v1.charges.list({"payment_intent": intent.id})
    validate_operation("GetCharges", rows)
    assert [row.id for row in rows.data] == [charge.id]


def test_a_customers_saved_card_may_still_be_charged_the_old_way(sandbox, validate):
    v1 = sandbox.client.v1
    customer = v1.customers.create({"source": "tok_visa"})
    charge = validate(v1.charges.create({"amount": 700, "currency": "usd", "customer": customer.id, "capture": False}))
    assert (charge.captured, charge.paid) == (False, True)
    charge = validate(v1.charges.capture(charge.id, {"amount": 600}))
    assert (charge.amount_captured, charge.amount_refunded) == (600, 100)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.charges.capture(charge.id)
    assert refusal.value.code == "charge_already_captured"
