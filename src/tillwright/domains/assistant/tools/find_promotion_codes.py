"""Finds promotion codes."""

from __future__ import annotations

from tillwright.domains.assistant.finding import finder
from tillwright.domains.assistant.model import Argument

TOOL = finder(
    "promotion_codes",
    "find_promotion_codes",
    "Promotion codes by part of their code, by coupon, active or not.",
    Argument("coupon", "id", "Only those of this coupon."),
)
