"""A customer's credit: its balance transactions through the API, and the cash it sent by bank transfer."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic, pages
from tillwright_sandbox.behaviours import (
    bank_transfers,
    behaviour,
    customer_credit,
    intent_steps,
    lists,
    methods,
    money,
    refs,
)
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


@behaviour("GetCustomersCustomerCashBalance")
def cash_balance(call: Call) -> dict[str, Any]:
    return bank_transfers.balance(call, refs.in_path(call, "customer", call.path["customer"]))


@behaviour("PostCustomersCustomerCashBalance")
def update_cash_balance(call: Call) -> dict[str, Any]:
    cash = bank_transfers.balance(call, refs.in_path(call, "customer", call.path["customer"]))
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
    kind = bank_transfers.kind(code)
    schema = "customer_balance_resource_cash_balance_transaction_resource_funded_transaction_resource_bank_transfer"
    part = generic.build(call, schema) | {"type": kind, "reference": call.params.get("reference")}
    row = bank_transfers.move(call, customer, amount, code, "funded", {"bank_transfer": part})
    cash = bank_transfers.balance(call, customer)
    if cash["settings"]["reconciliation_mode"] == "automatic":
        for intent in bank_transfers.waiting(call, customer, code):
            intent_steps.transfer(call, intent, methods.resolve(call, intent["payment_method"]))
            intent_steps.tell(call, intent)
    if cash["available"]:
        call.emit("cash_balance.funds_available", cash)
    return row


@behaviour("PostPaymentIntentsIntentApplyCustomerBalance")
def apply(call: Call) -> dict[str, Any]:
    """Pay an intent from the cash its customer sent, as far as it goes."""
    intent = call.objects.get("payment_intent", call.path["intent"])
    bank_transfers.check(intent)
    if amount := call.params.get("amount"):
        held = bank_transfers.balance(call, call.objects.get("customer", intent["customer"]))["available"] or {}
        if amount > min(held.get(intent["currency"], 0), bank_transfers.remaining(intent)):
            text = "The amount is greater than what the cash balance holds or the PaymentIntent still needs."
            raise refs.invalid(text, "amount")
    id = intent["payment_method"]
    details = methods.billing(None)
    method = methods.resolve(call, id) if id else methods.make(call, "customer_balance", {}, details)
    intent_steps.transfer(call, intent, method)
    intent_steps.tell(call, intent)
    return intent


@behaviour("GetCustomersCustomerCashBalanceTransactions")
def list_cash(call: Call) -> pages.Page:
    customer = refs.in_path(call, "customer", call.path["customer"])
    return lists.page(call, "customer_cash_balance_transaction", customer=customer["id"])


@behaviour("GetCustomersCustomerCashBalanceTransactionsTransaction")
def retrieve_cash(call: Call) -> dict[str, Any]:
    return _transaction(call, "customer_cash_balance_transaction")
