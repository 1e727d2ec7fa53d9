"""The five families of errors that cross a room's border.

TillwrightError
├── Absent      the thing asked for is not there
├── Conflict    it is there, but in a state that forbids this
├── Denied      the caller may not do this, or is not who it says
├── Invalid     the input itself is wrong
└── Upstream    a system we depend on failed or could not be reached

An error carries a stable code and data, never an HTTP status: each door maps families to its own answers, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Problem:
    """One complaint about an input: which field (dotted path or line:column), what is wrong, what to do."""

    code: str
    sentence: str
    field: str | None = None
    remedy: str | None = None


class TillwrightError(Exception):
    """Something a caller can be told: `code` is stable, `sentence` is for people, `remedy` says what to do."""

    family: ClassVar[str] = "error"

    def __init__(
        self, code: str, sentence: str, *, field: str | None = None, remedy: str | None = None, **data: Any
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.field = field
        self.remedy = remedy
        self.data = data

    def __str__(self) -> str:
        return f"{self.sentence} {self.remedy}" if self.remedy else self.sentence


class Absent(TillwrightError):
    """The thing asked for is not there, or not visible to the caller."""

    family = "absent"


class Conflict(TillwrightError):
    """The thing is in a state that forbids this."""

    family = "conflict"


class Denied(TillwrightError):
    """The caller may not do this, or is not who it says it is."""

    family = "denied"


class Invalid(TillwrightError):
    """The input is wrong; nothing was changed."""

    family = "invalid"

    @property
    def problems(self) -> Sequence[Problem]:
        """Every complaint about the input, at least one."""
        return self.data.get("problems") or [Problem(self.code, self.sentence, self.field, self.remedy)]

    @classmethod
    def many(cls, problems: Sequence[Problem]) -> Invalid:
        """One error that holds all complaints at once, so that a person mends them in one go."""
        first = problems[0]
        if len(problems) == 1:
            return cls(first.code, first.sentence, field=first.field, remedy=first.remedy)
        return cls(
            "several_problems",
            f"{len(problems)} things need to be changed: " + " ".join(p.sentence for p in problems),
            field=first.field,
            remedy=first.remedy,
            problems=list(problems),
        )


class Upstream(TillwrightError):
    """A system we depend on failed, answered nonsense or could not be reached."""

    family = "upstream"
