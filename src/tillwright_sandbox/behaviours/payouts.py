"""Payouts and top-ups: money between the account's balance and its bank."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import balance, balance_transactions, behaviour, changes, later, money, refs
from tillwright_sandbox.call import Call

DAY = 86_400


@behaviour("PostPayouts")
def create(call: Call) -> dict[str, Any]:
    params = call.params
    code, amount = money.currency(params["currency"]), params["amount"]
    if amount < 1:
        raise refs.invalid("This value must be greater than or equal to 1.", "amount", "parameter_invalid_integer")
    if code in ("huf", "twd") and amount % 100:
        raise refs.invalid(f"Payouts in {code} must be evenly divisible by 100.", "amount")
    balance_transactions.mature(call)
    if balance.amounts(call, "available").get(code, 0) < amount:
        text = f"You have insufficient funds in your Stripe account for this transfer. Your {code} balance is too low."
        raise refs.invalid(text, "amount", "balance_insufficient")
    instant = params.get("method") == "instant"
    payout = generic.build(
        call,
        "payout",
        id=call.new_id("po"),
        object="payout",
        amount=amount,
        arrival_date=call.now if instant else (call.now // DAY + 2) * DAY,
        automatic=False,
        created=call.now,
        currency=code,
        description=params.get("description"),
        destination=params.get("destination"),
        livemode=call.livemode,
        metadata=dict(params.get("metadata") or {}),
        method=params.get("method") or "standard",
        reconciliation_status="not_applicable",
        source_type=params.get("source_type") or "card",
        statement_descriptor=params.get("statement_descriptor"),
        status="pending",
        type="bank_account",
    )
    call.objects.insert(payout)
    row = balance_transactions.record(call, "payout", -amount, code, payout["id"], description="STRIPE PAYOUT")
    payout["balance_transaction"] = row["id"]
    call.emit("payout.created", payout)
    later.plan(call, max(0, payout["arrival_date"] - call.now), "payout_arrives", payout["id"])
    return payout


@later.action("payout_arrives")
def arrive(call: Call, id: str) -> None:
    payout = call.objects.get("payout", id)
    if payout["status"] != "pending":
        return
    with changes.updating(call, payout, "payout.updated"):
        payout["status"] = "paid"
    call.emit("payout.paid", payout)


@behaviour("PostPayoutsPayout")
def update(call: Call) -> dict[str, Any]:
    payout = call.objects.get("payout", call.path["payout"])
    with changes.updating(call, payout, "payout.updated"):
        generic.apply(payout, call.params)
    return payout


@behaviour("PostPayoutsPayoutCancel")
def cancel(call: Call) -> dict[str, Any]:
    payout = call.objects.get("payout", call.path["payout"])
    if payout["status"] != "pending":
        raise refs.invalid(f"Payouts can only be canceled while they are pending; this one is {payout['status']}.")
    row = balance_transactions.record(
        call, "payout_cancel", payout["amount"], payout["currency"], payout["id"], description="PAYOUT CANCELED"
    )
    payout |= {"status": "canceled", "failure_balance_transaction": row["id"]}
    call.objects.touch(payout)
    call.emit("payout.canceled", payout)
    return payout


@behaviour("PostPayoutsPayoutReverse")
def reverse(call: Call) -> dict[str, Any]:
    """The money comes back from the bank as a payout of its own, with a negative amount."""
    payout = call.objects.get("payout", call.path["payout"])
    if payout["status"] != "paid" or payout["reversed_by"]:
        raise refs.invalid("Only a paid payout that was not reversed yet can be reversed.", "payout")
    back = {**payout, "id": call.new_id("po"), "amount": -payout["amount"], "created": call.now, "status": "paid"}
    back |= {"original_payout": payout["id"], "metadata": dict(call.params.get("metadata") or {})}
    call.objects.insert(back)
    row = balance_transactions.record(call, "payout", payout["amount"], payout["currency"], back["id"])
    back["balance_transaction"] = row["id"]
    payout["reversed_by"] = back["id"]
    call.objects.touch(payout)
    call.emit("payout.created", back)
    return back
