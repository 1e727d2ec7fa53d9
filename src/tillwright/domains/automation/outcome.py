"""How one piece of a run's work came out, as its checkpoint keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, cast

from tillwright.domains.automation.model import StepState
from tillwright.kit.errors import TillwrightError


class Outcome(TypedDict):
    """`state` is a StepState; `answer` what later steps can read; `error` why it did not end well.

    `wait`: look again after so many seconds at the latest; without it, whoever looks decides how often.
    """

    state: str
    answer: dict[str, Any] | None
    error: dict[str, Any] | None
    wait: NotRequired[float]


CANCELLED = "run_cancelled"
"""The code of a step that was not taken because somebody cancelled its run."""


def outcome(
    state: StepState,
    answer: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
    *,
    wait: float | None = None,
) -> Outcome:
    result: Outcome = {
        "state": str(state),
        "answer": None if answer is None else dict(answer),
        "error": None if error is None else dict(error),
    }
    if wait is not None:
        result["wait"] = wait
    return result


def waiting(code: str, sentence: str, seconds: float) -> Outcome:
    """Nothing to do yet; look again then, or when somebody wakes the run."""
    return outcome(StepState.WAITING, None, {"code": code, "sentence": sentence}, wait=seconds)


def said(error: TillwrightError) -> dict[str, Any]:
    """An error as plain data; one from Stripe brings its own account of itself."""
    record = getattr(error, "record", None)
    if callable(record):
        return cast("dict[str, Any]", record())
    return {"code": error.code, "sentence": str(error), "remedy": error.remedy}


def again(error: TillwrightError) -> bool:
    """Whether asking once more, later, can help: the other side was not there, or somebody asked us to wait."""
    return error.family == "upstream" or error.code == "integration_paused"
