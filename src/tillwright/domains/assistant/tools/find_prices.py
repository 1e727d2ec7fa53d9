"""Finds prices."""

from __future__ import annotations

from tillwright.domains.assistant.finding import finder
from tillwright.domains.assistant.model import Argument

TOOL = finder(
    "prices",
    "find_prices",
    "Prices by product, currency and amount, recurring or one-off.",
    Argument("product", "id", "Only those of this product."),
)
