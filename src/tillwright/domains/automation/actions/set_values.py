"""Work values out once, for later steps to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import Values


def _build(given: Mapping[str, Any]) -> Values:
    return Values(given["values"])


ACTION = Action(
    name="set_values",
    area="Other",
    summary="Keep values under names of your own; later steps read them as ${steps.<id>.<name>}.",
    inputs={"values": Input("map", "The values, by name.", required=True)},
    build=_build,
    asks=False,
)
