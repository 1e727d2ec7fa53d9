"""What a run is handed over with: all it needs to be finished by a process that never heard of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tillwright.domains.automation import definition
from tillwright.domains.automation.definition import Definition
from tillwright.domains.automation.model import Run, Trigger, WorkflowVersion


@dataclass(frozen=True)
class Plan:
    """A run's input: its definition is pinned here, so that a later version, or a later release, changes nothing."""

    organisation_id: str
    run_id: str
    version: int
    definition: Definition
    trigger: Trigger

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Plan:
        return cls(
            payload["organisation_id"],
            payload["run_id"],
            payload["version"],
            definition.of(payload["definition"]),
            Trigger(**payload["trigger"]),
        )

    @classmethod
    def payload(cls, run: Run, version: WorkflowVersion) -> dict[str, Any]:
        """As JSON, for the queue."""
        return {
            "organisation_id": run.organisation_id,
            "run_id": run.id,
            "version": run.version,
            "definition": version.document,
            "trigger": run.trigger.plain(),
        }

    def names(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """Everything an expression can read, given what the run knows by now: the object, and earlier answers."""
        return {
            "event": event_of(self.trigger),
            "run": {"id": self.run_id, "workflow": self.definition.name, "version": self.version},
            "object": known["object"],
            "steps": known["steps"],
        }


def event_of(trigger: Trigger) -> dict[str, Any]:
    """`event` as expressions see it."""
    return {
        "id": trigger.stripe_event_id,
        "type": trigger.stripe_event_type,
        "created": trigger.created,
        "livemode": trigger.livemode,
        "account": trigger.account_id,
    }
