"""A field of many objects added up, by currency, from the mirror."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import Selection
from tillwright.domains.automation.selecting import CHOSEN, where_of


def _build(given: Mapping[str, Any]) -> Selection:
    return Selection("total", given["object"], where_of(given), field=given["field"])


ACTION = Action(
    name="sum_objects",
    area="Stripe data",
    summary="Add up a field of the objects that fulfil a condition: {count, sums}, by currency such as {eur: 4900}.",
    inputs={
        **CHOSEN,
        "field": Input("text", "Which field, such as amount_paid; whole minor units.", longest=100, default="amount"),
    },
    build=_build,
)
