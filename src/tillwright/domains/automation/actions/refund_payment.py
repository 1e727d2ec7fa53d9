"""Give money back: all or a part of a charge, never more than what remains of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.plain_row import one_of
from tillwright.domains.automation.requests import Refund


def _build(given: Mapping[str, Any]) -> Refund:
    params = {name: given[name] for name in ("reason", "metadata") if name in given}
    return Refund(given.get("charge"), given.get("payment_intent"), given.get("amount"), params)


ACTION = Action(
    name="refund_payment",
    area="Refunds",
    summary=(
        "Give money back, at most what remains of the charge; one refund of a charge at a time. The step is skipped if "
        "nothing remains, and refused if the charge is disputed."
    ),
    inputs={
        "charge": Input("id", "The charge's id."),
        "payment_intent": Input("id", "Or its payment intent's id; the latest charge is meant."),
        "amount": Input("integer", "In minor units; all that remains if left out.", low=1),
        "reason": Input("text", "Why.", choices=("duplicate", "fraudulent", "requested_by_customer")),
        "metadata": Input("labels", "Labels of your own on the refund."),
    },
    build=_build,
    cross=one_of("charge", "payment_intent"),
)
