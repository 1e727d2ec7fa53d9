"""Finds invoices."""

from __future__ import annotations

from tillwright.domains.assistant.finding import finder
from tillwright.domains.assistant.model import Argument

TOOL = finder(
    "invoices",
    "find_invoices",
    "Invoices by customer, state, currency, amount and time of creation, with their count and sums by currency. "
    "`overdue` are open ones past their due date.",
    Argument("subscription", "id", "Only those of this subscription (sub_…)."),
)
