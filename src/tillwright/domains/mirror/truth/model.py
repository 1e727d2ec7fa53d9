"""Values of the answer: what is known of each type, what speaks against it, and where that leaves the whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from tillwright.domains.mirror.coverage import Coverage
from tillwright.domains.mirror.proof.model import Proof


class Standing(StrEnum):
    RIGHT = "RIGHT"
    """Every list that the key may read was read, and lately compared with Stripe, and nothing differs."""
    DRIFTED = "DRIFTED"
    """The latest comparison found objects that were not as Stripe has them, mended or not."""
    NOT_KNOWN = "NOT_KNOWN"
    """Something was not read, not compared, not lately, or cannot be kept up."""


class Tone(StrEnum):
    GOOD = "good"
    BUSY = "busy"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Listening:
    """What is known of the way in, of one mode: events that could not be asked for, or do not apply, or are lost.

    `gap_without`: lists that could not be read again when the last gap was closed.
    """

    poll_error: dict[str, Any] | None = None
    failing: int = 0
    gap_open: bool = False
    gap_without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Freshness:
    """`newest`: when the newest object of the type was made; `heard`: when an event last told of one, by our clock."""

    newest: datetime | None
    heard: datetime | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Objects of a type that wait to be fetched again since `since`, and those of them that could not be."""

    waiting: int
    failing: int
    since: datetime
    error: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Listed:
    """One type: how much of it is here, how fresh, how true.

    `right`: what the key lacks, as Stripe writes it; `part`: what Stripe's list leaves out, and what brings the rest;
    `error`: why it was not read, or not compared; `read`: when its list was last read or compared to the end;
    `carried`: the object that carries the first of them, with which those are compared.
    """

    object: str
    plural: str
    coverage: Coverage
    right: str | None
    part: str | None
    error: dict[str, Any] | None
    present: int
    deleted: int
    proof: Proof | None
    doubt: Doubt | None
    fresh: Freshness
    read: datetime | None
    carried: str | None = None

    @property
    def proven_at(self) -> datetime | None:
        return self.proof.proven_at if self.proof else None


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know. `note`: it takes nothing from the answer; any other keeps it from being RIGHT."""

    code: str
    tone: Tone
    title: str
    sentence: str
    remedy: str | None = None
    note: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """The answer for one mode: the weightiest thing there is to know in `code` to `remedy`, the others in `remarks`.

    Of `readable` lists (those that the account has and the key may read) `proven` were compared to the end within
    `within`, `rows` objects in all; `oldest` is the oldest of all proofs.
    """

    livemode: bool
    standing: Standing
    code: str
    tone: Tone
    title: str
    sentence: str
    remedy: str | None
    remarks: tuple[Remark, ...]
    lists: tuple[Listed, ...]
    readable: int
    proven: int
    rows: int
    oldest: datetime | None
    within: timedelta
