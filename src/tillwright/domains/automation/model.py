"""The values of automation: workflows, their frozen versions, runs and the steps of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class WorkflowState(StrEnum):
    """A paused workflow starts no run, and what already runs takes no further step until it is active again."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"


class RunState(StrEnum):
    """Where a run stands. WAITING: for a time, an event or a person, in nobody's hands.

    DONE, SKIPPED, FAILED and CANCELLED are final; UNKNOWN waits for a person. FAILED, CANCELLED and UNKNOWN can be
    taken up again.
    """

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    DONE = "DONE"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    CANCELLED = "CANCELLED"


class StepState(StrEnum):
    """Where a step stands. WAITING: a mail the mail server has not taken yet. UNKNOWN: sent, its outcome not known."""

    RUNNING = "RUNNING"
    WAITING = "WAITING"
    DONE = "DONE"
    SKIPPED = "SKIPPED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


FINAL_RUN_STATES = frozenset({RunState.DONE, RunState.SKIPPED, RunState.FAILED, RunState.UNKNOWN, RunState.CANCELLED})
CAN_GO_ON = frozenset({RunState.FAILED, RunState.UNKNOWN, RunState.CANCELLED})
"""What a person may take up again."""


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
    """What started a run: the event of ours, and the Stripe event and object it speaks of.

    A run that no Stripe event started has in `stripe_event_type` what did (an event of ours, `schedule`, `manual`,
    `api`, `call`), and in `stripe_event_id` what makes that start one of a kind.
    """

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
    data: Mapping[str, Any] | None = None
    """What `object` is where Stripe has nothing to be fetched: an event's data, a form's inputs."""
    inputs: Mapping[str, Any] | None = None
    depth: int = 0
    """How many runs caused one another before this one."""

    @property
    def brings_its_object(self) -> bool:
        """Whether there is nothing at Stripe to be fetched first."""
        return self.object_id is None and self.object_type is None and self.data is not None

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
    lane: str | None = None
    """Runs of one lane go one after the other, in the order they began."""
    segment: int = 1
    """How often it was handed over: once, and once more each time it waited or was taken up again."""
    attempts: Mapping[str, int] | None = None
    """The attempt of intent that steps begin with, where that is not the first."""
    wake_at: datetime | None = None
    waits_for: str | None = None
    """`time`, `event`, `approval`, `run`, `stop_switch`, `workflow_paused` or `stripe`, while it waits."""
    parent: str | None = None
    """The run that called this one."""


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


@dataclass(frozen=True)
class RunSearch:
    """Which runs of a list are wanted; what is None or empty narrows nothing.

    `since` and `until` bound when a run began. `about` is the id of the object a run is about, or of its customer.
    `text` stands in a run's id, workflow or reason, or in what one of its steps said.
    """

    workflow_id: str | None = None
    state: RunState | None = None
    since: datetime | None = None
    until: datetime | None = None
    about: str = ""
    text: str = ""


class ApprovalState(StrEnum):
    """SUPERSEDED: what was to be approved has changed, and was asked anew."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"


@dataclass(frozen=True)
class Approval:
    """A person's yes or no to one exact request.

    `payload_hash` is of the request, its amount and the question: a yes holds for that hash and for no other.
    `amount` is in minor units of `currency`.
    """

    organisation_id: str
    id: str
    run_id: str
    workflow_id: str
    workflow_name: str
    step: str
    attempt: int
    payload_hash: str
    request: Mapping[str, Any]
    question: str
    amount: int | None
    currency: str | None
    role: str
    livemode: bool
    state: ApprovalState
    due: datetime
    created: datetime
    decided: datetime | None
    decided_by: str | None
    note: str | None
