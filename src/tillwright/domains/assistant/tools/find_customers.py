"""Finds customers."""

from __future__ import annotations

from tillwright.domains.assistant.finding import finder

TOOL = finder(
    "customers",
    "find_customers",
    "Customers by part of their name, mail address, phone or description, newest first. Several may share a name: "
    "ask which one is meant.",
)
