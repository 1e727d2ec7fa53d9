"""Finds payments: charges, tried and failed ones too."""

from __future__ import annotations

from tillwright.domains.assistant.finding import finder

TOOL = finder(
    "payments",
    "find_payments",
    "Payments (charges, failed ones included) by customer, state, currency, amount and time, with their count and sums "
    "by currency. Without a state, sums hold failed ones too: name `succeeded` for what was taken.",
)
