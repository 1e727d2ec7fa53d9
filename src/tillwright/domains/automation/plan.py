"""What a run is handed over with: all it needs to be finished by a process that never heard of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tillwright.domains.automation import definition
from tillwright.domains.automation.definition import Definition
from tillwright.domains.automation.model import Run, Trigger


@dataclass(frozen=True)
class Plan:
    """A run's input: its definition is pinned here, so that a later version, or a later release, changes nothing."""

    organisation_id: str
    run_id: str
    version: int
    definition: Definition
    trigger: Trigger
    segment: int = 1
    attempts: Mapping[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Plan:
        return cls(
            payload["organisation_id"],
            payload["run_id"],
            payload["version"],
            definition.of(payload["definition"]),
            Trigger(**payload["trigger"]),
            payload.get("segment", 1),
            payload.get("attempts") or {},
        )

    @classmethod
    def payload(cls, run: Run, document: Mapping[str, Any]) -> dict[str, Any]:
        """As JSON, for the queue; `document` is that of the run's version."""
        return {
            "organisation_id": run.organisation_id,
            "run_id": run.id,
            "version": run.version,
            "definition": document,
            "trigger": run.trigger.plain(),
            "segment": run.segment,
            "attempts": dict(run.attempts or {}),
        }

    @property
    def queue_id(self) -> str:
        """What this segment of the run is called in the queue."""
        return queue_id(self.run_id, self.segment)

    def position(self, path: str) -> int:
        """Where a step stands in the definition, from 1; 0 for what is no step of it."""
        identifier = path.rsplit(".", 1)[-1]
        ids = [step.id for step in self.definition.every_step()]
        return ids.index(identifier) + 1 if identifier in ids else 0

    def names(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """Everything an expression can read, given what the run knows by now: the object, and earlier answers."""
        return {
            "event": event_of(self.trigger),
            "run": {"id": self.run_id, "workflow": self.definition.name, "version": self.version},
            "object": known["object"],
            "inputs": dict(self.trigger.inputs or {}),
            "steps": known["steps"],
        } | known.get("names", {})


def event_of(trigger: Trigger) -> dict[str, Any]:
    """`event` as expressions see it."""
    return {
        "id": trigger.stripe_event_id,
        "type": trigger.stripe_event_type,
        "created": trigger.created,
        "livemode": trigger.livemode,
        "account": trigger.account_id,
        "data": dict(trigger.data or {}),
    }


def queue_id(run_id: str, segment: int) -> str:
    """The same run handed over once more is another piece of work to the queue."""
    return run_id if segment == 1 else f"{run_id}.{segment}"
