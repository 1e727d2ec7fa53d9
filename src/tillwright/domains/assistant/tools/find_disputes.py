"""Finds disputes."""

from __future__ import annotations

from tillwright.domains.assistant.finding import finder
from tillwright.domains.assistant.model import Argument

TOOL = finder(
    "disputes",
    "find_disputes",
    "Disputes (chargebacks) by payment, state, currency, amount and time, with their count and sums by currency.",
    Argument("charge", "id", "Only those of this payment (ch_…)."),
)
