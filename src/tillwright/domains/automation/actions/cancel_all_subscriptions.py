"""End everything a customer subscribes to, at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import StripeRead, StripeWrite, Sweep


def _build(given: Mapping[str, Any]) -> Sweep:
    running = StripeRead("/v1/subscriptions", {"customer": given["customer"]})
    params = {name: given[name] for name in ("invoice_now", "prorate") if name in given}
    return Sweep(running, StripeWrite("DELETE", "/v1/subscriptions/{id}", params))


ACTION = Action(
    name="cancel_all_subscriptions",
    area="Subscriptions",
    summary="End all subscriptions of a customer at once, for good.",
    inputs={
        "customer": Input("id", "The customer's id.", required=True),
        "invoice_now": Input("boolean", "Bill what was used and not billed yet."),
        "prorate": Input("boolean", "Credit the rest of the paid period."),
    },
    build=_build,
)
