"""How one piece of a run's work came out, as its checkpoint keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from tillwright.domains.automation.model import StepState
from tillwright.kit.errors import TillwrightError


class Outcome(TypedDict):
    """`state` is a StepState; `answer` what later steps can read; `error` why it did not end well."""

    state: str
    answer: dict[str, Any] | None
    error: dict[str, Any] | None


def outcome(
    state: StepState, answer: Mapping[str, Any] | None = None, error: Mapping[str, Any] | None = None
) -> Outcome:
    return {
        "state": str(state),
        "answer": None if answer is None else dict(answer),
        "error": None if error is None else dict(error),
    }


def said(error: TillwrightError) -> dict[str, Any]:
    """An error as plain data; one from Stripe brings its own account of itself."""
    record = getattr(error, "record", None)
    if callable(record):
        return cast("dict[str, Any]", record())
    return {"code": error.code, "sentence": str(error), "remedy": error.remedy}


def again(error: TillwrightError) -> bool:
    """Whether asking once more, later, can help: the other side was not there, or somebody asked us to wait."""
    return error.family == "upstream" or error.code == "integration_paused"
