"""Stripe over the wire: the only file that knows the official SDK."""

from __future__ import annotations

import asyncio
import logging
import ssl
import weakref
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import stripe

from tillwright.gateways.stripe import oauth_refusals, translate
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.answer import Answer
from tillwright.gateways.stripe.calls import Calls, OnRefusal, Reply
from tillwright.gateways.stripe.errors import StripeFailure, StripeUnreachable
from tillwright.gateways.stripe.facts import API_VERSION
from tillwright.gateways.stripe.limits import Limiter
from tillwright.gateways.stripe.oauth import Grant, Scope
from tillwright.gateways.stripe.reader import Lane, Params
from tillwright.gateways.stripe.retry import RetryPolicy
from tillwright.gateways.stripe.writer import MaySend, Method
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Invalid

_NO_KEY = "none-given"  # the client's own key is never used; a request without its own would be refused by Stripe

stripe.enable_telemetry = False
stripe.set_app_info("Tillwright")
# Both write whole addresses, and so the parameters of a GET, to the log.
logging.getLogger("stripe").setLevel(logging.WARNING)
logging.getLogger("httpx").setLevel(logging.WARNING)


class _Undecoded(str):
    """Given to the SDK in place of a body, which it would decode with the slowest decoder there is, and for nothing."""

    raw: bytes


async def _sent_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Lets a broken connection be seen: aiohttp would send a GET or a DELETE again, unasked and uncounted.

    Stripe's answer to a second deletion is that there is nothing to delete.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(type(error).__name__) from error


class _Transport(stripe.HTTPClient):
    """One event loop's connections. Follows no redirect, keeps no cookie, goes through the system's proxy if any."""

    name = "aiohttp"

    def __init__(self, base: str, timeout: float) -> None:
        super().__init__()
        parts = urlsplit(base)
        # Looked up once: asked of aiohttp, it would be looked up in a thread for each request.
        direct = proxy_bypass(parts.hostname or "")
        self._through = None if direct else getproxies().get(parts.scheme)
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[Any, int, Mapping[str, str]]:
        try:
            async with self._open().request(
                method, url, headers=headers, data=post_data, allow_redirects=False, timeout=self._timeout,
                proxy=self._through,
            ) as answer:  # fmt: skip
                raw = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise stripe.APIConnectionError(type(error).__name__) from error
        if not 200 <= answer.status < 300:
            return raw, answer.status, answer.headers
        body = _Undecoded("{}")
        body.raw = raw
        return body, answer.status, answer.headers

    def sleep_async(self, secs: float) -> Any:
        return asyncio.sleep(secs)

    async def close_async(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            trusted = ssl.create_default_context(cafile=stripe.ca_bundle_path)
            connector = aiohttp.TCPConnector(ssl=trusted)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), middlewares=(_sent_once,)
            )
        return self._session


class SdkExchange:
    """One request through the SDK's raw interface, without its own retries.

    `api_base` is where Stripe is; `methods` what may be sent at all.
    """

    def __init__(self, api_base: str, *, methods: frozenset[str], timeout: float = 30.0) -> None:
        self._base = _checked_base(api_base)
        self._methods = methods
        self._timeout = timeout
        # Connections belong to an event loop, and a durable engine may run another one than the web server's.
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[stripe.StripeClient, Any]] = (
            weakref.WeakKeyDictionary()
        )

    async def __call__(
        self, access: Access, method: str, path: str, params: Mapping[str, Any], idempotency_key: str | None
    ) -> Reply:
        if method not in self._methods:
            raise PermissionError(f"{method} may not be sent here, only {', '.join(sorted(self._methods))}")
        options = {"idempotency_key": idempotency_key} if idempotency_key else {}
        if access.on_account:
            options["stripe_account"] = access.on_account
        reply = await self._send(access, method, path, params, options)
        if isinstance(reply, Reply):
            return reply
        # Raised here and not where it was caught: the SDK's own error holds the request, and the key with it.
        raise reply

    async def _send(
        self, access: Access, method: str, path: str, params: Mapping[str, Any], options: dict[str, str]
    ) -> Reply | StripeUnreachable:
        client = self._client()
        try:
            answer = await client.raw_request_async(
                method.lower(), path, api_key=access.key.reveal(), **options, **params
            )
        except stripe.StripeError as error:
            if error.http_status is None:
                return translate.unreachable(type(error.__cause__ or error).__name__)
            return Reply(error.http_status, _lower(error.headers), _bytes(error.http_body))
        return Reply(answer.code, _lower(answer.headers), _bytes(answer.body))

    def _client(self) -> stripe.StripeClient:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            http = _Transport(self._base, self._timeout)
            client = stripe.StripeClient(
                _NO_KEY,
                stripe_version=API_VERSION,
                base_addresses={"api": self._base},
                http_client=http,
                max_network_retries=0,
            )
            self._clients[loop] = (client, http)
        return self._clients[loop][0]

    async def close(self) -> None:
        """Closes this event loop's connections."""
        held = self._clients.pop(asyncio.get_running_loop(), None)
        if held:
            await held[1].close_async()


class LiveReader:
    """Reads Stripe. Its exchange refuses anything but GET, whoever asks."""

    def __init__(
        self,
        api_base: str,
        *,
        limits: Limiter,
        clock: Clock,
        policy: RetryPolicy | None = None,
        on_refusal: OnRefusal | None = None,
    ) -> None:
        self._exchange = SdkExchange(api_base, methods=frozenset({"GET"}))
        self._calls = Calls(self._exchange, limits=limits, clock=clock, policy=policy, on_refusal=on_refusal)

    async def get(
        self,
        access: Access,
        path: str,
        params: Params | None = None,
        *,
        lane: Lane = "interactive",
        deadline: float = 30.0,
    ) -> Answer:
        return await self._calls.call(access, "GET", path, params, None, lane=lane, deadline=deadline)

    async def pages(
        self,
        access: Access,
        path: str,
        params: Params | None = None,
        *,
        lane: Lane = "interactive",
        deadline: float = 30.0,
    ) -> AsyncIterator[Answer]:
        wanted: dict[str, Any] = {"limit": 100, **(params or {})}
        while True:
            answer = await self.get(access, path, wanted, lane=lane, deadline=deadline)
            yield answer
            if not answer.body.get("has_more") or not answer.items:
                return
            wanted["starting_after"] = answer.items[-1]["id"]

    async def close(self) -> None:
        await self._exchange.close()


class LiveWriter:
    """Writes to Stripe."""

    def __init__(
        self,
        api_base: str,
        *,
        limits: Limiter,
        clock: Clock,
        policy: RetryPolicy | None = None,
        on_refusal: OnRefusal | None = None,
    ) -> None:
        self._exchange = SdkExchange(api_base, methods=frozenset({"POST", "DELETE"}))
        self._calls = Calls(self._exchange, limits=limits, clock=clock, policy=policy, on_refusal=on_refusal)

    async def send(
        self,
        access: Access,
        method: Method,
        path: str,
        params: Mapping[str, Any] | None,
        idempotency_key: str,
        *,
        deadline: float = 30.0,
        retry: bool = True,
        may_send: MaySend | None = None,
    ) -> Answer:
        if not idempotency_key:
            raise ValueError("a write needs an idempotency key")
        return await self._calls.call(
            access, method, path, params, idempotency_key, lane="interactive", deadline=deadline, retry=retry,
            may_send=may_send,
        )  # fmt: skip

    async def close(self) -> None:
        await self._exchange.close()


class LiveOAuth:
    """Stripe's OAuth. `connect_base` is where its pages and tokens are; `timeout` in seconds."""

    def __init__(self, connect_base: str, *, timeout: float = 15.0) -> None:
        self._client = stripe.StripeClient(
            _NO_KEY,
            base_addresses={"connect": _checked_base(connect_base)},
            stripe_version=API_VERSION,
            http_client=stripe.HTTPXClient(timeout=timeout, allow_sync_methods=True),
            max_network_retries=0,
        )

    def authorize_url(self, *, client_id: str, redirect_uri: str, state: str, scope: Scope) -> str:
        return self._client.oauth.authorize_url(
            {
                "client_id": client_id,
                "response_type": "code",
                "scope": scope,
                "redirect_uri": redirect_uri,
                "state": state,
            }
        )

    async def redeem(self, access: Access, code: str) -> Grant:
        params: Any = {"grant_type": "authorization_code", "code": code}
        answer = await self._ask(access, self._client.oauth.token, params)
        if isinstance(answer, StripeFailure):
            raise answer
        account_id, scope, livemode = answer.get("stripe_user_id"), answer.get("scope"), answer.get("livemode")
        if not isinstance(account_id, str) or not isinstance(livemode, bool):
            raise translate.failure(200, {}, b"")
        return Grant(account_id, livemode, str(scope))

    async def revoke(self, access: Access, *, client_id: str, account_id: str) -> bool:
        params: Any = {"client_id": client_id, "stripe_user_id": account_id}
        answer = await self._ask(access, self._client.oauth.deauthorize, params)
        if not isinstance(answer, StripeFailure):
            return True
        # What Stripe says of an account that is not connected (any more) is what was wanted.
        if answer.stripe_code == "invalid_client" and "not connected" in answer.facts.message:
            return False
        raise answer

    async def _ask(self, access: Access, ask: Any, params: Any) -> Mapping[str, Any] | StripeFailure:
        # Given back and not raised: the SDK's own error holds the request, and the key with it.
        try:
            # The SDK's OAuth calls are synchronous.
            answer = await asyncio.to_thread(ask, params, {"api_key": access.key.reveal()})
        except stripe.StripeError as error:
            if error.http_status is None:
                return translate.unreachable(type(error.__cause__ or error).__name__)
            return oauth_refusals.failure(error.http_status, _lower(error.headers), _bytes(error.http_body))
        return answer.to_dict()


def _checked_base(address: str) -> str:
    parts = urlsplit(address)
    loopback = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or parts.username or (parts.scheme != "https" and not (parts.scheme == "http" and loopback)):
        raise Invalid(
            "stripe_base_malformed",
            f"{address!r} is not an address keys can be sent to.",
            field="TILLWRIGHT_STRIPE_API_BASE",
            remedy="Use https://api.stripe.com, or http://127.0.0.1:PORT for a sandbox on this machine.",
        )
    return address.rstrip("/")


def _lower(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name.lower(): value for name, value in (headers or {}).items()}


def _bytes(body: Any) -> bytes:
    if isinstance(body, _Undecoded):
        return body.raw
    return body.encode() if isinstance(body, str) else bytes(body or b"")
