"""A customer's balance as billing moves it: each movement is a transaction of its own (negative is credit)."""

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call


def move(
    call: Call, customer_id: str, amount: int, currency: str, type: str, invoice: str | None = None, **refs: Any
) -> str:
    """Add `amount` (minor units; negative gives credit) to the balance; answers the transaction's id."""
    customer = call.objects.get("customer", customer_id)
    with updating(call, customer, "customer.updated"):
        customer["balance"] = (customer.get("balance") or 0) + amount
        if customer.get("currency") is None:
            customer["currency"] = currency
    transaction = generic.build(
        call,
        "customer_balance_transaction",
        id=call.new_id("cbtxn"),
        amount=amount,
        currency=currency,
        customer=customer_id,
        ending_balance=customer["balance"],
        invoice=invoice,
        type=type,
        **refs,
    )
    return call.objects.insert(transaction)["id"]


def set_delinquent(call: Call, customer_id: str, delinquent: bool) -> None:
    """True after an automatic payment failed or a due date passed; false once an invoice is paid or written off."""
    customer = call.objects.maybe("customer", customer_id)
    if customer and bool(customer.get("delinquent")) != delinquent:
        with updating(call, customer, "customer.updated"):
            customer["delinquent"] = delinquent
