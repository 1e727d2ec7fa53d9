"""Finds products."""

from __future__ import annotations

from tillwright.domains.assistant.finding import finder

TOOL = finder("products", "find_products", "Products by part of their name or description, active or not.")
