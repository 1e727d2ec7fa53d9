"""The controls as HTTP: JSON in, JSON out, for this machine alone."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from . import connect, events, keys, mails, state, traffic
from .asked import Control, Refusal, Settings

Verb = Callable[[Control, Settings], Any]


def table() -> list[tuple[str, str, Verb]]:
    """Every control: method, path, what is done."""
    from ..behaviours import outside  # which knows the controls

    return [*state.TABLE, *traffic.TABLE, *keys.TABLE, *connect.TABLE, *events.TABLE, *mails.TABLE, *outside.TABLE]


def routes(control: Control) -> Mount:
    """The control API as a mount for the application."""
    rows = [Route(path, _answer(control, verb), methods=[method]) for method, path, verb in table()]
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
