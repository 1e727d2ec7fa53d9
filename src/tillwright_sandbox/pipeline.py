"""The way of a request through the sandbox: key, account, limits, idempotency, rights, parameters, effect, answer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from . import answers, behaviours, form, keys, legacy, search, singletons, verbs
from . import events as event_objects
from . import generic as g
from .call import Call, Emission
from .errors import StripeError, invalid
from .exchange import Answer, Exchange
from .keys import Key
from .operations import Operation, match, operations
from .params import check
from .render import render
from .versions import checked as checked_version
from .versions import params_for
from .world import Account, World

log = logging.getLogger(__name__)
GENERIC = {
    "list": g.listing,
    "search": search.answer,
    "retrieve": g.retrieve,
    "create": g.create,
    "update": g.update,
    "verb": verbs.act,
}
BROKEN = "An unknown error occurred. If this persists, contact support at https://support.stripe.com/."


def route(exchange: Exchange) -> None:
    """Finds the operation, if the address means one."""
    found = match(exchange.method, exchange.address.removeprefix("/").split("/"))
    if found:
        exchange.operation, exchange.path = found


def admit(world: World, exchange: Exchange) -> None:
    """Who asks, for which account, under which version and key; all that is refused before anything runs."""
    key = exchange.key = world.keys.authenticate(exchange.headers.get("authorization"))
    exchange.livemode = key.livemode
    exchange.account = key.account
    usual = world.accounts[key.account].api_version
    exchange.api_version = checked_version(exchange.headers.get("stripe-version"), usual)
    header = exchange.headers.get("stripe-account")
    exchange.account = keys.acting_account(key, exchange.method, header, world.connect.reaches)
    if exchange.operation is None:
        raise unrecognized(exchange)
    world.limits.check(exchange.account, key.livemode, exchange.operation.id)
    if exchange.method == "POST":
        exchange.idempotency_key = exchange.headers.get("idempotency-key")


def unrecognized(exchange: Exchange) -> StripeError:
    return invalid(
        f"Unrecognized request URL ({exchange.method}: {exchange.address}). Please see https://stripe.com/docs or we "
        "can help at https://support.stripe.com/.",
        status=404,
    )


def begin(world: World, exchange: Exchange) -> Answer | None:
    """The kept answer of an idempotency key, to be given again; None to go on."""
    if exchange.idempotency_key is None:
        return None
    account, livemode = str(exchange.account), bool(exchange.livemode)
    kept = world.idempotency.begin(
        account,
        livemode,
        exchange.idempotency_key,
        exchange.method,
        exchange.address,
        _comparable(exchange),
        exchange.request_id,
    )
    if kept is None:
        return None
    exchange.replayed = True
    headers = {"Idempotent-Replayed": "true", "Original-Request": kept.request_id}
    return Answer(kept.status or 200, kept.body.encode(), headers)


def _comparable(exchange: Exchange) -> Any:
    return sorted([key, value if isinstance(value, str) else value["filename"]] for key, value in exchange.fields)


def settle(world: World, exchange: Exchange, answer: Answer) -> None:
    """Keeps the answer under its idempotency key, or forgets the key where nothing ran."""
    if exchange.idempotency_key is None or exchange.replayed:
        return
    scope = (str(exchange.account), bool(exchange.livemode), exchange.idempotency_key)
    if exchange.executed and answer.status:
        world.idempotency.settle(*scope, answer.status, answer.body)
    else:
        world.idempotency.release(*scope)


def execute(world: World, exchange: Exchange) -> Answer:
    """Rights, parameters and the effect, all or nothing."""
    key, operation = exchange.key, exchange.operation
    if key is None or operation is None:
        raise unrecognized(exchange)
    raw = form.tree(exchange.fields)
    keys.authorise(key, operation.method, operation.path, raw, str(exchange.account))
    expand = raw.get("expand")
    exchange.params = check(params_for(operation, key.kind, exchange.api_version), raw)
    paths = exchange.params.pop("expand", []) if expand is not None else []
    call = Call(
        world=world,
        account=world.accounts[str(exchange.account)],
        livemode=key.livemode,
        key=key,
        operation=operation,
        path=exchange.path,
        params=exchange.params,
        api_version=exchange.api_version,
        idempotency_key=exchange.idempotency_key,
        request_id=exchange.request_id,
        expand=paths,
    )
    return _carry_out(call, exchange)


def _carry_out(call: Call, exchange: Exchange) -> Answer:
    world, operation = call.world, call.operation
    writes = operation.method != "GET"
    if writes:
        world.undo.begin()
    try:
        exchange.executed = True
        result = legacy.perform(call, perform)
        answer = answers.answer(call, result)
        if writes:
            exchange.object_id = answers.id_of(result)
            events = photograph(call)
            world.undo.commit()
            exchange.accepted = True
            publish(call, events)
        return answer
    except StripeError as error:
        if writes and error.keep:
            events = photograph(call)
            world.undo.commit()
            publish(call, events)
        elif writes:
            world.undo.roll_back()
        raise
    except BaseException:
        if writes:
            world.undo.roll_back()
        raise


def perform(call: Call) -> Any:
    """The operation's behaviour, else the generic answer of its kind."""
    operation = call.operation
    bound = behaviours.load().get(operation.id)
    if bound is not None:
        return bound(call)
    if operation.kind == "delete":
        return g.delete(call) if operation.id_param else singletons.remove(call)
    if operation.kind == "singleton":
        return singletons.read(call) if operation.method == "GET" else singletons.change(call)
    return GENERIC[operation.kind](call)


# --- events ----------------------------------------------------------------------------------------------------------


def photograph(call: Call) -> list[tuple[Emission, dict[str, Any], dict[str, Any] | None]]:
    """Each queued event with its object as it now is; an …updated event in which nothing changed is dropped."""
    taken = []
    for emission in call.emissions:
        photo = orjson.loads(orjson.dumps(render(call.objects, emission.obj)))
        previous = emission.previous
        if previous is None and emission.type.endswith(".updated"):
            previous = _previous(call, emission.obj)
            if previous == {}:
                continue
        taken.append((emission, photo, previous))
    return taken


def _previous(call: Call, obj: dict[str, Any]) -> dict[str, Any] | None:
    image = call.world.undo.before(call.objects, str(obj.get("object")), str(obj.get("id")))
    if image is None:
        return None
    return event_objects.previous_attributes(orjson.loads(image), obj)


def publish(call: Call, taken: list[tuple[Emission, dict[str, Any], dict[str, Any] | None]]) -> None:
    """Stores the events and tells those who deliver them."""
    call.emissions.clear()
    for emission, photo, previous in taken:
        call.world.publish(call, emission.type, photo, previous)


# --- calls that no request makes ------------------------------------------------------------------------------------

SYSTEM_KEY = Key("", "secret", False, "")


def _nothing() -> Operation:
    return Operation("System", "POST", "/", {"type": "object", "properties": {}}, {}, "system", (), ())


@contextmanager
def act(world: World, account: Account, livemode: bool, at: int | None = None) -> Iterator[Call]:
    """A call of the sandbox's own: time passing, demo data. All or nothing; its events are published at the end.

    Inside another call it shares that call's fate, and its events go out with it.
    """
    from .versions import PINNED

    call = Call(
        world=world,
        account=account,
        livemode=livemode,
        key=SYSTEM_KEY,
        operation=_nothing(),
        path={},
        params={},
        api_version=PINNED,
        at=at,
    )
    with world.lock:
        outermost = not world.undo.on
        if outermost:
            world.undo.begin()
        try:
            yield call
            events = photograph(call)
            if outermost:
                world.undo.commit()
            publish(call, events)
        except BaseException:
            if outermost:
                world.undo.roll_back()
            raise


def request(world: World, account: Account, livemode: bool, operation_id: str, **given: Any) -> dict[str, Any]:
    """Carries out an operation from inside (demo data): path parameters and typed parameters as keywords."""
    operation = operations()[operation_id]
    with act(world, account, livemode, given.pop("at", None)) as call:
        call.operation = operation
        call.path = {name: given.pop(name) for name in operation.path_params}
        call.params = given
        result = perform(call)
    if not isinstance(result, dict):
        raise TypeError(f"{operation_id} answers a list; read the store instead.")
    return result


def failure(exchange: Exchange, error: Exception) -> Answer:
    """Any error as an answer. What is no refusal is our own fault: a 500 in Stripe's words, the trace in the log."""
    if isinstance(error, StripeError):
        body = error.body()
        body["error"]["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{exchange.request_id}"
        return Answer(error.status, orjson.dumps(body, option=orjson.OPT_INDENT_2), dict(error.headers))
    log.error("%s %s failed", exchange.method, exchange.address, exc_info=error)
    body = {"error": {"message": BROKEN, "type": "api_error"}}
    return Answer(500, orjson.dumps(body, option=orjson.OPT_INDENT_2))
