"""Credit notes: a finalised invoice lowered before it is paid, or given back after, with the books kept straight."""

import copy
from typing import Any

from tillwright_sandbox import generic, pages
from tillwright_sandbox.behaviours import (
    behaviour,
    credit_note_lines,
    customer_credit,
    invoice_states,
    nested,
)
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]
PARTS = ("refund_amount", "credit_amount", "out_of_band_amount")


@behaviour("PostCreditNotes")
def create(call: Call) -> Obj:
    """On an open invoice it lowers what is due; on a paid one it is refunded, credited or settled elsewhere."""
    invoice, lines = _for(call)
    total = sum(line["amount"] for line in lines)
    note = _build(call, invoice, lines, total)
    call.objects.insert(note)
    for line in lines:
        call.objects.insert(line, parent=("credit_note", note["id"]))
    _settle(call, invoice, note, total)
    call.emit("credit_note.created", note)
    return note


@behaviour("GetCreditNotesPreview")
def preview(call: Call) -> Obj:
    invoice, lines = _for(call)
    note = _build(call, invoice, lines, sum(line["amount"] for line in lines))
    return note | {"lines": {**note["lines"], "data": lines[:10], "has_more": len(lines) > 10}}


@behaviour("GetCreditNotesPreviewLines")
def preview_lines(call: Call) -> pages.Page:
    return generic.listed(call, _for(call)[1])


def _for(call: Call) -> tuple[Obj, list[Obj]]:
    params = call.params
    if not params.get("invoice"):
        raise invalid("Missing required param: invoice.", "invoice", "parameter_missing")
    invoice = call.objects.get("invoice", params["invoice"], param="invoice")
    if invoice["status"] not in ("open", "paid", "uncollectible"):
        text = f"Credit notes can only be created for finalized invoices; this one is {invoice['status']}."
        raise invalid(text, "invoice")
    lines = credit_note_lines.build(call, invoice, params)
    total = sum(line["amount"] for line in lines)
    if total <= 0:
        raise invalid("You must credit an amount greater than 0.", "amount")
    left = invoice["total"] - invoice["pre_payment_credit_notes_amount"] - invoice["post_payment_credit_notes_amount"]
    if total > left:
        raise invalid(
            f"The credit note's total ({total}) is greater than what can still be credited ({left}).", "amount"
        )
    _check_parts(params, invoice, total)
    return invoice, lines


def _check_parts(params: Obj, invoice: Obj, total: int) -> None:
    """After payment the parts must add up to the total."""
    given = sum(params.get(name) or 0 for name in PARTS)
    given += sum(one.get("amount_refunded") or 0 for one in params.get("refunds") or [])
    after = max(0, total - (invoice["amount_remaining"] if invoice["status"] != "paid" else 0))
    if params.get("refunds") and any(one.get("amount_refunded") is None for one in params["refunds"]):
        return
    if given != after:
        text = "The sum of credit_amount, refund_amount and out_of_band_amount must equal the amount credited after "
        raise invalid(f"{text}payment ({after}); it is {given}.", "refund_amount" if given else "credit_amount")


def _build(call: Call, invoice: Obj, lines: list[Obj], total: int) -> Obj:
    params = call.params
    before = min(total, invoice["amount_remaining"]) if invoice["status"] != "paid" else 0
    count = len(call.objects.find("credit_note", invoice=invoice["id"])) + 1
    kind = "mixed" if 0 < before < total else ("pre_payment" if before else "post_payment")
    tax = sum(part["amount"] for line in lines for part in line["taxes"] or [] if part["tax_behavior"] == "exclusive")
    note = generic.build(
        call,
        "credit_note",
        id=call.new_id("cn"),
        amount=total,
        currency=invoice["currency"],
        customer=invoice["customer"],
        discount_amount=sum(line["discount_amount"] for line in lines),
        discount_amounts=[],
        effective_at=params.get("effective_at") or call.now,
        invoice=invoice["id"],
        memo=params.get("memo"),
        metadata=dict(params.get("metadata") or {}),
        number=f"{invoice['number']}-CN-{count:02d}",
        out_of_band_amount=params.get("out_of_band_amount"),
        pdf=f"https://pay.stripe.com/credit_notes/{call.account.id}/{invoice['id']}/{count}/pdf?s=ap",
        post_payment_amount=total - before,
        pre_payment_amount=before,
        pretax_credit_amounts=[],
        reason=params.get("reason"),
        refunds=[],
        status="issued",
        subtotal=total - tax,
        subtotal_excluding_tax=total - tax,
        total=total,
        total_excluding_tax=total - tax,
        total_taxes=[part for line in lines for part in copy.deepcopy(line["taxes"] or [])],
        type=kind,
    )
    return note


def _settle(call: Call, invoice: Obj, note: Obj, total: int) -> None:
    with updating(call, invoice, "invoice.updated"):
        invoice["pre_payment_credit_notes_amount"] += note["pre_payment_amount"]
        invoice["post_payment_credit_notes_amount"] += note["post_payment_amount"]
        invoice["amount_due"] -= note["pre_payment_amount"]
        invoice["amount_remaining"] -= note["pre_payment_amount"]
    if invoice["status"] == "open" and invoice["amount_remaining"] == 0:
        invoice_states.mark_paid(call, invoice)
    if credit := call.params.get("credit_amount"):
        note["customer_balance_transaction"] = customer_credit.move(
            call,
            invoice["customer"],
            -credit,
            invoice["currency"],
            "credit_note",
            invoice["id"],
            credit_note=note["id"],
        )
    if amount := call.params.get("refund_amount"):
        refund = nested.perform(
            call, "PostRefunds", {"payment_intent": _paying_intent(call, invoice), "amount": amount}
        )
        note["refunds"].append(
            {"amount_refunded": amount, "payment_record_refund": None, "refund": refund["id"], "type": "refund"}
        )
    for index, entry in enumerate(call.params.get("refunds") or []):
        refund = call.objects.get("refund", entry.get("refund") or "", param=f"refunds[{index}][refund]")
        amount = entry.get("amount_refunded") or refund["amount"]
        note["refunds"].append(
            {"amount_refunded": amount, "payment_record_refund": None, "refund": refund["id"], "type": "refund"}
        )
    call.objects.touch(note)


def _paying_intent(call: Call, invoice: Obj) -> str:
    for payment in call.objects.find("invoice_payment", invoice=invoice["id"], status="paid"):
        return payment["payment"]["payment_intent"]
    raise invalid("This invoice has no payment that could be refunded.", "refund_amount")


@behaviour("PostCreditNotesIdVoid")
def void(call: Call) -> Obj:
    """Only what came before payment can be taken back: the invoice owes it again."""
    note = call.objects.get("credit_note", call.path["id"])
    invoice = call.objects.get("invoice", note["invoice"])
    if note["status"] == "void":
        raise invalid("This credit note is already void.")
    if invoice["status"] != "open" or note["post_payment_amount"]:
        raise invalid("You can only void credit notes of open invoices.")
    with updating(call, invoice, "invoice.updated"):
        invoice["pre_payment_credit_notes_amount"] -= note["pre_payment_amount"]
        invoice["amount_due"] += note["pre_payment_amount"]
        invoice["amount_remaining"] += note["pre_payment_amount"]
    note |= {"status": "void", "voided_at": call.now}
    call.objects.touch(note)
    call.emit("credit_note.voided", note)
    return note
