"""What a happening is as a trigger, and what the run it starts is called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tillwright.domains.automation.model import Run, RunState, Trigger, Workflow
from tillwright.domains.automation.rules import STRIPE, Rule
from tillwright.domains.events import SpineEvent
from tillwright.kit import ids
from tillwright.kit.clock import to_unix


def trigger_of(event: SpineEvent) -> Trigger:
    """The trigger an event of the spine is."""
    data = event.data
    if event.name.startswith(STRIPE):
        return Trigger(
            spine_event_id=event.id,
            name=event.name,
            stripe_event_id=data["event_id"],
            stripe_event_type=event.name.removeprefix(STRIPE),
            created=data["created"],
            livemode=data["livemode"],
            account_id=data.get("account_id"),
            object_type=data.get("object_type"),
            object_id=data.get("object_id"),
        )
    return Trigger(
        spine_event_id=event.id,
        name=event.name,
        stripe_event_id=f"event_{event.identity}",
        stripe_event_type=event.name,
        created=to_unix(event.created),
        livemode=data["livemode"] if isinstance(data.get("livemode"), bool) else data.get("mode") == "live",
        account_id=data.get("accountId"),
        object_type=None,
        object_id=None,
        data=data,
        depth=data.get("depth", -1) + 1 if isinstance(data.get("depth", -1), int) else 0,
    )


def on_time(number: int, due: datetime, time_zone: str, *, livemode: bool) -> Trigger:
    """The trigger a time is; `number` counts the schedules of the definition, from 1."""
    return Trigger(
        spine_event_id=0,
        name="schedule",
        stripe_event_id=f"schedule_{number}_{due:%Y%m%dT%H%M}",
        stripe_event_type="schedule",
        created=to_unix(due),
        livemode=livemode,
        account_id=None,
        object_type=None,
        object_id=None,
        data={"scheduled": to_unix(due), "time_zone": time_zone},
    )


def by_hand(
    rule: Rule, given: Mapping[str, Any], at: datetime, *, name: str, key: str, livemode: bool, object_id: str | None
) -> Trigger:
    """The trigger a start by a person or a program is; `key` makes it one of a kind."""
    return Trigger(
        spine_event_id=0,
        name=name,
        stripe_event_id=key,
        stripe_event_type=name,
        created=to_unix(at),
        livemode=livemode,
        account_id=None,
        object_type=rule.object_type if object_id else None,
        object_id=object_id,
        data=None if object_id else {},
        inputs=dict(given),
    )


def delivered(delivery_id: str, data: Mapping[str, Any], at: int, *, livemode: bool) -> Trigger:
    """The trigger a delivery to a workflow's address is; `at` in seconds since 1970."""
    return Trigger(
        spine_event_id=0,
        name="webhook",
        stripe_event_id=delivery_id,
        stripe_event_type="webhook",
        created=at,
        livemode=livemode,
        account_id=None,
        object_type=None,
        object_id=None,
        data=data,
    )


def says_its_mode(event: SpineEvent) -> bool:
    """Whether an event is of one mode; one about the organisation is of the mode that is connected."""
    return isinstance(event.data.get("livemode"), bool) or event.data.get("mode") in ("live", "test")


def cause(event: SpineEvent) -> str | None:
    """The run that an event of ours came of, if one did: what a run asked, ended as, or sent by mail."""
    if event.name.startswith("notification:"):
        return next((part for part in str(event.data.get("key")).split(":") if part.startswith("run_")), None)
    run = event.data.get("run")
    return run if isinstance(run, str) else None


def run_id(workflow_id: str, stripe_event_id: str) -> str:
    """The one run of a workflow for an event: whatever comes twice, comes under the same id.

    It does not depend on the version: a definition edited between two deliveries starts no second run.
    """
    return "run_" + ids.digest("run", workflow_id, stripe_event_id)


def new_run(
    workflow: Workflow,
    trigger: Trigger,
    run_id: str,
    now: datetime,
    *,
    lane: str | None = None,
    parent: str | None = None,
) -> Run:
    """A run that is still to be handed over."""
    return Run(
        organisation_id=workflow.organisation_id,
        id=run_id,
        workflow_id=workflow.id,
        workflow_name=workflow.name,
        version=workflow.version,
        state=RunState.QUEUED,
        reason=None,
        livemode=trigger.livemode,
        trigger=trigger,
        created=now,
        started=None,
        finished=None,
        lane=lane,
        parent=parent,
    )
