"""The only place that reads the time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Time as a parameter: `now` is aware UTC, `monotonic` and `sleep` are in seconds."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SharedClock(SystemClock):
    """The machine's clock, ahead by as many seconds as a file says: the one time of all processes of a demo."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.ahead())

    def ahead(self) -> float:
        """Seconds; 0 while the file is not there."""
        try:
            return max(0.0, float(self._path.read_text()))
        except (OSError, ValueError):
            return 0.0

    def advance(self, seconds: float) -> None:
        """Move forward, for every process that reads this file."""
        text = f"{self.ahead() + max(0.0, seconds):.3f}"
        fresh = self._path.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(self._path)


class ManualClock:
    """A clock that stands still until it is moved; sleeping moves it."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an aware time")
        self._now = start.astimezone(UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def move(self, seconds: float) -> None:
        """Move by `seconds`; backwards is allowed, as with a corrected clock (`monotonic` never goes back)."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += max(0.0, seconds)

    async def sleep(self, seconds: float) -> None:
        self.move(seconds)
        await asyncio.sleep(0)


def from_unix(seconds: int | float) -> datetime:
    """Stripe's seconds since 1970 as an aware UTC time."""
    return datetime.fromtimestamp(seconds, UTC)


def to_unix(moment: datetime) -> int:
    """An aware time as whole seconds since 1970, rounded down."""
    return int(moment.timestamp())
