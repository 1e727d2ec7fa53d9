"""The inputs by which actions choose objects of the mirror."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.inputs import Input
from tillwright.domains.mirror.kinds import KINDS

CHOSEN: Mapping[str, Input] = {
    "object": Input(
        "text", "The type of object, such as invoice.", required=True, choices=tuple(kind.object for kind in KINDS)
    ),
    "where": Input(
        "map",
        "What it has to fulfil: a value by field, such as {status: open, metadata.tier: gold}; a list for any of "
        "several; {gte: 2000} (gt, gte, lt, lte, ne) to compare; null for nothing there.",
    ),
    "customer": Input("id", "Only those of this customer."),
    "created_from": Input("time", "Only those made then or later."),
    "created_before": Input("time", "Only those made before."),
}


def where_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The condition these inputs mean."""
    where = dict(given.get("where", {}))
    if "customer" in given:
        where["customer"] = given["customer"]
    created = {"gte": given.get("created_from"), "lt": given.get("created_before")}
    if limits := {name: value for name, value in created.items() if value is not None}:
        where["created"] = limits
    return where
