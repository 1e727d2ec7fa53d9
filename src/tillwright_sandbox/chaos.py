"""What can go wrong from an event to its receiver: duplicates, shuffling, delays, losses; seeded, off by default."""

import random
from dataclasses import asdict, dataclass, field
from typing import Any

SETTINGS = (
    "duplicates",
    "twins",
    "shuffle_seconds",
    "delay_seconds",
    "never_delivered",
    "never_generated",
    "list_lag_seconds",
    "seed",
)


@dataclass
class Chaos:
    """Seconds are the virtual clock's; probabilities lie between 0 and 1.

    `duplicates`: up to so many copies of each delivery beyond the first, under one event id;
    `twins`: probability that one change makes two events; `shuffle_seconds`: each delivery waits a random while up to
    this; `delay_seconds`: every delivery waits so long; `never_delivered`, `never_generated`: probabilities;
    `list_lag_seconds`: /v1/events shows an event only so long after it happened.
    """

    duplicates: int = 0
    twins: float = 0.0
    shuffle_seconds: float = 0.0
    delay_seconds: float = 0.0
    never_delivered: float = 0.0
    never_generated: float = 0.0
    list_lag_seconds: float = 0.0
    seed: int = 1
    dice: random.Random = field(default_factory=lambda: random.Random(1), repr=False)

    def set(self, **settings: Any) -> dict[str, Any]:
        unknown = sorted(set(settings) - set(SETTINGS))
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}; known are {', '.join(SETTINGS)}.")
        for name, value in settings.items():
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
                raise ValueError(f"{name} must be a number of at least 0.")
            setattr(self, name, value)
        if "seed" in settings:
            self.dice = random.Random(int(self.seed))
        return self.state()

    def state(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name in SETTINGS}

    def chance(self, probability: float) -> bool:
        return probability > 0 and self.dice.random() < probability

    def waits(self) -> list[float]:
        """Seconds to wait before each copy of a delivery; one copy unless duplicates are on, none if it is lost."""
        if self.chance(self.never_delivered):
            return []
        copies = 1 + (self.dice.randint(0, int(self.duplicates)) if self.duplicates else 0)
        return [
            self.delay_seconds + (self.dice.uniform(0, self.shuffle_seconds) if self.shuffle_seconds else 0.0)
            for _ in range(copies)
        ]
