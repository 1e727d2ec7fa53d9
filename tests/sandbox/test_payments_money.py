"""The account's money: balance, payouts, top-ups, transfers; and what amounts are."""

import pytest
import stripe

from tillwright_sandbox.behaviours import money

CARD = {"currency": "usd", "payment_method_types": ["card"], "confirm": True}


def pass_time(sandbox, seconds):
    sandbox.world.clock.advance(seconds)


def pay(sandbox, amount=10_000, card="bypassPending", currency="usd"):
    return sandbox.client.v1.payment_intents.create(
        CARD | {"amount": amount, "payment_method": f"pm_card_{card}", "currency": currency}
    )


def test_sixteen_zero_decimal_currencies():
    assert len(money.ZERO_DECIMAL) == 16
    assert "ugx" in money.ZERO_DECIMAL
    assert {"bhd", "jod", "kwd", "omr", "tnd"} == money.THREE_DECIMAL
    assert money.shown(1050, "usd") == "$10.50 usd"
    assert money.shown(1050, "jpy") == "¥1,050 jpy"
    assert money.shown(10_050, "kwd") == "10.050 kwd"


def test_the_fee_is_an_integer_and_never_above_the_amount():
    assert money.fee(10_000, "usd") == 320
    assert money.fee(50, "usd") == 31
    assert money.fee(5, "usd") == 5
    assert money.fee(1000, "jpy") == 29


def test_money_is_pending_and_then_available(sandbox, validate, validate_operation):
    v1 = sandbox.client.v1
    pay(sandbox, card="visa")
    pay(sandbox, 5000, card="visa", currency="eur")
    balance = validate(v1.balance.retrieve())
    assert {row.currency: row.amount for row in balance.pending} == {"usd": 9680, "eur": 4830}
    assert all(row.amount == 0 for row in balance.available)
    pass_time(sandbox, 3 * 86_400)
    balance = validate(v1.balance.retrieve())
    assert {row.currency: row.amount for row in balance.available} == {"usd": 9680, "eur": 4830}
    rows = v1.balance_transactions.list({"currency": "eur"})
    validate_operation("GetBalanceTransactions", rows)
    assert [(row.net, row.status) for row in rows.data] == [(4830, "available")]


def test_payouts_need_the_money_and_arrive(sandbox, validate):
    v1 = sandbox.client.v1
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.payouts.create({"amount": 100, "currency": "usd"})
    assert refusal.value.code == "balance_insufficient"
    pay(sandbox)
    first = validate(v1.payouts.create({"amount": 4000, "currency": "usd", "metadata": {"a": "1"}}))
    assert first.status == "pending"
    second = v1.payouts.create({"amount": 1000, "currency": "usd"})
    assert validate(v1.payouts.cancel(second.id)).status == "canceled"
    pass_time(sandbox, 3 * 86_400)
    assert validate(v1.payouts.retrieve(first.id)).status == "paid"
    assert [row.amount for row in v1.balance.retrieve().available] == [9680 - 4000]
    back = validate(v1.payouts.reverse(first.id))
    assert (back.amount, back.original_payout) == (-4000, first.id)
    kinds = {event.type for event in v1.events.list({"type": "payout.*", "limit": 100}).data}
    assert {"payout.created", "payout.paid", "payout.canceled"} <= kinds


def test_topups_arrive_or_are_canceled(sandbox, validate):
    v1 = sandbox.client.v1
    topup = validate(v1.topups.create({"amount": 2000, "currency": "usd", "description": "more"}))
    assert topup.status == "pending"
    other = v1.topups.create({"amount": 2000, "currency": "usd"})
    assert validate(v1.topups.cancel(other.id)).status == "canceled"
    pass_time(sandbox, 6 * 86_400)
    assert validate(v1.topups.retrieve(topup.id)).status == "succeeded"
    assert v1.topups.retrieve(other.id).status == "canceled"


def test_transfers_and_their_reversals(sandbox, validate):
    v1 = sandbox.client.v1
    pay(sandbox)
    made = {"amount": 3000, "currency": "usd", "destination": "acct_acmesandbox0000"}
    transfer = validate(v1.transfers.create(made))
    reversal = validate(v1.transfers.reversals.create(transfer.id, {"amount": 1000}))
    assert reversal.transfer == transfer.id
    after = validate(v1.transfers.retrieve(transfer.id))
    assert (after.amount_reversed, after.reversed) == (1000, False)
    with pytest.raises(stripe.InvalidRequestError):
        v1.transfers.reversals.create(transfer.id, {"amount": 2001})
    with pytest.raises(stripe.InvalidRequestError):
        v1.transfers.create(made | {"destination": "acct_nobody"})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        v1.transfers.create(made | {"amount": 10**7})
    assert refusal.value.code == "balance_insufficient"
