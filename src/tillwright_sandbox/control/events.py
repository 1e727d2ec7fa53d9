"""Controls of events and their deliveries: made up, sent again, dropped; chaos, retries, secrets."""

from __future__ import annotations

from typing import Any

import orjson

from ..events import build
from ..versions import PINNED
from .asked import Control, Refusal, Settings, account_of, flag, need


def read_webhooks(control: Control, settings: Settings) -> Any:
    webhooks = control.world.webhooks
    equal = {name: settings[name] for name in ("event", "endpoint") if name in settings}
    attempts = webhooks.post.shown(**equal) if webhooks.post else []
    return {**webhooks.state(), "attempts_shown": attempts[-int(settings.get("limit", 100)) :]}


def set_chaos(control: Control, settings: Settings) -> Any:
    return control.world.webhooks.chaos.set(**settings)


def set_retries(control: Control, settings: Settings) -> Any:
    webhooks = control.world.webhooks
    seconds = need(settings, "schedule_seconds")
    if not isinstance(seconds, list) or not all(isinstance(one, (int, float)) and one >= 0 for one in seconds):
        raise Refusal("schedule_seconds must be a list of waits in seconds; empty means no retries.")
    webhooks.schedule = tuple(float(one) for one in seconds)
    return webhooks.state()


def roll_secret(control: Control, settings: Settings) -> Any:
    id = settings["id"]
    if control.world.webhooks.shown(id) is None:
        raise LookupError(f"No such webhook endpoint: {id}.")
    keep_old = flag(settings.get("keep_old", False), "keep_old")
    return {"id": id, "secret": control.world.webhooks.roll(id, keep_old)}


def send_text(control: Control, settings: Settings) -> Any:
    """Any body to one endpoint, rightly signed: `body` is a text sent as it is, or JSON."""
    id = settings["id"]
    if control.world.webhooks.shown(id) is None:
        raise LookupError(f"No such webhook endpoint: {id}.")
    body = need(settings, "body")
    text = body.encode() if isinstance(body, str) else orjson.dumps(body)
    return {"event": control.world.webhooks.send(id, text)}


def make_event(control: Control, settings: Settings) -> Any:
    """An event of any type about any object: types Stripe has not invented yet, versions long gone."""
    world = control.world
    account, livemode = account_of(control, settings), flag(settings.get("livemode", False), "livemode")
    photo = need(settings, "object")
    if not isinstance(photo, dict):
        raise Refusal("object must be a JSON object.")
    event = build(
        world,
        type=str(need(settings, "type")),
        photo=photo,
        previous=settings.get("previous_attributes"),
        created=int(settings.get("created", world.clock.now())),
        livemode=livemode,
        api_version=settings.get("api_version", PINNED),
        request_id=None,
        idempotency_key=None,
    )
    world.accounts[account].objects(livemode).insert(event)
    if flag(settings.get("deliver", True), "deliver"):
        world.webhooks.publish(account, livemode, event)
    return event


def resend_event(control: Control, settings: Settings) -> Any:
    """Delivers an event again, to one endpoint or to all that are concerned; `copies` times."""
    world = control.world
    account, livemode = account_of(control, settings), flag(settings.get("livemode", False), "livemode")
    event = world.accounts[account].objects(livemode).get("event", settings["id"])
    targets = (
        [settings["endpoint"]] if "endpoint" in settings else world.webhooks.targets(account, livemode, event["type"])
    )
    for id in targets * int(settings.get("copies", 1)):
        world.webhooks.resend(account, livemode, event["id"], id)
    return {"event": event["id"], "endpoints": targets}


def drop_event(control: Control, settings: Settings) -> Any:
    """Takes an event out of /v1/events and off its way, as if it had never been generated."""
    world = control.world
    account, livemode = account_of(control, settings), flag(settings.get("livemode", False), "livemode")
    store = world.accounts[account].objects(livemode)
    store.get("event", settings["id"])
    store.forget("event", settings["id"])
    return {"dropped": settings["id"]}


TABLE = (
    ("GET", "/webhooks", read_webhooks),
    ("POST", "/webhooks/chaos", set_chaos),
    ("POST", "/webhooks/retries", set_retries),
    ("POST", "/webhooks/{id}/roll", roll_secret),
    ("POST", "/webhooks/{id}/send", send_text),
    ("POST", "/events", make_event),
    ("POST", "/events/{id}/resend", resend_event),
    ("DELETE", "/events/{id}", drop_event),
)
