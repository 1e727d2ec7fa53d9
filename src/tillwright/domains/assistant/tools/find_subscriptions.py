"""Finds subscriptions."""

from __future__ import annotations

from tillwright.domains.assistant.finding import finder

TOOL = finder(
    "subscriptions",
    "find_subscriptions",
    "Subscriptions, ended ones too, by customer, state and time of creation. For what they bring in a month ask "
    "recurring_revenue; for those that ended ask churn.",
)
