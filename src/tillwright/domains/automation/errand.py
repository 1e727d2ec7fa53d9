"""What a carrier is given and gives back: the parts it may use, whose step it is, and how it came out."""

from __future__ import annotations

from dataclasses import dataclass

from tillwright.domains.automation import park_store
from tillwright.domains.automation.outcome import Outcome
from tillwright.domains.billing import Effects, Refunds
from tillwright.domains.integrations import Integrations, NamedSecrets
from tillwright.domains.mirror import Mirror
from tillwright.domains.notifications import Notifications
from tillwright.gateways.database import Database
from tillwright.gateways.outgoing import Outgoing
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.gateways.stripe.writer import MaySend
from tillwright.kit.clock import Clock


@dataclass(frozen=True)
class Parts:
    """What carriers are built on."""

    clock: Clock
    database: Database
    effects: Effects
    refunds: Refunds
    notifications: Notifications
    integrations: Integrations
    reader: StripeReader
    mirror: Mirror
    secrets: NamedSecrets
    outgoing: Outgoing

    def may_send(self, errand: Errand) -> MaySend:
        """For a write: whether somebody holds the errand's run, looked at at the very moment it would be sent."""

        async def look() -> str | None:
            async with self.database.tenant(errand.organisation_id) as tx:
                return (await park_store.gate(tx, errand.organisation_id, errand.run_id)).why

        return look


@dataclass(frozen=True)
class Errand:
    """Whose step is carried out. `attempt` is the attempt of intent: the same through every crash and retry."""

    organisation_id: str
    run_id: str
    workflow: str
    step: str
    attempt: int
    livemode: bool
    account_id: str | None = None
    """The only account it may write on; None if its run has not written on any yet."""

    def key(self, kind: str) -> str:
        """A name for this errand that no other has, for what knows an idempotency key."""
        return f"{kind}:{self.run_id}:{self.step}:{self.attempt}"


@dataclass(frozen=True)
class Carried:
    """How an errand came out, and what it left behind: an idempotency key, an effect, a message."""

    outcome: Outcome
    idempotency_key: str | None = None
    effect_id: str | None = None
    message_id: str | None = None
