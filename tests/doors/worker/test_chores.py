"""How often a chore that fails is tried again."""

from __future__ import annotations

import pytest

from tillwright.doors.worker.chores import SLOWEST, pause_after_failure


@pytest.mark.parametrize("every", [0.0, 0.5, 1.0, 30.0, 600.0])
def test_a_failing_chore_is_tried_ever_less_often_and_soon_enough(every: float) -> None:
    pauses = [every]
    for _ in range(50):
        pauses.append(pause_after_failure(pauses[-1]))
    assert all(0.25 < pause <= SLOWEST for pause in pauses[1:])
    assert pauses[1:] == sorted(pauses[1:])
    assert pauses[-1] == SLOWEST <= 5, "ten seconds after a database is back every chore is at work"
