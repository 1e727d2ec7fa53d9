"""Disputes: the buyer's bank takes the money back until evidence wins it again."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import balance_transactions, behaviour, changes, refs
from tillwright_sandbox.call import Call

DAY = 86_400
EVIDENCE_DAYS = 9
FEE = 1500  # minor units
# The texts that decide a test dispute (docs.stripe.com/testing#evidence).
WINNING, LOSING, ESCALATE = "winning_evidence", "losing_evidence", "escalate_inquiry_evidence"
_NETWORK_CODES = {"fraudulent": "10.4", "product_not_received": "13.1"}
_OPEN = ("needs_response", "warning_needs_response")


def open_dispute(call: Call, charge: dict[str, Any], reason: str) -> dict[str, Any]:
    """Dispute a charge: with `inquiry` only a warning, else the amount and a fee leave the balance at once."""
    inquiry = reason == "inquiry"
    card = (charge["payment_method_details"] or {}).get("card") or {}
    due = (call.now // DAY + EVIDENCE_DAYS) * DAY - 1
    dispute = {
        "id": call.new_id("du"),
        "object": "dispute",
        "amount": charge["amount_captured"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": generic.build(call, "dispute_evidence", enhanced_evidence={}),
        "evidence_details": {
            "due_by": due,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": inquiry,
        "livemode": call.livemode,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": card.get("brand") or "visa",
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": card.get("network") or "visa",
                "network_reason_code": _NETWORK_CODES.get(reason, "10.4"),
            },
            "type": "card",
        },
        "reason": "fraudulent" if inquiry else reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }
    call.objects.insert(dispute)
    charge["disputed"] = True
    charge["_refundable"] = inquiry
    call.objects.touch(charge)
    call.emit("charge.dispute.created", dispute)
    call.emit("charge.updated", charge, {"disputed": False})
    if not inquiry:
        _withdraw(call, dispute)
    return dispute


def _withdraw(call: Call, dispute: dict[str, Any]) -> None:
    _move(call, dispute, -dispute["amount"], FEE, f"Chargeback withdrawal for {dispute['charge']}", "dispute")
    call.emit("charge.dispute.funds_withdrawn", dispute)


def _move(call: Call, dispute: dict[str, Any], amount: int, fee: int, text: str, category: str) -> None:
    row = balance_transactions.record(
        call,
        "adjustment",
        amount,
        dispute["currency"],
        dispute["id"],
        fee=fee,
        description=text,
        category=category,
        fee_description="Dispute fee",
    )
    dispute["balance_transactions"] = [*dispute["balance_transactions"], dict(row)]
    call.objects.touch(dispute)


@behaviour("PostDisputesDispute", "PostChargesChargeDispute")
def update(call: Call) -> dict[str, Any]:
    """Give evidence; it is submitted too, unless submit=false, and its text decides the case."""
    dispute = _named(call)
    params = call.params
    evidence = params.get("evidence") or {}
    if evidence and dispute["status"] not in _OPEN:
        text = f"This dispute is already closed or under review; its status is {dispute['status']}."
        raise refs.invalid(text, "evidence", "dispute_already_closed")
    submit = bool(evidence) and params.get("submit") is not False
    with changes.updating(call, dispute, "charge.dispute.updated"):
        generic.apply(dispute, {"metadata": params["metadata"]} if "metadata" in params else {})
        for key, value in evidence.items():
            if key != "enhanced_evidence":
                dispute["evidence"][key] = value or None
        details = dispute["evidence_details"]
        details["has_evidence"] = any(v for k, v in dispute["evidence"].items() if k != "enhanced_evidence")
        if submit:
            details["submission_count"] += 1
            warning = dispute["status"].startswith("warning_")
            dispute["status"] = "warning_under_review" if warning else "under_review"
    if submit:
        _decide(call, dispute)
    return dispute


def _named(call: Call) -> dict[str, Any]:
    if "dispute" in call.path:
        return call.objects.get("dispute", call.path["dispute"])
    found = call.objects.find("dispute", charge=call.path["charge"])
    return found[0] if found else call.objects.get("dispute", call.path["charge"])


@behaviour("GetChargesChargeDispute")
def retrieve_of_charge(call: Call) -> dict[str, Any]:
    return _named(call)


def _decide(call: Call, dispute: dict[str, Any]) -> None:
    """The bank reads the evidence: three texts decide, any other leaves the case under review."""
    said = dispute["evidence"].get("uncategorized_text")
    warning = dispute["status"].startswith("warning_")
    if said == WINNING:
        _end(call, dispute, "warning_closed" if warning else "won")
    elif said == LOSING:
        _end(call, dispute, "warning_closed" if warning else "lost")
    elif said == ESCALATE and warning:
        dispute |= {"status": "needs_response", "is_charge_refundable": False}
        dispute["payment_method_details"]["card"]["case_type"] = "chargeback"
        charge = call.objects.get("charge", dispute["charge"])
        charge["_refundable"] = False
        call.objects.touch(charge)
        _withdraw(call, dispute)


def _end(call: Call, dispute: dict[str, Any], status: str) -> None:
    dispute["status"] = status
    call.objects.touch(dispute)
    if status == "won":
        text = f"Chargeback reversal for {dispute['charge']}"
        _move(call, dispute, dispute["amount"], -FEE, text, "dispute_reversal")
        call.emit("charge.dispute.funds_reinstated", dispute)
    call.emit("charge.dispute.closed", dispute)


@behaviour("PostDisputesDisputeClose", "PostChargesChargeDisputeClose")
def close(call: Call) -> dict[str, Any]:
    """Give in: the dispute is lost, for good."""
    dispute = _named(call)
    if dispute["status"] not in _OPEN:
        raise refs.invalid("This dispute is already closed.", None, "dispute_already_closed")
    _end(call, dispute, "warning_closed" if dispute["status"].startswith("warning_") else "lost")
    return dispute
