"""Stripe Connect's OAuth: the page on which a person authorises a platform, the token, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from .connect import SCOPES, Code
from .errors import StripeError
from .exchange import Answer, Exchange
from .ids import random_text
from .keys import Key

if TYPE_CHECKING:
    from .world import World

USED = "This authorization code has already been used. All tokens issued with this code have been revoked."
DENIED = "The user denied your request"


class Refused(Exception):
    """OAuth's own shape of a refusal."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status

    def answer(self) -> Answer:
        return _json({"error": self.error, "error_description": self.description}, self.status)


def answer(world: World, exchange: Exchange) -> Answer:
    """What a POST to one of `VERBS` is answered."""
    given = {name: value for name, value in exchange.fields if isinstance(value, str)}
    try:
        key = exchange.key = _key(world, exchange, given)
        exchange.account, exchange.livemode = key.account, key.livemode
        return VERBS[exchange.address](world, exchange, key, given)
    except Refused as refusal:
        return refusal.answer()


def _key(world: World, exchange: Exchange, given: Mapping[str, str]) -> Key:
    header = exchange.headers.get("authorization")
    if not header and given.get("client_secret"):
        header = f"Bearer {given['client_secret']}"
    try:
        key = world.keys.authenticate(header)
    except StripeError as error:
        raise Refused("invalid_client", error.message, 401) from None
    # Stripe's page speaks of the secret key; a restricted one is taken here where it has any Connect permission.
    if key.kind == "publishable" or (key.kind == "restricted" and not key.may("connect_read")):
        raise Refused("invalid_client", "This key may not be used for OAuth.", 401)
    return key


def _token(world: World, exchange: Exchange, key: Key, given: Mapping[str, str]) -> Answer:
    if given.get("grant_type") != "authorization_code":
        raise Refused("unsupported_grant_type", f"Unsupported grant type: {given.get('grant_type', '')}")
    text = given.get("code", "")
    if not text:
        raise Refused("invalid_request", "No authorization code provided")
    code = world.connect.codes.get(text)
    if code is None or code.platform != key.account:
        raise Refused("invalid_grant", f"Authorization code does not exist: {text}")
    _fresh(world, code, key, text)
    code.used = True
    world.connect.grants[(code.platform, code.account, code.livemode)] = code.scope
    exchange.accepted, exchange.object_id = True, code.account
    mode = "live" if code.livemode else "test"
    return _json(
        {
            "access_token": f"sk_{mode}_sandbox_{random_text(world.dice, 24)}",
            "livemode": code.livemode,
            "refresh_token": f"rt_{random_text(world.dice, 24)}",
            "token_type": "bearer",
            "stripe_publishable_key": f"pk_{mode}_sandbox_{random_text(world.dice, 24)}",
            "stripe_user_id": code.account,
            "scope": code.scope,
        }
    )


def _fresh(world: World, code: Code, key: Key, text: str) -> None:
    if code.used:
        world.connect.revoke(code.platform, code.account, code.livemode)
        raise Refused("invalid_grant", USED)
    if world.clock.now() >= code.until:
        raise Refused("invalid_grant", f"Authorization code expired: {text}")
    if code.livemode is not key.livemode:
        asked, was = ("live", "test") if key.livemode else ("test", "live")
        raise Refused("invalid_grant", f"This code was issued in {was} mode and the key is of {asked} mode.")


def _deauthorise(world: World, exchange: Exchange, key: Key, given: Mapping[str, str]) -> Answer:
    account, client = given.get("stripe_user_id", ""), world.connect.platform_of(given.get("client_id", ""))
    if client is None or client != (key.account, key.livemode):
        raise Refused("invalid_client", f"No such application: '{given.get('client_id', '')}'", 401)
    if not world.connect.revoke(key.account, account, key.livemode):
        raise Refused(
            "invalid_client",
            f"This application is not connected to stripe account {account}, or that account does not exist.",
            401,
        )
    exchange.accepted, exchange.object_id = True, account
    return _json({"stripe_user_id": account})


VERBS = {"/oauth/token": _token, "/oauth/deauthorize": _deauthorise}


def _json(body: dict[str, object], status: int = 200) -> Answer:
    return Answer(status, orjson.dumps(body, option=orjson.OPT_INDENT_2))


# --- the page a person sees ------------------------------------------------------------------------------------------


def pages(world: World) -> list[Route]:
    """The authorisation page, and what its buttons do."""

    async def page(request: Request) -> Response:
        given = {**dict(request.query_params), **dict(parse_qsl((await request.body()).decode()))}
        with world.lock:
            return _page(world, request.method, given)

    return [Route("/oauth/authorize", page, methods=["GET", "POST"])]


def _page(world: World, method: str, given: Mapping[str, str]) -> Response:
    client = world.connect.platform_of(given.get("client_id", ""))
    # As long as it is not sure who asks, nobody is sent anywhere.
    if client is None:
        return _problem("invalid_client", "No application matches the supplied client identifier")
    platform, livemode = client
    address = given.get("redirect_uri", "") or (world.connect.platform(platform).redirects or [""])[0]
    if not world.connect.may_return_to(platform, address):
        return _problem("invalid_redirect_uri", f"Invalid redirect URI '{address}'. Ensure it exactly matches.")
    scope = given.get("scope", "read_only")
    if given.get("response_type") != "code":
        return _back(address, given, error="unsupported_response_type", error_description="Only code is supported")
    if scope not in SCOPES or (scope == "read_only" and not world.connect.platform(platform).read_only):
        return _back(address, given, error="invalid_scope", error_description=f"Invalid scope provided: {scope}.")
    if method == "GET":
        return HTMLResponse(_form(world, platform, livemode, scope, given))
    if given.get("decision") != "connect":
        return _back(address, given, error="access_denied", error_description=DENIED)
    account = given.get("account", "")
    if account == platform or account not in world.accounts:
        return _problem("invalid_request", "This account cannot be connected.")
    return _back(address, given, scope=scope, code=world.connect.authorise(platform, account, livemode, scope))


def _back(address: str, given: Mapping[str, str], **told: str) -> Response:
    parts = urlsplit(address)
    state = {"state": given["state"]} if given.get("state") else {}
    query = urlencode([*parse_qsl(parts.query), *state.items(), *told.items()])
    return RedirectResponse(urlunsplit(parts._replace(query=query)), 303)


def _problem(error: str, description: str) -> Response:
    return HTMLResponse(_frame("Something is wrong", f"<p>{escape(description)} <code>({error})</code></p>"), 400)


def _form(world: World, platform: str, livemode: bool, scope: str, given: Mapping[str, str]) -> str:
    names = ("client_id", "response_type", "scope", "redirect_uri", "state")
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(given[name])}">' for name in names if name in given
    )
    chosen = [
        f'<label><input type="radio" name="account" value="{one.id}"{" checked" if number == 0 else ""}> '
        f"{escape(one.name)} <code>{one.id}</code></label>"
        for number, one in enumerate(a for a in world.accounts.values() if a.id != platform)
    ]
    may = "read its data" if scope == "read_only" else "read and change its data"
    return _frame(
        f"Connect an account to {world.accounts[platform].name}",
        f"<p>{escape(world.accounts[platform].name)} will be able to {may}, in {'live' if livemode else 'test'} mode."
        f'</p><form method="post" action="/oauth/authorize">{hidden}{"".join(chosen)}<p>'
        '<button name="decision" value="connect">Connect my Stripe account</button> '
        '<button name="decision" value="cancel">Cancel</button></p></form>',
    )


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.5rem;color:#1f2937}"
    "label{display:block;padding:.5rem 0}button{font:inherit;padding:.5rem 1rem;border:1px solid #c7ccd6;"
    "border-radius:.4rem;background:#fff;cursor:pointer}button[value=connect]{background:#635bff;color:#fff;border:0}"
    "code{color:#6b7280;font-size:.85em}small{color:#6b7280}"
)


def _frame(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><small>Sandbox Stripe</small><h1>{escape(title)}</h1>{body}</body></html>"
    )
