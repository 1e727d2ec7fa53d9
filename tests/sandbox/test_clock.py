"""The virtual clock: it moves forward only, tells everyone, and comes back from a snapshot as it was."""

import pytest

from tillwright_sandbox.clock import Clock


class Real:
    def __init__(self) -> None:
        self.at = 1_000_000.0

    def __call__(self) -> float:
        return self.at


def test_runs_with_real_time_plus_what_was_advanced() -> None:
    real = Real()
    clock = Clock(real)
    clock.advance(3600)
    real.at += 5
    assert clock.now() == 1_003_605


def test_frozen_stands_still_and_still_can_be_moved() -> None:
    real = Real()
    clock = Clock(real)
    clock.freeze()
    real.at += 100
    assert clock.now() == 1_000_000
    clock.advance(60)
    assert clock.now() == 1_000_060
    clock.unfreeze()
    real.at += 1
    assert clock.now() == 1_000_061


def test_tells_each_step_once_also_when_time_just_goes_by() -> None:
    real = Real()
    clock = Clock(real)
    seen: list[tuple[int, int]] = []
    clock.on_advance.append(lambda before, after: seen.append((before, after)))
    clock.advance(10)
    real.at += 2
    clock.tick()
    clock.tick()
    assert seen == [(1_000_000, 1_000_010), (1_000_010, 1_000_012)]


@pytest.mark.parametrize("move", [lambda clock: clock.advance(-1), lambda clock: clock.set(999_000)])
def test_refuses_to_go_back(move) -> None:
    clock = Clock(Real())
    with pytest.raises(ValueError, match="forward"):
        move(clock)


def test_snapshot_keeps_offset_and_frost() -> None:
    real = Real()
    clock = Clock(real)
    clock.advance(500)
    clock.freeze()
    later = Clock(real)
    later.restore(clock.snapshot())
    real.at += 50
    assert later.now() == 1_000_500
    assert later.state()["frozen"] is True
