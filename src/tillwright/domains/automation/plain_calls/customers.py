"""Customers, what they owe or have to their credit, and where they look after it themselves."""

from __future__ import annotations

from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.plain_row import CURRENCY, LABELS, an, call, like

_AREA = "Customers"
_CUSTOMER = an("customer")
_ABOUT = {
    "name": Input("text", "The customer's name.", longest=256),
    "email": Input("email", "The customer's address.", longest=512),
    "phone": Input("text", "The customer's telephone number.", longest=20),
    "description": Input("text", "A note on the customer, not shown to them."),
    "address": like("customers.update", "address", "Where the customer lives or has its seat."),
    "preferred_locales": Input("texts", "Their languages, the best first, such as [de, en]."),
    "metadata": LABELS,
}
_BALANCE = {
    "currency": CURRENCY,
    "description": Input("text", "Why, for your own books.", longest=350),
    "metadata": LABELS,
}

ROWS = (
    call("create_customer", "Make a customer.", "customers.create", _ABOUT, area=_AREA),
    call("get_customer", "Read a customer as it is now.", "customers.get", {"customer": _CUSTOMER}, area=_AREA),
    call("update_customer", "Change a customer's data.", "customers.update", {"customer": _CUSTOMER, **_ABOUT},
         area=_AREA),
    call("delete_customer", "Delete a customer, for good; it ends their subscriptions.", "customers.delete",
         {"customer": _CUSTOMER}, area=_AREA),
    call("add_customer_tax_id", "Give a customer a tax number.", "customers.tax_ids.create",
         {
             "customer": _CUSTOMER,
             "type": like("customers.tax_ids.create", "type", "The kind of number, such as eu_vat.", required=True),
             "value": Input("text", "The number.", required=True, longest=100),
         }, area=_AREA),
    call("create_portal_link", "Make a link to the page where a customer looks after cards, plan and invoices.",
         "billing_portal.sessions.create",
         {
             "customer": _CUSTOMER,
             "return_url": Input("url", "Where they come back to."),
             "configuration": Input("id", "Which of your portal's settings; the usual ones if left out."),
             "locale": like("billing_portal.sessions.create", "locale",
                            "The page's language; the browser's if left out."),
         }, area=_AREA),
    call("adjust_customer_balance",
         "Credit (below zero) or debit (above zero) what the customer's next invoice asks for.",
         "customers.balance_transactions.create",
         {
             "customer": _CUSTOMER,
             "amount": Input("integer", "In minor units; below zero is a credit.", required=True),
             **_BALANCE,
         }, area="Customer balance"),
    call("list_customer_balance", "Read the latest changes of a customer's balance.",
         "customers.balance_transactions.list",
         {"customer": _CUSTOMER, "limit": Input("integer", "How many.", low=1, high=100, default=100)},
         area="Customer balance"),
)  # fmt: skip
