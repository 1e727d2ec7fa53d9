"""The payment intent behind an open invoice, linked through its invoice payment."""

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import (
    customer_credit,
    intent_steps,
    invoice_drafts,
    invoice_states,
    payment_intent_endings,
    payment_intents,
)
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call

Obj = dict[str, Any]


def prepare(call: Call, invoice: Obj) -> Obj:
    """Make the intent of a freshly finalised invoice, and the default invoice payment that links the two."""
    subscription = call.objects.maybe("subscription", invoice_drafts.subscription_of(invoice))
    settings = (subscription or {}).get("payment_settings") or {}
    types = invoice["payment_settings"].get("payment_method_types") or settings.get("payment_method_types")
    keep = invoice["collection_method"] == "charge_automatically" and subscription is not None
    intent = payment_intents.new(
        call,
        invoice["amount_due"],
        invoice["currency"],
        customer=invoice["customer"],
        description=_describe(invoice),
        payment_details={"customer_reference": invoice["customer"], "order_reference": invoice["id"]},
        payment_method_types=list(types) if types else None,
        setup_future_usage="off_session" if keep else None,
    )
    invoice["confirmation_secret"] = {"client_secret": intent["client_secret"], "type": "payment_intent"}
    link(call, invoice, intent, default=True)
    return intent


def _describe(invoice: Obj) -> str:
    if invoice["billing_reason"] == "subscription_create":
        return "Subscription creation"
    if (invoice["billing_reason"] or "").startswith("subscription"):
        return "Subscription update"
    return f"Payment for Invoice {invoice['number']}"


def link(call: Call, invoice: Obj, intent: Obj, default: bool) -> Obj:
    """The invoice payment that says: this intent pays that invoice."""
    payment = generic.build(
        call,
        "invoice_payment",
        id=call.new_id("inpay"),
        amount_requested=intent["amount"],
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=default,
        livemode=call.livemode,
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
        status="open",
        status_transitions={"canceled_at": None, "paid_at": None},
    )
    intent["_invoice"] = invoice["id"]
    call.objects.touch(intent)
    return call.objects.insert(payment)


def of(call: Call, invoice: Obj) -> Obj | None:
    """The invoice's default payment intent, if it has one."""
    for payment in call.objects.find("invoice_payment", invoice=invoice["id"], is_default=True):
        return call.objects.get("payment_intent", payment["payment"]["payment_intent"])
    return None


def close_payments(call: Call, invoice: Obj, intent_id: str | None, amount: int) -> None:
    """The payment that settled the invoice is paid, with its event; the others are canceled."""
    for payment in call.objects.find("invoice_payment", invoice=invoice["id"], status="open"):
        if payment["payment"].get("payment_intent") == intent_id:
            _paid(call, payment, amount)
        else:
            payment["status"] = "canceled"
            payment["status_transitions"]["canceled_at"] = call.now
            call.objects.touch(payment)


def cancel(call: Call, invoice: Obj, reason: str) -> None:
    """Nothing more is to be paid by intent: those still open are canceled."""
    payments = call.objects.find("invoice_payment", invoice=invoice["id"], status="open")
    close_payments(call, invoice, None, 0)
    for payment in payments:
        intent = call.objects.maybe("payment_intent", payment["payment"].get("payment_intent"))
        if intent and intent["status"] not in ("succeeded", "processing", "canceled"):
            payment_intent_endings.cancel_now(call, intent, reason)


def count(call: Call, invoice: Obj, intent: Obj) -> None:
    """A succeeded intent pays its part; the invoice is paid once nothing remains."""
    received = min(intent["amount_received"], invoice["amount_remaining"])
    over = intent["amount_received"] - received
    if received == invoice["amount_remaining"]:
        invoice_states.mark_paid(call, invoice, intent=intent["id"])
    else:
        with updating(call, invoice, "invoice.updated"):
            invoice["amount_paid"] += received
            invoice["amount_remaining"] -= received
        for payment in call.objects.find("invoice_payment", invoice=invoice["id"], status="open"):
            if payment["payment"].get("payment_intent") == intent["id"]:
                _paid(call, payment, received)
    if over:
        invoice["amount_overpaid"] += over
        customer_credit.move(call, invoice["customer"], -over, invoice["currency"], "invoice_overpaid", invoice["id"])
        call.objects.touch(invoice)
        call.emit("invoice.overpaid", invoice)


def _paid(call: Call, payment: Obj, amount: int) -> None:
    payment |= {"status": "paid", "amount_paid": amount}
    payment["status_transitions"]["paid_at"] = call.now
    call.objects.touch(payment)
    call.emit("invoice_payment.paid", payment)


def _follow(call: Call, intent: Obj) -> None:
    """An intent was confirmed, authenticated, settled or canceled at its own address: the invoice follows."""
    invoice = call.objects.maybe("invoice", intent.get("_invoice"))
    if invoice is None or invoice["status"] not in ("open", "uncollectible"):
        return
    if intent["status"] == "succeeded":
        invoice["attempt_count"] += 1
        count(call, invoice, intent)
    elif intent["status"] == "requires_payment_method" and intent["last_payment_error"]:
        with updating(call, invoice, "invoice.updated"):
            invoice["attempted"] = True
            invoice["attempt_count"] += 1
        call.emit("invoice.payment_failed", invoice)


intent_steps.LISTENERS.append(_follow)
