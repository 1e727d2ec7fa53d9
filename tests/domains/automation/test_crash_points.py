"""A process may die at any commit, request, answer, mail or checkpoint: the run completes, with each effect once."""

from __future__ import annotations

import pytest

from tests.domains.automation.stage import Crash, KeptSteps, Stage
from tillwright.domains.automation import RunState, StepState


@pytest.mark.timeout(300)
async def test_every_single_point(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, "win_back_failed_payment", activate=True)
    stage.points.count = 0
    await stage.run()
    points, names = stage.points.count, list(stage.points.names[-stage.points.count :])
    print(f"{points} points: {names}")
    assert points > 30

    for point in range(1, points + 1):
        coupons, codes = len(stage.writes("/v1/coupons")), len(stage.writes("/v1/promotion_codes"))
        stage.mailbox.letters.clear()
        await stage.happen()
        (run_id,) = await stage.relay()
        steps = KeptSteps(stage.clock, stage.points)
        stage.points.count, stage.points.at = 0, point
        with pytest.raises(Crash):
            await stage.execute(run_id, steps)
        stage.points.at = None

        assert await stage.execute(run_id, steps) == RunState.DONE, names[point - 1]
        assert len(stage.writes("/v1/coupons")) == coupons + 1, names[point - 1]
        assert len(stage.writes("/v1/promotion_codes")) == codes + 1, names[point - 1]
        # The one window in which a mail can go out twice: the server has it, and we have not noted so.
        index = names.index("after a mail") + 1
        may_double = point in (index, index + 1)
        assert 1 <= len(stage.mailbox.letters) <= (2 if may_double else 1), names[point - 1]
        assert len({letter.message_id for letter in stage.mailbox.letters}) == 1
        shown = await stage.automation.timeline(stage.principal, run_id)
        assert [(s.step, s.state) for s in shown.steps] == [
            (name, StepState.DONE) for name in ("_fetch", "coupon", "code", "mail")
        ]
        assert all(step.finished for step in shown.steps)
