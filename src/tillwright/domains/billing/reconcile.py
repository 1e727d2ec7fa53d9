"""Looks at Stripe whether an effect of unknown outcome took place: by list, never by search, which lags."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from tillwright.domains.billing import marking
from tillwright.domains.billing.model import Effect
from tillwright.gateways.stripe import facts
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import StripeAbsent
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.kit.clock import to_unix

_SLACK = timedelta(hours=1)  # this machine's clock may be off Stripe's
_ALSO_ENDED = {"/v1/subscriptions": {"status": "all"}}  # lists that leave out some of what was made


@dataclass(frozen=True)
class Evidence:
    """`done` with the object; `not_done`: every object of the time was seen, and ours is not there; or undecidable."""

    found: Literal["done", "not_done", "undecidable"]
    answer: dict[str, Any] | None = None
    why: str = ""


async def look(reader: StripeReader, access: Access, effect: Effect) -> Evidence:
    """What Stripe's present state says of the effect.

    Raises:
        StripeFailure: Stripe could not be asked.
    """
    if effect.method == "DELETE":
        return await _look_for_deletion(reader, access, effect)
    name = marking.mark_name(effect.method, effect.path)
    if name is None:
        return Evidence("undecidable", why="This request leaves no mark that could be looked for.")
    if marking.creates(effect.method, effect.path):
        return await _look_in_list(reader, access, effect, name)
    return await _look_at_object(reader, access, effect, name)


async def _look_in_list(reader: StripeReader, access: Access, effect: Effect, name: str) -> Evidence:
    listing = facts.listing_of(effect.path)
    assert listing is not None  # what creates, is listed
    params: dict[str, Any] = dict(_ALSO_ENDED.get(effect.path, {}))
    if listing.by_created and effect.first_sent:
        params["created"] = {"gte": to_unix(effect.first_sent - _SLACK)}
    async for page in reader.pages(access, listing.path, params):
        for obj in page.items:
            if marking.is_marked(obj, name, effect.id):
                return Evidence("done", obj)
    return Evidence("not_done", why="No object of that time carries this operation's id.")


async def _look_at_object(reader: StripeReader, access: Access, effect: Effect, name: str) -> Evidence:
    if facts.known(effect.path) is False:
        return Evidence("undecidable", why="The path is not one of the pinned API version.")
    try:
        obj = (await reader.get(access, effect.path)).body
    except StripeAbsent:
        return Evidence("undecidable", why="The object is gone.")
    if marking.is_marked(obj, name, effect.id):
        return Evidence("done", obj)
    # A later change may have put its own mark over ours.
    return Evidence("undecidable", why="The object does not carry this operation's id, or no longer.")


async def _look_for_deletion(reader: StripeReader, access: Access, effect: Effect) -> Evidence:
    try:
        obj = (await reader.get(access, effect.path)).body
    except StripeAbsent:
        return Evidence("done", {"id": effect.path.rsplit("/", 1)[1], "deleted": True})
    if obj.get("deleted"):
        return Evidence("done", obj)
    if obj.get("status") == "canceled":  # deleting a subscription cancels it
        return Evidence("done", obj)
    return Evidence("not_done", why="The object is still there.")
