"""Actions that are one plain Stripe call: a row each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import StripeWrite

_IN_PATH = re.compile(r"\{(\w+)\}")
_INVOICE = Input("id", "The invoice's id.", required=True)
_CUSTOMER = Input("id", "The customer's id.", required=True)
_LABELS = Input("labels", "Labels of your own; those already there stay.")


def _row(
    name: str, summary: str, method: Literal["POST", "DELETE"], path: str, inputs: Mapping[str, Input], **fixed: Any
) -> Action:
    in_path = set(_IN_PATH.findall(path))

    def build(given: Mapping[str, Any]) -> StripeWrite:
        params = {key: value for key, value in given.items() if key not in in_path}
        return StripeWrite(method, path.format(**{key: given[key] for key in in_path}), {**params, **fixed})

    return Action(name, summary, inputs, build)


ROWS = (
    _row(
        "deactivate_promotion_code",
        "Stop a promotion code from being used again.",
        "POST",
        "/v1/promotion_codes/{promotion_code}",
        {"promotion_code": Input("id", "The promotion code's id (promo_…), not its word.", required=True)},
        active=False,
    ),
    _row(
        "delete_coupon",
        "Delete a coupon; discounts already given stay.",
        "DELETE",
        "/v1/coupons/{coupon}",
        {"coupon": Input("id", "The coupon's id.", required=True)},
    ),
    _row(
        "update_customer",
        "Change a customer's data.",
        "POST",
        "/v1/customers/{customer}",
        {
            "customer": _CUSTOMER,
            "description": Input("text", "A note on the customer, not shown to them."),
            "name": Input("text", "The customer's name.", longest=256),
            "email": Input("email", "The customer's address.", longest=512),
            "metadata": _LABELS,
        },
    ),
    _row(
        "adjust_customer_balance",
        "Credit (below zero) or debit (above zero) what the customer's next invoice asks for.",
        "POST",
        "/v1/customers/{customer}/balance_transactions",
        {
            "customer": _CUSTOMER,
            "amount": Input("integer", "In minor units; below zero is a credit.", required=True),
            "currency": Input("text", "The currency, such as eur.", required=True, longest=3),
            "description": Input("text", "Why, for your own books.", longest=350),
            "metadata": _LABELS,
        },
    ),
    _row(
        "send_invoice",
        "Send an invoice by Stripe's own mail.",
        "POST",
        "/v1/invoices/{invoice}/send",
        {"invoice": _INVOICE},
    ),
    _row(
        "pay_invoice",
        "Try to collect an open invoice now.",
        "POST",
        "/v1/invoices/{invoice}/pay",
        {"invoice": _INVOICE},
    ),
    _row(
        "void_invoice", "Void an open invoice, for good.", "POST", "/v1/invoices/{invoice}/void", {"invoice": _INVOICE}
    ),
    _row(
        "end_subscription",
        "End a subscription at the end of its paid period.",
        "POST",
        "/v1/subscriptions/{subscription}",
        {"subscription": Input("id", "The subscription's id.", required=True)},
        cancel_at_period_end=True,
    ),
)
