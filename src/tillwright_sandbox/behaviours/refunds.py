"""Refunds: money given back, in parts, never more than a charge has left."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import (
    balance_transactions,
    behaviour,
    cards,
    changes,
    later,
    money,
    refs,
)
from tillwright_sandbox.call import Call

# How long a test card's refund takes to change its mind, in seconds of virtual time.
DELAY = 30


def _card(charge: dict[str, Any]) -> cards.Card:
    details = charge["payment_method_details"] or {}
    return cards.by_fingerprint((details.get("card") or {}).get("fingerprint"))


def _charge(call: Call) -> dict[str, Any]:
    """The charge that a request wants refunded."""
    params = call.params
    named = params.get("charge") or call.path.get("charge")
    if named and params.get("payment_intent"):
        raise refs.invalid("You may only specify one of these parameters: charge, payment_intent.", "charge")
    if named:
        kept = call.objects.maybe("charge", named)
        if kept is None:
            raise refs.missing("charge", named, "charge")
        return kept
    if params.get("payment_intent"):
        intent = refs.named(call, "payment_intent", params["payment_intent"], "payment_intent")
        charge = call.objects.maybe("charge", intent["latest_charge"])
        if charge is None or charge["status"] == "failed":
            text = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
            raise refs.invalid(text, "payment_intent", "payment_intent_unexpected_state")
        return charge
    text = "One of the following params should be provided for this request: payment_intent or charge."
    raise refs.invalid(text, "charge", "parameter_missing")


def _check(call: Call, charge: dict[str, Any], amount: int | None) -> int:
    """The amount to give back, or why it can't be."""
    id = charge["id"]
    if not call.world.refunds_checked and amount is not None:
        return amount
    if charge["status"] == "failed":
        raise refs.invalid(f"Charge {id} failed; there is nothing to refund.", None, "charge_not_refundable")
    if charge["refunded"]:
        raise refs.invalid(f"Charge {id} has already been refunded.", None, "charge_already_refunded")
    if charge["disputed"] and not charge.get("_refundable"):
        text = f"Charge {id} has been charged back; cannot issue a refund."
        raise refs.invalid(text, None, "charge_disputed")
    left = charge["amount"] - charge["amount_refunded"]
    if amount is None:
        return left
    if amount < 1:
        raise refs.invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    if amount > left:
        code = charge["currency"]
        asked, rest = money.shown(amount, code).split()[0], money.shown(left, code).split()[0]
        text = f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})"
        raise refs.invalid(text, "amount")
    if not charge["captured"] and amount < left:
        text = f"Charge {id} is not captured: it can only be refunded in full, which releases it."
        raise refs.invalid(text, "amount")
    return amount


def make(call: Call, charge: dict[str, Any], amount: int, *, status: str, **values: Any) -> dict[str, Any]:
    """A stored refund; the charge's sums follow it, unless it waits for the buyer."""
    is_card = charge["id"].startswith("ch_")
    destination: dict[str, Any] = {"type": next(iter([charge["payment_method_details"]["type"]]))}
    if is_card:
        destination["card"] = {
            "reference_status": "pending",
            "reference_type": "acquirer_reference_number",
            "type": "refund" if charge["captured"] else "reversal",
        }
    refund: dict[str, Any] = {
        "id": call.new_id("re" if is_card else "pyr"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": destination,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"] if (charge["payment_method"] or "").startswith("pm_") else None,
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }
    refund |= {key: value for key, value in values.items() if value is not None}
    call.objects.insert(refund)
    if charge["captured"]:
        kind = "refund" if is_card else "payment_refund"
        note = f"REFUND FOR {'CHARGE' if is_card else 'PAYMENT'}"
        if charge["description"]:
            note += f" ({charge['description']})"
        row = balance_transactions.record(
            call, kind, -amount, charge["currency"], refund["id"], description=note, category="refund"
        )
        refund["balance_transaction"] = row["id"]
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"], "receipt_url": None}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] >= charge["amount"]
    call.objects.touch(charge)
    call.emit("charge.refunded", charge, {k: v for k, v in before.items() if charge[k] != v and k != "receipt_url"})
    call.emit("refund.created", refund)
    return refund


@behaviour("PostRefunds", "PostChargesChargeRefunds")
def create(call: Call) -> dict[str, Any]:
    charge = _charge(call)
    amount = _check(call, charge, call.params.get("amount"))
    manner = _card(charge).refund
    pending = manner == "pending"
    refund = make(
        call,
        charge,
        amount,
        status="pending" if pending else "succeeded",
        reason=call.params.get("reason"),
        metadata=dict(call.params.get("metadata") or {}),
        instructions_email=call.params.get("instructions_email"),
    )
    if pending:
        refund["pending_reason"] = "processing"
        later.plan(call, DELAY, "refund_succeeds", refund["id"])
    if manner == "failed":
        later.plan(call, DELAY, "refund_fails", refund["id"])
    if call.params.get("reason") == "fraudulent":
        charge["fraud_details"] = {**charge["fraud_details"], "user_report": "fraudulent"}
        call.objects.touch(charge)
    return refund


@behaviour("PostChargesChargeRefund")
def refund_charge(call: Call) -> dict[str, Any]:
    """The oldest way to refund: it answers the charge."""
    create(call)
    return call.objects.get("charge", call.path["charge"])


def release(call: Call, charge: dict[str, Any]) -> None:
    """Let an authorization go: a refund of the uncaptured charge that moves no money."""
    make(call, charge, charge["amount"] - charge["amount_refunded"], status="succeeded")


@later.action("refund_succeeds")
def succeed(call: Call, id: str) -> None:
    """A pending refund reached the buyer."""
    refund = call.objects.get("refund", id)
    if refund["status"] != "pending":
        return
    refund.pop("pending_reason", None)
    _turn(call, refund, "succeeded")


@later.action("refund_fails")
def fail(call: Call, id: str, reason: str = "expired_or_canceled_card") -> None:
    """A refund, also one that had succeeded, came back from the bank: the money returns to the balance."""
    refund = call.objects.get("refund", id)
    if refund["status"] not in ("pending", "succeeded", "requires_action"):
        return
    refund["failure_reason"] = reason
    _take_back(call, refund)
    _turn(call, refund, "failed")
    call.emit("refund.failed", refund)


def _turn(call: Call, refund: dict[str, Any], status: str) -> None:
    old = {"status": refund["status"]}
    refund["status"] = status
    call.objects.touch(refund)
    call.emit("refund.updated", refund, old)
    call.emit("charge.refund.updated", refund, old)


def _take_back(call: Call, refund: dict[str, Any]) -> None:
    """Undo a refund's effect on its charge and on the balance."""
    charge = call.objects.get("charge", refund["charge"])
    if refund["balance_transaction"]:
        row = balance_transactions.record(
            call, "refund_failure", refund["amount"], refund["currency"], refund["id"], description="REFUND FAILURE"
        )
        refund["failure_balance_transaction"] = row["id"]
    with changes.updating(call, charge, "charge.updated"):
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = charge["amount_refunded"] >= charge["amount"]


@behaviour("PostRefundsRefund", "PostChargesChargeRefundsRefund")
def update(call: Call) -> dict[str, Any]:
    refund = call.objects.get("refund", call.path["refund"])
    with changes.updating(call, refund, "refund.updated"), changes.updating(call, refund, "charge.refund.updated"):
        generic.apply(refund, call.params)
    return refund


@behaviour("PostRefundsRefundCancel")
def cancel(call: Call) -> dict[str, Any]:
    refund = call.objects.get("refund", call.path["refund"])
    if refund["status"] not in ("requires_action", "pending"):
        text = f"Refund {refund['id']} cannot be canceled: its status is {refund['status']}. Only refunds that wait "
        raise refs.invalid(text + "(requires_action or pending) can be canceled.", "refund")
    _take_back(call, refund)
    refund.pop("pending_reason", None)
    _turn(call, refund, "canceled")
    return refund


@behaviour("PostTestHelpersRefundsRefundExpire")
def expire(call: Call) -> dict[str, Any]:
    refund = call.objects.get("refund", call.path["refund"])
    if refund["status"] != "requires_action":
        raise refs.invalid(f"Refund {refund['id']} cannot expire: its status is {refund['status']}.", "refund")
    fail(call, refund["id"], "refund_expired")
    return refund
