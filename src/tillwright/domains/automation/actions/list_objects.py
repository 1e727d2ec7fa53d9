"""All objects that fulfil a condition, from the mirror."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import Selection
from tillwright.domains.automation.selecting import CHOSEN, where_of


def _build(given: Mapping[str, Any]) -> Selection:
    return Selection(
        "objects", given["object"], where_of(given), tuple(given.get("fields", ())), given["limit"],
        given["oldest_first"],
    )  # fmt: skip


ACTION = Action(
    name="list_objects",
    area="Stripe data",
    summary="List objects that fulfil a condition, from the mirror, without a cut at 100: {count, items, more}.",
    inputs={
        **CHOSEN,
        "fields": Input("texts", "Only these fields of each, and its id; all if left out."),
        "limit": Input("integer", "At most so many; `more` says if there are any.", low=1, high=10_000, default=1000),
        "oldest_first": Input("boolean", "The oldest first instead of the newest.", default=False),
    },
    build=_build,
)
