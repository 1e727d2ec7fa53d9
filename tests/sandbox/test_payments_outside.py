"""What buyers and banks do, through the controls' own verbs."""

import pytest

from tillwright_sandbox.behaviours.outside import TABLE
from tillwright_sandbox.control import Control, Refusal

CARD = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"], "confirm": True}
VERBS = {path: verb for _, path, verb in TABLE}


@pytest.fixture
def do(sandbox):
    control = Control(sandbox.world)
    return lambda path, **settings: VERBS[path](control, settings)


def test_the_buyer_authenticates_or_fails_to(sandbox, do):
    v1 = sandbox.client.v1
    made = CARD | {"payment_method": "pm_card_authenticationRequired"}
    intent = v1.payment_intents.create(made)
    answer = do("/intents/{id}/authenticate", id=intent.id)
    assert answer["status"] == "succeeded"
    assert not [name for name in answer if name.startswith("_")]
    with pytest.raises(Refusal, match="nothing to authenticate"):
        do("/intents/{id}/authenticate", id=intent.id)
    other = v1.payment_intents.create(made)
    assert do("/intents/{id}/authenticate", id=other.id, succeed="false")["status"] == "requires_payment_method"


def test_a_refused_card_at_the_checkout_keeps_its_traces(sandbox, do):
    v1 = sandbox.client.v1
    data = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Tea"}}
    made = v1.checkout.sessions.create(
        {"mode": "payment", "success_url": "https://example.com", "line_items": [{"price_data": data, "quantity": 1}]}
    )
    with pytest.raises(Refusal) as refusal:
        do("/checkout/{id}/complete", id=made.id, payment_method="pm_card_chargeDeclined")
    assert refusal.value.status == 402
    assert [one.status for one in v1.charges.list().data] == ["failed"]
    assert do("/checkout/{id}/complete", id=made.id)["payment_status"] == "paid"


def test_a_bank_disputes_and_sends_a_refund_back(sandbox, do):
    v1 = sandbox.client.v1
    intent = v1.payment_intents.create(CARD | {"payment_method": "pm_card_visa"})
    refund = v1.refunds.create({"payment_intent": intent.id, "amount": 500})
    assert do("/refunds/{id}/fail", id=refund.id)["status"] == "failed"
    assert do("/charges/{id}/dispute", id=intent.latest_charge)["status"] == "needs_response"
    with pytest.raises(Refusal, match="already disputed"):
        do("/charges/{id}/dispute", id=intent.latest_charge)
    with pytest.raises(LookupError):
        do("/charges/{id}/dispute", id=intent.latest_charge, account="acct_nobody")
