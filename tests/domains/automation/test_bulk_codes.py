"""Thousands of codes in one step: all of them, none twice, through crashes in their middle."""

from __future__ import annotations

import os
import random

import pytest

from tests.domains.automation.stage import Crash, KeptSteps, Stage
from tillwright.domains.automation import RunState
from tillwright.domains.automation.carriers import promotion_codes
from tillwright.domains.automation.requests import PromotionCodes

CAMPAIGN = """
name: campaign
trigger: {stripe_event: invoice.payment_failed}
steps:
  - id: coupon
    action: create_coupon
    with: {percent_off: 10}
  - id: codes
    action: create_promotion_codes
    with: {coupon: "${steps.coupon.id}", count: %d, prefix: SPRING-, expires_at: 2028-01-01}
"""


def test_words_are_pure_unique_and_as_long_as_asked() -> None:
    request = PromotionCodes(10_000, "SPRING-", 10, {})
    words = [promotion_codes.word("codes:run_1:codes:1", number, 1, request) for number in range(10_000)]
    assert len(set(words)) == 10_000
    assert all(word.startswith("SPRING-") and len(word) == 17 for word in words)
    assert words[7] == promotion_codes.word("codes:run_1:codes:1", 7, 1, request)
    assert words[7] != promotion_codes.word("codes:run_2:codes:1", 7, 1, request)
    assert words[7] != promotion_codes.word("codes:run_1:codes:1", 7, 2, request)


@pytest.mark.timeout(3600)
async def test_crashes_in_their_middle_make_none_twice(stage: Stage) -> None:
    """Seeded; the run is killed at a random point again and again until it gets through. A trial makes many more."""
    count, seed = int(os.environ.get("TRIAL_CODES", "40")), 20270115
    dice = random.Random(seed)
    print(f"seed {seed}")
    await stage.automation.save(stage.principal, CAMPAIGN % count, activate=True)
    await stage.happen()
    (run_id,) = await stage.relay()
    steps = KeptSteps(stage.clock, stage.points)
    crashes = 0
    # Near enough that each is reached: however many codes are under way at once, a code costs two points at least.
    nearest, wanted = max(10, count // 8), 6
    while True:
        stage.points.count, stage.points.at = 0, dice.randint(1, nearest) if crashes < wanted else None
        try:
            state = await stage.execute(run_id, steps)
            break
        except Crash:
            crashes += 1
    assert state == RunState.DONE
    assert crashes == wanted
    made = list(stage.sandbox.client.v1.promotion_codes.list({"limit": 100}).auto_paging_iter())
    assert len(made) == count == len({code.code for code in made}) == len(stage.writes("/v1/promotion_codes"))
    shown = await stage.automation.timeline(stage.principal, run_id)
    assert set((shown.steps[-1].answer or {})["codes"]) == {code.code for code in made}
    assert all(code.max_redemptions == 1 and code.expires_at == 1830297600 for code in made)


async def test_a_word_that_is_taken_gives_way_to_another(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    coupon = stage.sandbox.client.v1.coupons.create({"percent_off": 5})
    stage.sandbox.client.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING-0-1"}
    )
    monkeypatch.setattr(
        promotion_codes, "word", lambda _, number, attempt, request: f"{request.prefix}{number}-{attempt}"
    )
    await stage.automation.save(stage.principal, CAMPAIGN % 3, activate=True)
    shown = await stage.run()
    assert shown.run.state is RunState.DONE, shown.run.reason
    assert (shown.steps[-1].answer or {})["codes"] == ["SPRING-0-2", "SPRING-1-1", "SPRING-2-1"]
