"""A process may die at any commit, request, answer, mail or checkpoint: the run completes, with each effect once."""

from __future__ import annotations

import os
import random

import pytest

from tests.domains.automation.crashing import KINDS, Crashing, Seen
from tests.domains.automation.stage import Stage
from tests.domains.automation.test_messages import Elsewhere, elsewhere
from tillwright.domains.automation.carrying import carriers_by_request
from tillwright.domains.automation.step import CONTROLS

__all__ = ["elsewhere"]

PAIRS = int(os.environ.get("TRIAL_PAIRS", "0"))
"""How many pairs of points of each kind; the trial asks for all."""


def test_no_kind_of_step_is_left_out() -> None:
    carried = {file.__name__.rsplit(".", 1)[-1] for file in carriers_by_request().values()}  # type: ignore[attr-defined]
    first_words = {kind.replace(",", "").split(" ")[0] for kind in KINDS}
    assert carried | set(CONTROLS) <= first_words


@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", [0, 1])
async def test_every_single_point(stage: Stage, elsewhere: Elsewhere, part: int) -> None:
    crashing, kinds = Crashing(stage, elsewhere.url, elsewhere.got), list(KINDS)[part::2]
    await crashing.set_up(kinds)
    for kind in kinds:
        whole = await crashing.once(kind)
        assert whole.ended == "DONE", (kind, whole.reason)
        print(f"{kind}: {len(whole.points)} points, writes {dict(whole.writes)}")
        for point, name in enumerate(whole.points, 1):
            check(await crashing.once(kind, point), whole, f"{kind}: {name} ({point})")


@pytest.mark.skipif(not PAIRS, reason="a trial: make trial ONLY=crash-pairs")
@pytest.mark.timeout(36_000)
async def test_ordered_pairs(stage: Stage, elsewhere: Elsewhere) -> None:
    """The successor dies too, at any point of its own."""
    seed = int(os.environ.get("TRIAL_SEED", "1"))
    crashing, chosen, total = Crashing(stage, elsewhere.url, elsewhere.got), random.Random(seed), 0
    await crashing.set_up(list(KINDS))
    for kind in KINDS:
        points = (await crashing.once(kind)).points
        pairs = [(first, then) for first in range(1, len(points) + 1) for then in range(1, len(points) + 1)]
        whole = await crashing.once(kind)
        for first, then in sorted(chosen.sample(pairs, min(PAIRS, len(pairs)))):
            check(await crashing.once(kind, first, then), whole, f"{kind}: a commit, {first} and then {then}", twice=2)
            total += 1
    print(f"seed {seed}, {total} pairs of points")


def check(seen: Seen, whole: Seen, where: str, twice: int = 1) -> None:
    """What a run with a crash left behind is what one without it does."""
    assert (seen.ended, seen.reason, seen.timeline) == (whole.ended, whole.reason, whole.timeline), where
    assert seen.writes == whole.writes, where
    # The windows in which a mail or a request to somebody else's service can go out twice: it has come there, and we
    # have not noted so. Nothing can close them from here.
    double = twice * ("a mail" in where or "a commit" in where)
    assert len(seen.letters) <= len(whole.letters) + double, where
    assert len(set(seen.letters)) == len(whole.letters), where
    assert 0 <= len(seen.calls) - len(whole.calls) <= twice, where
    assert len(set(seen.calls)) == len(whole.calls), where
