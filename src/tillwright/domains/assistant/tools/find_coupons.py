"""Finds coupons."""

from __future__ import annotations

from tillwright.domains.assistant.finding import finder

TOOL = finder("coupons", "find_coupons", "Coupons by part of their name or id, still valid (`active`) or not.")
