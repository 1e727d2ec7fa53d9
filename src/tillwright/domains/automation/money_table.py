"""The table of requests that move money: what kind of movement, and where the amount stands. A row each, no code."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class MoneyRow:
    """A request of this path moves money.

    Args:
        kind: `refund` (to who paid), `payout` (out of the account), `charge` (in) or `credit` (owed to a customer).
        path: `{}` for an id.
        amount: the parameter with the minor units; `a.b` for one inside another.
        source: where what is left out stands: the parameters that may name an object, or `path`: it is in the path.
        currency: the parameter with the currency.
        only_with: without this parameter the request moves nothing.
    """

    kind: str
    path: str
    amount: str = "amount"
    source: str = ""
    currency: str = "currency"
    only_with: str = ""

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self.path.replace("{}", "([^/]+)"))


# The first row that fits counts.
ROWS = (
    MoneyRow("refund", "/v1/refunds", source="charge payment_intent"),
    MoneyRow("refund", "/v1/charges/{}/refunds?", source="path"),
    MoneyRow("refund", "/v1/terminal/refunds", source="charge payment_intent"),
    MoneyRow("refund", "/v1/terminal/readers/{}/refund_payment", source="charge payment_intent"),
    MoneyRow("refund", "/v1/application_fees/{}/refunds?", source="path"),
    MoneyRow("refund", "/v1/credit_notes", source="invoice"),
    MoneyRow("refund", "/v1/disputes/{}/close", amount="", source="path"),
    MoneyRow("refund", "/v1/charges/{}/dispute/close", amount="", source="path"),
    MoneyRow("payout", "/v1/transfers"),
    MoneyRow("payout", "/v1/payouts"),
    MoneyRow("payout", "/v1/treasury/outbound_payments"),
    MoneyRow("payout", "/v1/treasury/outbound_transfers"),
    MoneyRow("payout", "/v1/treasury/credit_reversals", amount="", source="received_credit"),
    MoneyRow("payout", "/v1/issuing/authorizations/{}/approve", source="path"),
    MoneyRow("payout", "/v1/climate/orders"),
    MoneyRow("charge", "/v1/charges"),
    MoneyRow("charge", "/v1/charges/{}/capture", source="path"),
    MoneyRow("charge", "/v1/payment_intents", only_with="confirm"),
    MoneyRow("charge", "/v1/payment_intents/{}/capture", amount="amount_to_capture", source="path"),
    MoneyRow("charge", "/v1/payment_intents/{}/confirm", amount="amount_to_confirm", source="path"),
    MoneyRow("charge", "/v1/payment_intents/{}/apply_customer_balance", source="path"),
    MoneyRow("charge", "/v1/invoices/{}/pay", amount="", source="path"),
    MoneyRow("charge", "/v1/topups"),
    MoneyRow("charge", "/v1/treasury/inbound_transfers"),
    MoneyRow("credit", "/v1/customers/{}/balance_transactions"),
    MoneyRow("credit", "/v1/customers/{}", amount="balance", source="path", only_with="balance"),
    MoneyRow("credit", "/v1/customers", amount="balance", only_with="balance"),
    MoneyRow(
        "credit", "/v1/billing/credit_grants", amount="amount.monetary.value", currency="amount.monetary.currency"
    ),
)
NAMED = {
    "charge": "charges",
    "payment_intent": "payment_intents",
    "invoice": "invoices",
    "received_credit": "treasury/received_credits",
}
"""Where the object stands that a parameter names."""
