"""A customer's credit: its balance transactions through the API, and the cash it sent by bank transfer."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic, pages
from tillwright_sandbox.behaviours import behaviour, customer_credit, lists, money, refs
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import StripeError


@behaviour("PostCustomersCustomerBalanceTransactions")
def create(call: Call) -> dict[str, Any]:
    customer = refs.in_path(call, "customer", call.path["customer"])
    params = call.params
    code = money.currency(params["currency"])
    if customer["currency"] and customer["currency"] != code:
        text = "You cannot combine currencies on a single customer. This customer has a balance in "
        raise refs.invalid(text + f"{customer['currency']}.", "currency")
    if params["amount"] == 0:
        raise refs.invalid("The amount must not be 0.", "amount", "parameter_invalid_integer")
    words = {"description": params.get("description"), "metadata": dict(params.get("metadata") or {})}
    id = customer_credit.move(call, customer["id"], params["amount"], code, "adjustment", **words)
    return call.objects.get("customer_balance_transaction", id)


@behaviour("GetCustomersCustomerBalanceTransactions")
def list_all(call: Call) -> pages.Page:
    customer = refs.in_path(call, "customer", call.path["customer"])
    return lists.page(call, "customer_balance_transaction", customer=customer["id"])


def _transaction(call: Call, kind: str) -> dict[str, Any]:
    customer = refs.in_path(call, "customer", call.path["customer"])
    found = call.objects.get(kind, call.path["transaction"])
    if found["customer"] != customer["id"]:
        text = f"No such {kind}: '{found['id']}'"
        raise StripeError(404, "invalid_request_error", "resource_missing", text, "id")
    return found


@behaviour("GetCustomersCustomerBalanceTransactionsTransaction")
def retrieve(call: Call) -> dict[str, Any]:
    return _transaction(call, "customer_balance_transaction")


@behaviour("PostCustomersCustomerBalanceTransactionsTransaction")
def update(call: Call) -> dict[str, Any]:
    found = _transaction(call, "customer_balance_transaction")
    generic.apply(found, call.params)
    call.objects.touch(found)
    return found


def _cash(call: Call, customer: dict[str, Any]) -> dict[str, Any]:
    """The customer's cash balance; it has no id of its own and is kept under the customer's."""
    kept = call.objects.maybe("cash_balance", customer["id"])
    if kept:
        return kept
    cash = {
        "object": "cash_balance",
        "available": None,
        "customer": customer["id"],
        "customer_account": None,
        "livemode": call.livemode,
        "settings": {"reconciliation_mode": "automatic", "using_merchant_default": True},
    }
    return call.objects.insert(cash, key=customer["id"], parent=("customer", customer["id"]))


@behaviour("GetCustomersCustomerCashBalance")
def cash_balance(call: Call) -> dict[str, Any]:
    return _cash(call, refs.in_path(call, "customer", call.path["customer"]))


@behaviour("PostCustomersCustomerCashBalance")
def update_cash_balance(call: Call) -> dict[str, Any]:
    cash = _cash(call, refs.in_path(call, "customer", call.path["customer"]))
    if mode := (call.params.get("settings") or {}).get("reconciliation_mode"):
        default = mode == "merchant_default"
        cash["settings"] = {
            "reconciliation_mode": "automatic" if default else mode,
            "using_merchant_default": default,
        }
        call.objects.touch(cash)
    return cash


@behaviour("PostTestHelpersCustomersCustomerFundCashBalance")
def fund(call: Call) -> dict[str, Any]:
    """A bank transfer of the customer came in (test mode only)."""
    customer = refs.in_path(call, "customer", call.path["customer"])
    code, amount = money.currency(call.params["currency"]), call.params["amount"]
    if amount < 1:
        raise refs.invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    cash = _cash(call, customer)
    available = dict(cash["available"] or {})
    available[code] = available.get(code, 0) + amount
    cash["available"] = available
    call.objects.touch(cash)
    kind = {"eur": "eu", "gbp": "gb", "jpy": "jp", "mxn": "mx"}.get(code, "us") + "_bank_transfer"
    part = generic.build(
        call, "customer_balance_resource_cash_balance_transaction_resource_funded_transaction_resource_bank_transfer"
    )
    part |= {"type": kind, "reference": call.params.get("reference")}
    row = {
        "id": call.new_id("ccsbtxn"),
        "object": "customer_cash_balance_transaction",
        "created": call.now,
        "currency": code,
        "customer": customer["id"],
        "customer_account": None,
        "ending_balance": available[code],
        "funded": {"bank_transfer": part},
        "livemode": call.livemode,
        "net_amount": amount,
        "type": "funded",
    }
    call.objects.insert(row)
    call.emit("customer_cash_balance_transaction.created", row)
    call.emit("cash_balance.funds_available", cash)
    return row


@behaviour("GetCustomersCustomerCashBalanceTransactions")
def list_cash(call: Call) -> pages.Page:
    customer = refs.in_path(call, "customer", call.path["customer"])
    return lists.page(call, "customer_cash_balance_transaction", customer=customer["id"])


@behaviour("GetCustomersCustomerCashBalanceTransactionsTransaction")
def retrieve_cash(call: Call) -> dict[str, Any]:
    return _transaction(call, "customer_cash_balance_transaction")
