"""A sentence on the run's timeline, for whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import Values


def _build(given: Mapping[str, Any]) -> Values:
    return Values({"text": given["text"]})


ACTION = Action(
    name="note",
    area="Other",
    summary="Write a sentence on the run's timeline.",
    inputs={"text": Input("text", "The sentence.", required=True, longest=10_000)},
    build=_build,
    asks=False,
)
