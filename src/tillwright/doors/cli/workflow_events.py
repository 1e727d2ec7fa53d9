"""`tillwright workflow webhook, kept, replay`: what calls a workflow from outside, and what came while it slept."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tillwright.domains.tenancy import Principal
from tillwright.doors.cli.choice import AsJson, Organisation
from tillwright.doors.cli.inside import in_house, print_rows, print_table
from tillwright.kit.errors import Invalid
from tillwright.wiring import House

Name = Annotated[str, typer.Argument(help="The workflow's name or id.")]
Events = Annotated[list[str] | None, typer.Option("--event", help="Only this event id. May be repeated.")]


def webhook(
    workflow: Name,
    open_: Annotated[bool, typer.Option("--open", help="Open the address; its secret is printed once.")] = False,
    renew: Annotated[bool, typer.Option("--renew", help="Make another secret; the old one is good for a day.")] = False,
    close: Annotated[bool, typer.Option("--close", help="Take no more deliveries.")] = False,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """The address at which a workflow is called from outside; shows it, if nothing is asked."""
    if open_ + renew + close > 1:
        raise Invalid("option_ambiguous", "Only one of --open, --renew and --close can be done at a time.")

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        hooks = house.automation.hooks
        if close:
            await hooks.close(principal, workflow)
            return [{"did": "closed"}]
        if not open_ and not renew:
            return [_shown(house, await hooks.get(principal, workflow))]
        if renew:
            await hooks.get(principal, workflow)
        hook, secret = await hooks.open(principal, workflow)
        return [_shown(house, hook) | {"secret": secret.reveal()}]

    rows = in_house(organisation, do)
    print_rows(rows, as_json, lambda one: "\n".join(f"{name}: {value}" for name, value in one.items() if value))


def _shown(house: House, hook: Any) -> dict[str, Any]:
    return {
        "url": house.automation.hooks.address(hook),
        "secretTime": hook.renewed.isoformat(),
        "earlierSecretUntil": hook.earlier_until and hook.earlier_until.isoformat(),
        "lastDeliveryTime": hook.last_delivery and hook.last_delivery.isoformat(),
    }


def kept(
    workflow: Name,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Events that came while the workflow was paused, in the order they came."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        page = await house.automation.kept.list(principal, workflow, limit=limit)
        return [
            {"event": one.trigger.stripe_event_id, "type": one.trigger.stripe_event_type,
             "object": one.trigger.object_id, "kept": one.created.isoformat(), "run": one.run_id}
            for one in page.items
        ]  # fmt: skip

    print_table(in_house(organisation, do), as_json, ("event", "type", "object", "kept"))


def replay(
    workflow: Name,
    event: Events = None,
    discard: Annotated[bool, typer.Option("--discard", help="Let them go instead: they start nothing.")] = False,
    organisation: Organisation = None,
    as_json: AsJson = False,
) -> None:
    """Start a run for each event kept while the workflow was paused, once; it must be active again."""

    async def do(house: House, principal: Principal) -> list[dict[str, Any]]:
        if discard:
            return [{"did": "discarded", "count": await house.automation.kept.discard(principal, workflow, event)}]
        return [{"did": "replayed", "count": await house.automation.kept.replay(principal, workflow, event)}]

    print_rows(in_house(organisation, do), as_json, lambda one: f"{one['did']} {one['count']}")
