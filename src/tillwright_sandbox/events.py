"""Event objects: what one looks like, what counts as its previous attributes, which of them /v1/events still shows."""

from itertools import takewhile
from typing import TYPE_CHECKING, Any

from .ids import new_id

if TYPE_CHECKING:
    from .world import World

KEPT_SECONDS = 30 * 24 * 3600
# Changes of these alone are not worth a previous_attributes entry: Stripe never shows them there.
SILENT = ("object", "id")


def build(
    world: "World",
    *,
    type: str,
    photo: dict[str, Any],
    previous: dict[str, Any] | None,
    created: int,
    livemode: bool,
    api_version: str,
    request_id: str | None,
    idempotency_key: str | None,
) -> dict[str, Any]:
    """An event object as Stripe shows it. `photo` is the object as it was then, already free of private fields.

    `request` holds nulls where no request caused the event (time passing). The number of pending webhooks is set by
    whoever delivers.
    """
    data: dict[str, Any] = {"object": photo}
    if previous is not None:
        data["previous_attributes"] = previous
    return {
        "id": new_id(world.dice, "evt"),
        "object": "event",
        "api_version": api_version,
        "created": created,
        "data": data,
        "livemode": livemode,
        "pending_webhooks": 0,
        "request": {"id": request_id, "idempotency_key": idempotency_key},
        "type": type,
    }


def departure(world: "World", platform: str, livemode: bool, account: str) -> dict[str, Any]:
    """account.application.deauthorized: tells a platform's Connect endpoints who left. Nothing of theirs can be
    fetched any more, so the event is kept with the platform, and names the account."""
    owner = world.accounts[platform]
    event = build(
        world,
        type="account.application.deauthorized",
        photo={"id": world.connect.client_id(platform, livemode), "object": "application", "name": owner.name},
        previous=None,
        created=world.clock.now(),
        livemode=livemode,
        api_version=owner.api_version,
        request_id=None,
        idempotency_key=None,
    )
    event["account"] = account
    owner.objects(livemode).insert(event)
    world.webhooks.publish(platform, livemode, event)
    return event


def previous_attributes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What the changed fields were before: whole values, nested objects as far as they differ, new keys as null."""
    changed: dict[str, Any] = {}
    for name in before.keys() | after.keys():
        if name in SILENT or name.startswith("_"):
            continue
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict) and old.get("object") != "list":
            changed[name] = previous_attributes(old, new)
        else:
            changed[name] = old
    return changed


def fits(event: dict[str, Any], types: list[str] | None, type: str | None, delivered: bool | None) -> bool:
    """Whether /v1/events shows it under the filters; a type may end in .* as Stripe allows."""
    wanted = list(types or []) + ([type] if type else [])
    if wanted and not any(matches(one, event["type"]) for one in wanted):
        return False
    return delivered is None or (event["pending_webhooks"] == 0) is delivered


def matches(pattern: str, type: str) -> bool:
    """An event type against "*", "customer.*" or a plain name."""
    return pattern in ("*", type) or (pattern.endswith(".*") and type.startswith(pattern[:-1]))


def prune(world: "World") -> int:
    """Forgets events nobody can ask for any more. Answers how many."""
    oldest = world.clock.now() - KEPT_SECONDS
    gone = 0
    for account in world.accounts.values():
        for objects in (account.test, account.live):
            ordered = objects.kind("event").order  # oldest first
            old = [record.id for _, record in takewhile(lambda entry: entry[1].created < oldest, ordered)]
            for id in old:
                objects.forget("event", id)
            gone += len(old)
    return gone
