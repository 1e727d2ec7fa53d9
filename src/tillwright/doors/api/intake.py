"""The address Stripe calls: reads a request within its limits, has the event stored, answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

import orjson
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tillwright.domains.webhooks import Webhooks
from tillwright.domains.webhooks.envelope import LARGEST_BODY
from tillwright.kit.errors import Invalid, TillwrightError, Upstream

_BELOW = "/webhooks/stripe/"
PATH = _BELOW + "{token}"
MOST_READ = 16 * LARGEST_BODY
"""Bytes of a body too large that are still read, and thrown away, so that its sender can be told."""
PATIENCE = 10.0
"""Seconds a sender may take for its body."""

_log = logging.getLogger("tillwright.intake")
_STATUS = {"absent": 404, "conflict": 409, "denied": 400, "invalid": 400, "upstream": 503}
_BY_CODE = {"body_too_large": 413, "body_encoded": 415, "body_too_slow": 408, "method_not_allowed": 405}
_Headers = list[tuple[bytes, bytes]]


def routes(webhooks: Webhooks) -> list[Route]:
    """The one route; plain ASGI, because a burst of Stripe's is answered by this file alone."""
    return [Route(PATH, IntakeEndpoint(webhooks), name="stripe-webhook", include_in_schema=False)]


class IntakeEndpoint:
    """Answers 200 only for an event that is committed; 4xx what must not come again, 503 what should."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.take(scope["path_params"]["token"], scope, receive, send)

    async def take(self, token: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call of this token's address."""
        try:
            body = await read_body(scope, receive, LARGEST_BODY)
            signatures = [value for name, value in scope["headers"] if name == b"stripe-signature"]
            accepted = await self._webhooks.accept(token, body, signatures)
        except Gone:
            return
        except TillwrightError as error:
            await refuse(send, error)
        except Exception:
            # What happened is unknown: Stripe keeps the event and sends it again.
            _log.exception("an event could not be stored")
            await refuse(send, Upstream("intake_failed", "The event could not be stored just now."))
        else:
            await send_json(send, 200, {"received": True, "id": accepted.event_id, "duplicate": accepted.duplicate})


class IntakeFirst:
    """The whole application with Stripe's address in front: a burst of events passes no router and no middleware."""

    def __init__(self, webhooks: Webhooks, rest: ASGIApp) -> None:
        self._intake = IntakeEndpoint(webhooks)
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(_BELOW):
            token: str = scope["path"][len(_BELOW) :]
            if token and "/" not in token:
                await self._intake.take(token, scope, receive, send)
                return
        await self._rest(scope, receive, send)


class Gone(Exception):
    """The sender hung up before its body was whole."""


async def read_body(scope: Scope, receive: Receive, largest: int) -> bytes:
    """A POST's whole body, of at most so many bytes.

    Raises:
        Invalid: it is larger, packed, too slow, or no POST.
        Gone: the sender hung up.
    """
    if scope["method"] != "POST":
        raise Invalid("method_not_allowed", "Events are sent by POST.")
    for name, value in scope["headers"]:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise Invalid("body_encoded", "The body is compressed; Stripe signs and sends it as it is.")
    chunks: list[bytes] = []
    size = 0  # counted, whatever Content-Length says
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                chunk: bytes = message.get("body", b"")
                size += len(chunk)
                if size <= largest:
                    chunks.append(chunk)
                over = size > MOST_READ or not message.get("more_body", False)
                if over and size > largest:
                    raise Invalid("body_too_large", f"The body is larger than {largest} bytes.")
                if over:
                    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
    except TimeoutError:
        raise Invalid("body_too_slow", "The body did not come within ten seconds.") from None


async def refuse(send: Send, error: TillwrightError, *, denied: int = 400) -> None:
    """Answer with the problem; `denied` is the status of what nothing proves."""
    status = _BY_CODE.get(error.code, denied if error.family == "denied" else _STATUS[error.family])
    problem: dict[str, object] = {"type": "about:blank", "title": error.sentence, "status": status, "code": error.code}
    if error.remedy:
        problem["detail"] = error.remedy
    if error.field:
        problem["field"] = error.field
    if isinstance(error, Invalid) and len(error.problems) > 1:
        problem["problems"] = [{"code": p.code, "detail": p.sentence, "field": p.field} for p in error.problems]
    headers: _Headers = []
    if status == 503:
        headers.append((b"retry-after", b"5"))
    if status == 405:
        headers.append((b"allow", b"POST"))
    if status in (408, 413):
        headers.append((b"connection", b"close"))  # the rest of the body is not read
    await send_json(send, status, problem, headers, b"application/problem+json")


async def send_json(
    send: Send,
    status: int,
    content: object,
    more: Iterable[tuple[bytes, bytes]] = (),
    kind: bytes = b"application/json",
) -> None:
    """One whole answer."""
    body = orjson.dumps(content)
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
