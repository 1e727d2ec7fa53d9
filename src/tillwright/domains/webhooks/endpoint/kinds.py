"""The two endpoints we keep at Stripe, for the account's own events and for those who leave by Connect: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains.integrations.ownership import CONNECT_MARK, ORGANISATION, is_for_connect, organisation_of
from tillwright.domains.webhooks.model import Endpoint

DEPARTURE = "account.application.deauthorized"
"""All that is asked for of users' accounts: what else happens on them is nobody's business here."""
OPERATION = "tillwright_operation"


def events_of(endpoint: Endpoint) -> Sequence[str]:
    """The types it is sent."""
    return [DEPARTURE] if endpoint.connect else ["*"]


def parameters(endpoint: Endpoint, url: str, api_version: str) -> dict[str, Any]:
    """What Stripe is asked to make."""
    metadata = {ORGANISATION: endpoint.organisation_id, OPERATION: endpoint.id}
    described = "Tillwright: keeps its copy of your data true and starts your workflows."
    if endpoint.connect:
        described = "Tillwright: hears when a user takes back access to an account of their own."
    made: dict[str, Any] = {
        "url": url,
        "enabled_events": events_of(endpoint),
        "api_version": api_version,
        "description": described,
        "metadata": metadata | CONNECT_MARK if endpoint.connect else metadata,
    }
    return made | {"connect": True} if endpoint.connect else made


def is_of(endpoint: Endpoint, found: Mapping[str, Any]) -> bool:
    """Whether what was found at Stripe was made for this one."""
    return organisation_of(found) == endpoint.organisation_id and is_for_connect(found) is endpoint.connect


def events_are_right(endpoint: Endpoint, found: Mapping[str, Any]) -> bool:
    """Whether it is sent what it should be, and for Connect nothing else."""
    sent: Sequence[str] = found.get("enabled_events") or []
    return list(sent) == [DEPARTURE] if endpoint.connect else "*" in sent
