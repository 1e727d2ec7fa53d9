"""Which happenings can start a run, and what such a run is called."""

from __future__ import annotations

from tillwright.domains.automation.model import Trigger
from tillwright.domains.events import SpineEvent
from tillwright.kit import ids

STRIPE = "stripe:event:"
"""How the spine names an applied Stripe event; its type follows."""


def trigger_of(event: SpineEvent) -> Trigger | None:
    """The trigger an event is, or None for an event that nothing can be started by."""
    if not event.name.startswith(STRIPE):
        return None
    data = event.data
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


def run_id(workflow_id: str, stripe_event_id: str) -> str:
    """The one run of a workflow for an event: whatever comes twice, comes under the same id.

    It does not depend on the version: a definition edited between two deliveries starts no second run.
    """
    return "run_" + ids.digest("run", workflow_id, stripe_event_id)
