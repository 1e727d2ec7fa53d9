"""The object an event speaks of, as it is now: rules decide on it and never on what the event carried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tillwright.domains.automation.model import Trigger
from tillwright.domains.integrations import Integrations
from tillwright.domains.mirror.kinds import BY_OBJECT
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.kit.errors import Conflict, Invalid


@dataclass(frozen=True)
class Fetched:
    """`body` is Stripe's object; `account_id` the account whose key fetched it."""

    body: dict[str, Any]
    account_id: str | None
    request_id: str | None


def path_of(trigger: Trigger) -> str:
    """Where the event's object is fetched.

    Raises:
        Invalid: it has no address of its own.
    """
    kind = BY_OBJECT.get(trigger.object_type or "")
    path = kind.path_of(trigger.object_id) if kind and trigger.object_id else None
    if path is None:
        raise Invalid(
            "object_not_fetchable",
            f"The object of a {trigger.stripe_event_type} event ({trigger.object_type or 'none'}) can't be fetched "
            "from Stripe, so no rule can be decided on it.",
            remedy="Use an event whose object has an id of its own, such as an invoice's.",
        )
    return path


class Fetcher:
    """Fetches with the organisation's own key, in the event's mode and on the event's account."""

    def __init__(self, *, integrations: Integrations, reader: StripeReader) -> None:
        self._integrations = integrations
        self._reader = reader

    async def fetch(self, organisation_id: str, trigger: Trigger) -> Fetched:
        """One GET.

        Raises:
            Invalid: the object has no address.
            Conflict: another account or mode is connected by now.
            Absent: nothing is connected, or the object is gone.
            Upstream: Stripe can't be reached, or asks to wait.
        """
        path = path_of(trigger)
        access = await self._integrations.access(
            organisation_id, livemode=trigger.livemode, why=f"fetch {trigger.object_id} for a run"
        )
        if trigger.account_id and access.account_id and trigger.account_id != access.account_id:
            raise Conflict(
                "account_mismatch",
                f"The event is of account {trigger.account_id}; {access.account_id} is connected now.",
                remedy="Nothing to do: runs never act on another account than their event's.",
            )
        answer = await self._reader.get(access, path)
        return Fetched(answer.body, access.account_id, answer.request_id)
