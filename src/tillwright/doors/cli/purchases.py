"""`tillwright purchases`: what buying a product once grants, for scripts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeVar

import orjson
import typer

from tillwright.domains.entitlements.changes import rfc3339
from tillwright.domains.entitlements.purchases.model import Named
from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import AsJson, Organisation, chosen
from tillwright.kit.errors import Invalid
from tillwright.settings import read
from tillwright.wiring import House, open_house

app = typer.Typer(help="What buying a product once grants.", no_args_is_help=True)
NAME = "tillwright purchases"
_WHAT = {"default": "every other product"}

T = TypeVar("T")


@app.command()
def terms(organisation: Organisation = None, as_json: AsJson = False) -> None:
    """List what is set, and what metadata at Stripe says besides."""
    set_here, at_stripe, reviewing = _do(
        organisation, lambda house, caller: house.entitlements.purchase_terms.shown(caller)
    )
    if as_json:
        found = {"set": _rows(set_here), "byMetadata": _rows(at_stripe), "reviewing": reviewing}
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    for one in (*set_here, *at_stripe):
        since = f", from {rfc3339(one.since)}" if one.since else ""
        said = f"set by {one.by}" if one.id else "by metadata at Stripe"
        what = _WHAT.get(one.kind) or f"{one.name} ({one.object_id})"
        print(f"{one.id or '-':36}  {one.term or 'nothing':8}  {what}{since}; {said}")
    if reviewing:
        print("An edit is still going back over the purchases there are.")
    if not set_here and not at_stripe:
        print("Nothing that is bought once grants anything yet.")


@app.command(name="set")
def set_(
    term: Annotated[str, typer.Argument(help="An ISO 8601 duration, P1Y, P6M, P2W, P30D; or nothing.")],
    of: Annotated[str | None, typer.Option("--of", help="A product's or a price's id.")] = None,
    default: Annotated[bool, typer.Option("--default", help="Every product that has no term of its own.")] = False,
    since: Annotated[
        str | None, typer.Option("--from", help="For what is paid from this date on; every purchase if left out.")
    ] = None,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Say what buying it once grants; the same object and date again replaces what was said."""
    if (of is None) is not default:
        raise Invalid(
            "object_missing", "Say what it is about.", field="--of", remedy="Give --of an id, or --default; not both."
        )
    made = _do(
        organisation,
        lambda house, caller: house.entitlements.purchase_terms.put(
            caller, object_id=of, term=None if term.lower() == "nothing" else term, since=since
        ),
    )
    if as_json:
        facts = {"id": made.id, "objectId": made.object_id, "term": made.term, "livemode": made.livemode}
        print(orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode())
    else:
        print(made.id)


@app.command()
def remove(
    term_id: Annotated[str, typer.Argument(help="As `terms` lists it, pte_….")], organisation: Organisation = None
) -> None:
    """Take one away: what follows from it ends, unless another term or metadata speaks for it."""
    _do(organisation, lambda house, caller: house.entitlements.purchase_terms.remove(caller, term_id))


def _rows(found: Sequence[Named]) -> list[dict[str, Any]]:
    return [
        {
            "id": one.id,
            "kind": one.kind,
            "objectId": one.object_id,
            "name": one.name,
            "term": one.term,
            "appliesFrom": rfc3339(one.since),
            "running": one.running,
        }
        for one in found
    ]


def _do(organisation: str | None, verb: Callable[[House, Principal], Awaitable[T]]) -> T:
    async def inside() -> T:
        async with open_house(read()) as house:
            return await verb(house, Principal.system(await chosen(house, organisation), NAME))

    return asyncio.run(inside())
