"""Which organisation a command is about."""

from __future__ import annotations

from typing import Annotated

import typer

from tillwright.kit.errors import Absent, Invalid
from tillwright.wiring import House

Organisation = Annotated[str | None, typer.Option(help="Which organisation; may be left out if there is one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")]


async def chosen(house: House, organisation: str | None) -> str:
    """The organisation that was named, or the only one.

    Raises:
        Absent: there is none of this name, or none at all.
        Invalid: there are several and none was named.
    """
    ids = await house.tenancy.organisation_ids()
    if organisation in ids:
        return str(organisation)
    if organisation:
        raise Absent("organisation_absent", f"There is no organisation {organisation}.", field="--organisation")
    if len(ids) == 1:
        return ids[0]
    if not ids:
        raise Absent("organisation_absent", "There is no organisation yet.", remedy="Make one with: tillwright setup")
    raise Invalid(
        "organisation_ambiguous",
        "There are several organisations.",
        field="--organisation",
        remedy=f"One of: {', '.join(ids)}",
    )
