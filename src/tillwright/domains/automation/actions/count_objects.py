"""How many objects fulfil a condition, from the mirror."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.requests import Selection
from tillwright.domains.automation.selecting import CHOSEN, where_of


def _build(given: Mapping[str, Any]) -> Selection:
    return Selection("total", given["object"], where_of(given))


ACTION = Action(
    name="count_objects",
    area="Stripe data",
    summary="Count the objects that fulfil a condition, in the mirror: {count}.",
    inputs=CHOSEN,
    build=_build,
)
