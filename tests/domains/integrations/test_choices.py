"""Which settings are accepted."""

from __future__ import annotations

from typing import Any

import pytest

from tillwright.domains.integrations.choices import change
from tillwright.domains.integrations.model import Settings
from tillwright.kit.errors import Invalid


@pytest.mark.parametrize("days", [10, 11, 30, 59, 60])
def test_days_within_the_range(days: int) -> None:
    assert change(Settings(), {"days_before_entitlement_end": days}).days_before_entitlement_end == days


@pytest.mark.parametrize("days", [9, 61, 0, -10, 10.5, 10.0, "10", None, True, [], float("nan")])
def test_days_outside_it_or_no_whole_number(days: Any) -> None:
    with pytest.raises(Invalid) as caught:
        change(Settings(), {"days_before_entitlement_end": days})
    assert caught.value.field == "daysBeforeEntitlementEnd"
    assert "10 to 60" in caught.value.sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("enable_entitlement_end_soon_notification", 1),
        ("enable_entitlement_renew_soon_notification", 1),
        ("days_before_entitlement_renewal", 0),
        ("days_before_entitlement_renewal", 61),
        ("days_before_entitlement_renewal", True),
        ("enable_entitlement_end_soon_notification", "true"),
        ("enable_entitlement_end_soon_notification", None),
        ("display_name", "x" * 101),
        ("display_name", "two\nlines"),
        ("display_name", 5),
        ("connect_client_id", "acct_12345678"),
        ("connect_client_id", None),
        ("status", "VERIFIED"),
    ],
)
def test_other_wrong_values(name: str, value: Any) -> None:
    with pytest.raises(Invalid):
        change(Settings(), {name: value})


def test_only_what_was_meant_is_changed_and_all_complaints_come_at_once() -> None:
    before = Settings(display_name="Shop", days_before_entitlement_end=20)
    after = change(before, {"connect_client_id": "ca_abcdefgh", "enable_entitlement_end_soon_notification": True})
    assert after == Settings("Shop", "ca_abcdefgh", True, 20)
    with pytest.raises(Invalid) as caught:
        change(before, {"days_before_entitlement_end": 9, "display_name": 5, "other": 1})
    assert len(caught.value.problems) == 3
