"""The values of automation: workflows, their frozen versions, runs and the steps of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class WorkflowState(StrEnum):
    """A paused workflow starts no run; what already runs goes on."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"


class RunState(StrEnum):
    """Where a run stands. DONE, SKIPPED and FAILED are final; UNKNOWN waits for a person."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class StepState(StrEnum):
    """Where a step stands. WAITING: a mail the mail server has not taken yet. UNKNOWN: sent, its outcome not known."""

    RUNNING = "RUNNING"
    WAITING = "WAITING"
    DONE = "DONE"
    SKIPPED = "SKIPPED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


FINAL_RUN_STATES = frozenset({RunState.DONE, RunState.SKIPPED, RunState.FAILED, RunState.UNKNOWN})


@dataclass(frozen=True)
class Workflow:
    """A definition under a name; `version` is the number of the text that new runs get."""

    organisation_id: str
    id: str
    name: str
    description: str
    trigger: str
    state: WorkflowState
    version: int
    created: datetime
    updated: datetime
    updated_by: str


@dataclass(frozen=True)
class WorkflowVersion:
    """One frozen text of a workflow: `source` as it was written, `document` as it was understood."""

    organisation_id: str
    id: str
    workflow_id: str
    number: int
    source: str
    document: Mapping[str, Any]
    author: str
    created: datetime


@dataclass(frozen=True)
class Trigger:
    """What started a run: the event of ours, and the Stripe event and object it speaks of."""

    spine_event_id: int
    name: str
    stripe_event_id: str
    stripe_event_type: str
    created: int
    """Unix seconds, as Stripe gave it."""
    livemode: bool
    account_id: str | None
    object_type: str | None
    object_id: str | None

    def plain(self) -> dict[str, Any]:
        """As it is kept with the run and in its input."""
        return dict(self.__dict__)


@dataclass(frozen=True)
class Run:
    """One execution of one version, for one event."""

    organisation_id: str
    id: str
    workflow_id: str
    workflow_name: str
    version: int
    state: RunState
    reason: str | None
    """Why it was skipped, failed or needs a person; None otherwise."""
    livemode: bool
    trigger: Trigger
    created: datetime
    started: datetime | None
    finished: datetime | None


@dataclass(frozen=True)
class RunStep:
    """One line of a run's timeline: what was asked, what was answered, under which key, when."""

    run_id: str
    step: str
    position: int
    attempt: int
    action: str
    state: StepState
    request: Mapping[str, Any] | None
    """Stripe: method, path, params. Mail: to, subject, text, html."""
    answer: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    """code, sentence, and for Stripe's refusals request_id and status."""
    idempotency_key: str | None
    effect_id: str | None
    message_id: str | None
    started: datetime
    finished: datetime | None


@dataclass(frozen=True)
class Timeline:
    """A run with its steps in the order they were taken."""

    run: Run
    steps: Sequence[RunStep]
