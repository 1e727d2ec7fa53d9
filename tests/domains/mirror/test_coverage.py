"""What is said of how much is here."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.domains.mirror.conftest import NOON
from tillwright.domains.mirror import BackfillState, Progress
from tillwright.domains.mirror.coverage import Coverage, coverage_of, missing_right, pace

ROW = Progress(
    False, "charge", "Charges", 8, BackfillState.RUNNING, 1000, 3000, 10, 0, None, NOON, NOON, None
)  # fmt: skip


@pytest.mark.parametrize("state", list(BackfillState))
def test_each_state_has_a_word(state: BackfillState) -> None:
    assert coverage_of(replace(ROW, state=state)) in Coverage
    assert coverage_of(None) is Coverage.NOT_YET


def test_the_missing_right_is_named_where_stripe_named_it() -> None:
    assert missing_right({"stripe": {"right": "coupon_read"}}) == "rak_coupon_read"
    assert missing_right({"stripe": {}}) is None
    assert missing_right(None) is None


def test_the_pace_is_that_of_what_is_under_way() -> None:
    done = replace(ROW, object="customer", state=BackfillState.DONE, done=500, began=NOON - timedelta(hours=3))
    meanwhile = replace(ROW, object="refund", state=BackfillState.DONE, done=200, began=NOON + timedelta(seconds=2))
    found = pace([done, ROW, meanwhile], NOON + timedelta(seconds=10))
    assert (found.done, found.lists, found.over) == (1700, 3, 2)
    assert found.rate == 120
    assert found.left == timedelta(seconds=20)
    assert pace([replace(ROW, estimate=None)], NOON + timedelta(seconds=10)).left is None
    assert pace([done], NOON).rate is None
    assert pace([], NOON).done == 0
