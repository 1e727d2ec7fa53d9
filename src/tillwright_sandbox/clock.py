"""The virtual clock: the sandbox's only idea of what time it is, so that a month can pass in a call."""

import time
from collections.abc import Callable
from typing import Any

OnAdvance = Callable[[int, int], object]


class Clock:
    """Runs with real time plus an offset, or stands still when frozen. All times are unix seconds, UTC.

    Whoever must act when time passes (renewals, retries, expiries) puts a callback into `on_advance`; it is called
    with (before, after) for every step, whether somebody moved the clock or a second simply went by (`tick`).
    """

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self.real = real
        self.offset = 0.0
        self.frozen_at: float | None = None
        self.on_advance: list[OnAdvance] = []
        self.seen = self.now()

    def now(self) -> int:
        return int(self.precise())

    def precise(self) -> float:
        return self.frozen_at if self.frozen_at is not None else self.real() + self.offset

    def advance(self, seconds: float) -> int:
        """Moves forward by seconds and lets everything due happen. Backwards is refused: history can't unhappen."""
        if seconds < 0:
            raise ValueError("The clock only moves forward; give a number of seconds of at least 0.")
        return self.set(self.precise() + seconds)

    def set(self, moment: float) -> int:
        """Moves to a moment (forward only) and lets everything due happen on the way."""
        if moment < self.precise() - 1:
            raise ValueError(f"The clock stands at {self.now()} and only moves forward; {int(moment)} is in the past.")
        self._jump(max(moment, self.precise()))
        return self.tick()

    def start_at(self, moment: float) -> None:
        """Puts the clock anywhere, back too, with no callback: only for a world in which nothing happened yet."""
        self._jump(moment)
        self.seen = self.now()

    def freeze(self) -> int:
        self.frozen_at = self.precise()
        return self.now()

    def unfreeze(self) -> int:
        if self.frozen_at is not None:
            self.offset = self.frozen_at - self.real()
            self.frozen_at = None
        return self.now()

    def tick(self) -> int:
        """Tells the callbacks how far time has come since the last tick. Answers the present."""
        before, after = self.seen, self.now()
        if after > before:
            self.seen = after
            for callback in list(self.on_advance):
                callback(before, after)
        return self.now()

    def _jump(self, moment: float) -> None:
        if self.frozen_at is not None:
            self.frozen_at = moment
        else:
            self.offset = moment - self.real()

    def state(self) -> dict[str, Any]:
        return {"now": self.now(), "offset": self.offset, "frozen": self.frozen_at is not None}

    def snapshot(self) -> dict[str, Any]:
        return {"offset": self.offset, "frozen_at": self.frozen_at, "seen": self.seen}

    def restore(self, state: dict[str, Any]) -> None:
        self.offset, self.frozen_at, self.seen = state["offset"], state["frozen_at"], state["seen"]
