"""The one object that fulfils a condition, from the mirror."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import Selection
from tillwright.domains.automation.selecting import CHOSEN, where_of


def _build(given: Mapping[str, Any]) -> Selection:
    return Selection("first", given["object"], where_of(given), oldest_first=given["oldest_first"])


ACTION = Action(
    name="find_object",
    area="Stripe data",
    summary="Find the newest object that fulfils a condition, in the mirror: {found, object}; object is null if none.",
    inputs={**CHOSEN, "oldest_first": Input("boolean", "The oldest instead of the newest.", default=False)},
    build=_build,
)
