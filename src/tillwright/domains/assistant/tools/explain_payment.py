"""Why a payment was made, or was not: what it was for, how it went, what became of it."""

from __future__ import annotations

from typing import Any

from tillwright.domains.assistant import shield
from tillwright.domains.assistant.asking import Asking, Object
from tillwright.domains.assistant.kinds import identity, pick
from tillwright.domains.assistant.model import Argument, Outcome
from tillwright.domains.assistant.tool import Tool

_LINKS = "/v1/invoice_payments"


async def run(asking: Asking) -> Outcome:
    payment_id = str(asking.arguments["payment"])
    charge = await _charge(asking, payment_id)
    if charge is None:
        return {"found": False, "payment": payment_id}
    charge_id = str(charge["id"])
    customer_id = identity(charge.get("customer"))
    customer = await asking.beside("customers", customer_id) if customer_id else None
    invoices = await _invoices(asking, charge)
    refunds = [r for r in await asking.rows("refunds") if identity(r.get("charge")) == charge_id]
    disputes = [d for d in await asking.rows("disputes") if identity(d.get("charge")) == charge_id]
    asking.lay_out(
        [charge | {"_kind": "payments"}]
        + [row | {"_kind": "invoices"} for row in invoices]
        + [row | {"_kind": "refunds"} for row in refunds]
        + [row | {"_kind": "disputes"} for row in disputes],
        lambda row: asking.show(row["_kind"], row),
    )
    return {
        "found": True,
        "payment": asking.cite("payments", charge_id),
        "status": charge.get("status"),
        "amount": shield.amount(charge.get("amount"), charge.get("currency")),
        "customer": asking.cite("customers", customer_id),
        "customer_name": asking.person(customer),
        "because": [_because(asking, invoice) for invoice in invoices] or _alone(asking, charge),
        "failure": _failure(charge),
        "refunded": shield.amount(charge.get("amount_refunded"), charge.get("currency")),
        "disputed": bool(disputes),
    }


async def _charge(asking: Asking, payment_id: str) -> Object | None:
    if not payment_id.startswith("pi_"):
        return await asking.one("payments", payment_id)
    intent = await asking.one("payment_intents", payment_id)
    latest = identity(intent.get("latest_charge")) if intent else None
    return await asking.one("payments", latest) if latest else None


async def _invoices(asking: Asking, charge: Object) -> list[Object]:
    intent = identity(charge.get("payment_intent"))
    if intent is None:
        return []
    wanted = {"payment": {"type": "payment_intent", "payment_intent": intent}}
    links = await asking.related(_LINKS, wanted)
    ids = sorted({identity(link.get("invoice")) for link in links} - {None}, key=str)
    found = [await asking.beside("invoices", str(each)) for each in ids]
    return [invoice for invoice in found if invoice is not None]


def _because(asking: Asking, invoice: Object) -> dict[str, Any]:
    lines: list[Object] = pick(invoice, "lines.data") or []
    subscription = identity(pick(invoice, "parent.subscription_details.subscription"))
    return {
        "invoice": asking.cite("invoices", str(invoice["id"])),
        "reason": invoice.get("billing_reason"),
        "subscription": asking.cite("subscriptions", subscription),
        "lines": [
            {
                "what": shield.outside(line.get("description")),
                "amount": shield.amount(line.get("amount"), line.get("currency")),
            }
            for line in lines[:20]
        ],
    }


def _alone(asking: Asking, charge: Object) -> list[dict[str, Any]]:
    if asking.missed("invoices") or asking.missed(_LINKS):
        return []  # there may be an invoice that could not be read: to call it a one-off would be wrong
    return [{"invoice": None, "reason": "one_off", "what": shield.outside(charge.get("description"))}]


def _failure(charge: Object) -> dict[str, Any] | None:
    if charge.get("status") != "failed":
        return None
    outcome: dict[str, Any] = charge.get("outcome") or {}
    return {
        "code": charge.get("failure_code"),
        "said": shield.outside(charge.get("failure_message")),
        "advice": outcome.get("advice_code"),
        "risk": outcome.get("risk_level"),
    }


TOOL = Tool(
    "explain_payment",
    "Why was this charged?",
    "What a payment was for (invoice, lines, subscription), who paid, why it failed if it did, and what was refunded "
    "or disputed since.",
    (Argument("payment", "id", "The payment's id: ch_… or pi_….", required=True),),
    run,
)
