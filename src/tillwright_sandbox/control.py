"""The sandbox's own controls under /_sandbox/: for tests and demos on this machine, never for the outside."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from .events import build
from .versions import PINNED

if TYPE_CHECKING:
    from .mailsink import MailSink
    from .world import World

Settings = dict[str, Any]
Verb = Callable[["Control", Settings], Any]


class Refusal(Exception):
    """What was asked can't be done; the text says why and what to do."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """What the verbs act on. `save` writes the snapshot, where there is a folder to write to."""

    def __init__(self, world: World, mails: MailSink | None = None, save: Callable[[], None] | None = None) -> None:
        self.world, self.mails, self.save = world, mails, save


def routes(control: Control) -> Mount:
    """The control API as a mount for the application."""
    rows = [Route(path, _answer(control, verb), methods=[method]) for method, path, verb in TABLE]
    return Mount("/_sandbox", routes=rows)


def _answer(control: Control, verb: Verb) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if not _is_loopback(request):
            return _json({"error": "The sandbox's controls answer to this machine only."}, 403)
        try:
            settings = await _settings(request)
            with control.world.lock:
                return _json(verb(control, settings))
        except Refusal as refusal:
            return _json({"error": str(refusal)}, refusal.status)
        except LookupError as error:
            return _json({"error": str(error).strip("'\"")}, 404)
        except (ValueError, TypeError, KeyError) as error:
            return _json({"error": str(error)}, 400)

    return answer


def _is_loopback(request: Request) -> bool:
    host = request.client.host if request.client else ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "testclient"


async def _settings(request: Request) -> Settings:
    """Query and path parameters and a JSON object as the body, in one dict; later ones win."""
    body = await request.body()
    given: Any = {}
    if body:
        try:
            given = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Refusal(f"The body must be a JSON object: {error}.") from error
        if not isinstance(given, dict):
            raise Refusal("The body must be a JSON object.")
    return {**dict(request.query_params), **given, **request.path_params}


def _json(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body, option=orjson.OPT_INDENT_2, default=list), status, media_type="application/json")


def _need(settings: Settings, name: str) -> Any:
    if name not in settings:
        raise Refusal(f"{name} is missing.")
    return settings[name]


def _account(control: Control, settings: Settings) -> str:
    account = settings.get("account") or next(iter(control.world.accounts))
    if account not in control.world.accounts:
        raise LookupError(f"No such account: {account}.")
    return account


def _flag(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "1"):
        return True
    if value in ("false", "0"):
        return False
    raise Refusal(f"{name} must be true or false.")


def _optional_flag(settings: Settings, name: str) -> bool | None:
    return _flag(settings[name], name) if name in settings else None


# --- the verbs ---------------------------------------------------------------------------------------------------


def health(control: Control, settings: Settings) -> Any:
    world = control.world
    counts = {
        account.id: {
            mode: {kind: objects.count(kind) for kind in sorted(objects.kinds) if objects.count(kind)}
            for mode, objects in (("test", account.test), ("live", account.live))
        }
        for account in world.accounts.values()
    }
    return {"ready": True, "now": world.clock.now(), "requests": world.requests, "objects": counts}


def read_ledger(control: Control, settings: Settings) -> Any:
    known = ("method", "path", "operation", "account", "key_kind", "idempotency_key", "object_id")
    equal = {name: settings[name] for name in known if name in settings}
    if "livemode" in settings:
        equal["livemode"] = _flag(settings["livemode"], "livemode")
    ledger = control.world.ledger
    accepted = _flag(settings.get("accepted", False), "accepted")
    lines = ledger.select(accepted, int(settings.get("since", 0)), **equal)
    return {"gets": ledger.gets, "last": len(ledger.lines), "count": len(lines), "lines": lines}


def read_clock(control: Control, settings: Settings) -> Any:
    return control.world.clock.state()


def move_clock(control: Control, settings: Settings) -> Any:
    clock = control.world.clock
    if "advance" in settings:
        clock.advance(float(settings["advance"]))
    elif "set" in settings:
        clock.set(float(settings["set"]))
    elif "freeze" in settings:
        _ = clock.freeze() if _flag(settings["freeze"], "freeze") else clock.unfreeze()
    else:
        raise Refusal("Say what to do: advance (seconds), set (unix seconds), or freeze (true, false).")
    return clock.state()


def read_faults(control: Control, settings: Settings) -> Any:
    return control.world.faults.state()


def add_fault(control: Control, settings: Settings) -> Any:
    faults = control.world.faults
    rules = settings.pop("rules", None)
    if "seed" in settings:
        faults.reseed(int(settings.pop("seed")))
    if rules is not None and not isinstance(rules, list):
        raise Refusal("rules must be a list of faults.")
    for rule in rules if rules is not None else ([settings] if settings else []):
        faults.add(**rule)
    return faults.state()


def clear_faults(control: Control, settings: Settings) -> Any:
    control.world.faults.clear()
    return control.world.faults.state()


def set_latency(control: Control, settings: Settings) -> Any:
    seconds = float(_need(settings, "seconds"))
    if not 0 <= seconds <= 60:
        raise Refusal("seconds must lie between 0 and 60.")
    control.world.faults.latency = seconds
    return control.world.faults.state()


def read_limits(control: Control, settings: Settings) -> Any:
    return control.world.limits.state()


def set_limits(control: Control, settings: Settings) -> Any:
    scale = float(settings["scale"]) if "scale" in settings else None
    return control.world.limits.set(_optional_flag(settings, "enabled"), scale)


def set_idempotency(control: Control, settings: Settings) -> Any:
    idempotency = control.world.idempotency
    if "enabled" in settings:
        idempotency.enabled = _flag(settings["enabled"], "enabled")
    expired = idempotency.expire() if _flag(settings.get("expire", False), "expire") else 0
    return {**idempotency.state(), "expired": expired}


def read_keys(control: Control, settings: Settings) -> Any:
    return {"data": control.world.keys.snapshot()}


def create_key(control: Control, settings: Settings) -> Any:
    rights = settings.get("rights")
    if rights is not None and not isinstance(rights, list):
        raise Refusal("rights must be a list of names like charge_write.")
    livemode = _flag(settings.get("livemode", False), "livemode")
    key = control.world.keys.create(
        _account(control, settings), livemode, rights, settings.get("kind", "rk"), settings.get("name", "")
    )
    return {"secret": key.secret, "kind": key.kind, "account": key.account, "rights": sorted(key.rights)}


def change_key(control: Control, settings: Settings) -> Any:
    """status: active, expired, revoked; rights: a new list; wording: rak, enabling, mixed (its 403 texts)."""
    from .rights import normalise

    key = control.world.keys.named(_need(settings, "secret"))
    if "status" in settings:
        if settings["status"] not in ("active", "expired", "revoked"):
            raise Refusal("status must be active, expired or revoked.")
        key.status = settings["status"]
    if "rights" in settings:
        key.rights = normalise(settings["rights"])
    if "wording" in settings:
        if settings["wording"] not in ("rak", "enabling", "mixed"):
            raise Refusal("wording must be rak, enabling or mixed.")
        key.wording = settings["wording"]
    return {"secret": key.secret, "status": key.status, "rights": sorted(key.rights), "wording": key.wording}


def read_webhooks(control: Control, settings: Settings) -> Any:
    webhooks = control.world.webhooks
    equal = {name: settings[name] for name in ("event", "endpoint") if name in settings}
    attempts = webhooks.post.shown(**equal) if webhooks.post else []
    return {**webhooks.state(), "attempts_shown": attempts[-int(settings.get("limit", 100)) :]}


def set_chaos(control: Control, settings: Settings) -> Any:
    return control.world.webhooks.chaos.set(**settings)


def set_retries(control: Control, settings: Settings) -> Any:
    webhooks = control.world.webhooks
    seconds = _need(settings, "schedule_seconds")
    if not isinstance(seconds, list) or not all(isinstance(one, (int, float)) and one >= 0 for one in seconds):
        raise Refusal("schedule_seconds must be a list of waits in seconds; empty means no retries.")
    webhooks.schedule = tuple(float(one) for one in seconds)
    return webhooks.state()


def roll_secret(control: Control, settings: Settings) -> Any:
    id = settings["id"]
    if control.world.webhooks.shown(id) is None:
        raise LookupError(f"No such webhook endpoint: {id}.")
    keep_old = _flag(settings.get("keep_old", False), "keep_old")
    return {"id": id, "secret": control.world.webhooks.roll(id, keep_old)}


def make_event(control: Control, settings: Settings) -> Any:
    """An event of any type about any object: types Stripe has not invented yet, versions long gone."""
    world = control.world
    account, livemode = _account(control, settings), _flag(settings.get("livemode", False), "livemode")
    photo = _need(settings, "object")
    if not isinstance(photo, dict):
        raise Refusal("object must be a JSON object.")
    event = build(
        world,
        type=str(_need(settings, "type")),
        photo=photo,
        previous=settings.get("previous_attributes"),
        created=int(settings.get("created", world.clock.now())),
        livemode=livemode,
        api_version=settings.get("api_version", PINNED),
        request_id=None,
        idempotency_key=None,
    )
    world.accounts[account].objects(livemode).insert(event)
    if _flag(settings.get("deliver", True), "deliver"):
        world.webhooks.publish(account, livemode, event)
    return event


def resend_event(control: Control, settings: Settings) -> Any:
    """Delivers an event again, to one endpoint or to all that are concerned; `copies` times."""
    world = control.world
    account, livemode = _account(control, settings), _flag(settings.get("livemode", False), "livemode")
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
    account, livemode = _account(control, settings), _flag(settings.get("livemode", False), "livemode")
    store = world.accounts[account].objects(livemode)
    store.get("event", settings["id"])
    store.forget("event", settings["id"])
    return {"dropped": settings["id"]}


def _sink(control: Control) -> MailSink:
    if control.mails is None:
        raise LookupError("This sandbox was started without a mail sink (see --smtp-port).")
    return control.mails


def read_mails(control: Control, settings: Settings) -> Any:
    sink = _sink(control)
    mails = sink.shown(settings.get("to"), int(settings.get("limit", 100)))
    return {**sink.state(), "by_message_id": sink.by_message_id(), "data": mails}


def clear_mails(control: Control, settings: Settings) -> Any:
    _sink(control).clear()
    return _sink(control).state()


def set_mails(control: Control, settings: Settings) -> Any:
    return _sink(control).behave(str(_need(settings, "mode")), settings.get("reply"), int(settings.get("times", 0)))


def read_state(control: Control, settings: Settings) -> Any:
    return control.world.snapshot()


def save_state(control: Control, settings: Settings) -> Any:
    if control.save is None:
        raise LookupError("This sandbox keeps nothing on disk; start it with --data FOLDER.")
    control.save()
    return {"saved": True}


TABLE: tuple[tuple[str, str, Verb], ...] = (
    ("GET", "/health", health),
    ("GET", "/ledger", read_ledger),
    ("GET", "/clock", read_clock),
    ("POST", "/clock", move_clock),
    ("GET", "/faults", read_faults),
    ("POST", "/faults", add_fault),
    ("DELETE", "/faults", clear_faults),
    ("POST", "/latency", set_latency),
    ("GET", "/limits", read_limits),
    ("POST", "/limits", set_limits),
    ("POST", "/idempotency", set_idempotency),
    ("GET", "/keys", read_keys),
    ("POST", "/keys", create_key),
    ("POST", "/keys/{secret}", change_key),
    ("GET", "/webhooks", read_webhooks),
    ("POST", "/webhooks/chaos", set_chaos),
    ("POST", "/webhooks/retries", set_retries),
    ("POST", "/webhooks/{id}/roll", roll_secret),
    ("POST", "/events", make_event),
    ("POST", "/events/{id}/resend", resend_event),
    ("DELETE", "/events/{id}", drop_event),
    ("GET", "/mails", read_mails),
    ("DELETE", "/mails", clear_mails),
    ("POST", "/mails/behaviour", set_mails),
    ("GET", "/state", read_state),
    ("POST", "/state/save", save_state),
)
