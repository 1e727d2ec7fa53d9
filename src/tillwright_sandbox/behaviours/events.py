"""/v1/events: the last thirty days, by type and by whether everyone concerned has heard."""

import weakref

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid, no_such
from tillwright_sandbox.events import KEPT_SECONDS, fits, prune
from tillwright_sandbox.generic import Page
from tillwright_sandbox.world import World

MOST_TYPES = 20
HOUR = 3600
_wired: weakref.WeakSet[World] = weakref.WeakSet()


def wire(world: World) -> None:
    """Lets events that nobody can ask for any more go, each hour."""
    if world not in _wired:
        _wired.add(world)
        world.clock.on_advance.append(lambda before, after: before // HOUR != after // HOUR and prune(world))


@behaviour("GetEvents")
def listing(call: Call) -> Page:
    """Newest first. An event shows up `list_lag_seconds` after it happened where the sandbox was told so."""
    types, type_ = call.params.pop("types", None), call.params.pop("type", None)
    delivered = call.params.pop("delivery_success", None)
    if types and type_:
        raise invalid("You may only specify one of these parameters: type, types.", "types")
    if types and len(types) > MOST_TYPES:
        raise invalid(f"You may filter by at most {MOST_TYPES} event types.", "types")
    now = call.world.clock.now()
    newest, oldest = now - call.world.webhooks.chaos.list_lag_seconds, now - KEPT_SECONDS
    return generic.listing(
        call,
        lambda event: oldest <= event["created"] <= newest and fits(event, types, type_, delivered),
    )


@behaviour("GetEventsId")
def retrieve(call: Call) -> dict:
    event = call.objects.get("event", call.path["id"])
    if event["created"] < call.world.clock.now() - KEPT_SECONDS:
        raise no_such("event", call.path["id"])
    return event
