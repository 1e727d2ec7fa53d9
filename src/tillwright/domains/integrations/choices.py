"""Checks what a person changes in an integration's settings: pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tillwright.domains.integrations.model import Settings
from tillwright.kit.errors import Invalid, Problem

SHORTEST_DAYS, LONGEST_DAYS = 10, 60
SHORTEST_RENEWAL_DAYS = 1
_CLIENT_ID = re.compile(r"ca_[A-Za-z0-9_]{8,200}")


def change(settings: Settings, wanted: Mapping[str, Any]) -> Settings:
    """The settings with the wanted fields changed; names as in `Settings`.

    Raises:
        Invalid: with every complaint at once, each naming its field; nothing is changed.
    """
    problems: list[Problem] = []
    for name, value in wanted.items():
        check = _CHECKS.get(name)
        problem = check(value) if check else Problem("setting_unknown", f"There is no setting {name}.", name)
        if problem:
            problems.append(problem)
    if problems:
        raise Invalid.many(problems)
    return replace(settings, **wanted)


def _days(value: Any) -> Problem | None:
    # True is an int to Python, and 10.0 equals 10: neither is a whole number somebody typed.
    if type(value) is int and SHORTEST_DAYS <= value <= LONGEST_DAYS:
        return None
    return Problem(
        "days_out_of_range",
        f"Days before the entitlement's end must be a whole number from {SHORTEST_DAYS} to {LONGEST_DAYS}.",
        "daysBeforeEntitlementEnd",
    )


def _renewal_days(value: Any) -> Problem | None:
    if type(value) is int and SHORTEST_RENEWAL_DAYS <= value <= LONGEST_DAYS:
        return None
    return Problem(
        "days_out_of_range",
        f"Days before a renewal must be a whole number from {SHORTEST_RENEWAL_DAYS} to {LONGEST_DAYS}.",
        "daysBeforeEntitlementRenewal",
    )


def _switch(field: str) -> Callable[[Any], Problem | None]:
    def check(value: Any) -> Problem | None:
        return None if isinstance(value, bool) else Problem("not_a_switch", "This is either true or false.", field)

    return check


def _display_name(value: Any) -> Problem | None:
    if isinstance(value, str) and len(value) <= 100 and value.isprintable():
        return None
    return Problem("display_name_malformed", "A display name is a line of at most 100 characters.", "displayName")


def _client_id(value: Any) -> Problem | None:
    if value == "" or (isinstance(value, str) and _CLIENT_ID.fullmatch(value)):
        return None
    return Problem(
        "client_id_malformed",
        "This is not a Connect client id.",
        "connectClientId",
        "It begins with ca_; Stripe's Dashboard shows it under Settings › Connect › Onboarding options › OAuth.",
    )


_CHECKS = {
    "display_name": _display_name,
    "connect_client_id": _client_id,
    "enable_entitlement_end_soon_notification": _switch("enableEntitlementEndSoonNotification"),
    "paused": _switch("paused"),
    "days_before_entitlement_end": _days,
    "enable_entitlement_renew_soon_notification": _switch("enableEntitlementRenewSoonNotification"),
    "days_before_entitlement_renewal": _renewal_days,
}
