"""The sandbox as an ASGI application: bytes in, faults on the way, bytes out, each request in the ledger."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from . import behaviours, form, oauth, pipeline, versions
from .control import Control
from .control import routes as control_routes
from .errors import StripeError, invalid
from .exchange import Answer, Exchange
from .faults import Rule
from .world import World

LARGEST_BODY = 1024 * 1024
LARGEST_UPLOAD = 20 * 1024 * 1024
METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]


def create_app(world: World, control: Control | None = None) -> Wire:
    """The API under /v1, the controls under /_sandbox. Deliveries run while the application does."""
    behaviours.attach(world)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await world.webhooks.start()
        try:
            yield
        finally:
            await world.webhooks.stop()

    async def stripe(request: Request) -> Response:
        return await serve(world, request)

    rows: list[BaseRoute] = [control_routes(control or Control(world)), *oauth.pages(world), *world.pages]
    return Wire(Starlette(routes=[*rows, Route("/{path:path}", stripe, methods=METHODS)], lifespan=lifespan))


class Wire:
    """Lends the connection itself to the application, so that a fault can reset it."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # uvicorn's send is a method of the request's cycle, which knows its transport.
        scope["sandbox.transport"] = getattr(getattr(send, "__self__", None), "transport", None)
        await self.app(scope, receive, send)


async def serve(world: World, request: Request) -> Response:
    exchange = Exchange(
        request_id=world.new_request_id(),
        method=request.method,
        address=request.url.path,
        query=request.url.query,
        headers=dict(request.headers.items()),
        body=b"",
    )
    pipeline.route(exchange)
    rule = pick_fault(world, exchange)
    answer = Answer(0, b"")
    try:
        exchange.fields = await read(request, exchange)
        answer = await carry_out(world, exchange, rule)
    except StripeError as error:
        answer = pipeline.failure(exchange, error)
    finally:
        note(world, exchange, answer)
    if rule is not None and rule.kind in ("hang", "reset", "cut"):
        return Broken(rule, answer)
    return respond(exchange, answer)


def pick_fault(world: World, exchange: Exchange) -> Rule | None:
    if not world.faults.rules:
        return None
    try:
        kind = world.keys.authenticate(exchange.headers.get("authorization")).kind
    except StripeError:
        kind = ""  # refused later, in its turn
    operation = exchange.operation.id if exchange.operation else ""
    rule = world.faults.pick(exchange.method, exchange.address, operation, kind)
    if rule is not None:
        exchange.fault = rule.id
    return rule


async def read(request: Request, exchange: Exchange) -> form.Fields:
    """The parameters of query and body. Raises 400 for bodies Stripe would not read, 413 for what is too large."""
    fields = form.pairs(exchange.query.encode())
    kind = exchange.headers.get("content-type", "")
    upload = kind.startswith("multipart/form-data")
    largest = LARGEST_UPLOAD if upload else LARGEST_BODY
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > largest:
                raise invalid(f"The request is too large: at most {largest} bytes are accepted.", status=413)
            chunks.append(chunk)
    except ClientDisconnect as error:
        raise invalid("The request ended before its body did.") from error
    exchange.body = b"".join(chunks)
    if not exchange.body:
        return fields
    if upload:
        return fields + await read_upload(request, exchange.body)
    if kind.startswith("application/json"):
        raise invalid(
            "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have "
            "any questions, we can help at https://support.stripe.com/."
        )
    return fields + form.pairs(exchange.body)


async def read_upload(request: Request, body: bytes) -> form.Fields:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        async with Request(request.scope, receive).form() as parts:
            fields: form.Fields = []
            for name, part in parts.multi_items():
                if isinstance(part, str):
                    fields.append((name, part))
                else:
                    content = await part.read()
                    fields.append((name, {"filename": part.filename or "file", "content": content}))
            return fields
    except MultiPartException as error:
        raise invalid(f"The multipart body cannot be read: {error.message}") from error


async def carry_out(world: World, exchange: Exchange, rule: Rule | None) -> Answer:
    """The real answer, or what a fault puts in its place; see faults.py for the kinds."""
    if world.faults.latency:
        await asyncio.sleep(world.faults.latency)
    if rule is not None and rule.effect == "none" and rule.kind != "stored":
        return Answer(*rule.answer()) if rule.kind in ("status", "html") else Answer(0, b"")
    if exchange.method == "POST" and exchange.address in oauth.VERBS:
        return await connect(world, exchange, rule)
    with world.lock:
        pipeline.admit(world, exchange)
        kept = pipeline.begin(world, exchange)
    if kept is not None:
        return kept
    answer = Answer(0, b"")
    try:
        with world.lock:
            answer = run(world, exchange, rule)
        if rule is not None and rule.kind == "delay":
            await asyncio.sleep(rule.seconds)
    finally:
        pipeline.settle(world, exchange, answer)
    if rule is not None and rule.kind in ("status", "html"):
        return Answer(*rule.answer())
    return answer


async def connect(world: World, exchange: Exchange, rule: Rule | None) -> Answer:
    """OAuth's own requests: no idempotency, no rights but the platform's."""
    with world.lock:
        answer = oauth.answer(world, exchange)
    if rule is not None and rule.kind == "delay":
        await asyncio.sleep(rule.seconds)
    return Answer(*rule.answer()) if rule is not None and rule.kind in ("status", "html") else answer


def run(world: World, exchange: Exchange, rule: Rule | None) -> Answer:
    if rule is not None and rule.kind == "stored" and rule.effect == "none":
        exchange.executed = True
        return Answer(*rule.answer())
    try:
        answer = pipeline.execute(world, exchange)
    except Exception as error:
        answer = pipeline.failure(exchange, error)
    if rule is not None and rule.kind == "stored":
        return Answer(*rule.answer())
    return answer


def note(world: World, exchange: Exchange, answer: Answer) -> None:
    """A line in the ledger: the effect is accepted if it took place, whatever the caller got to see."""
    key = exchange.key
    world.ledger.record(
        at=world.clock.now(),
        method=exchange.method,
        path=exchange.address,
        status=answer.status,
        request_id=exchange.request_id,
        operation=exchange.operation.id if exchange.operation else None,
        params={name: value if isinstance(value, str) else value["filename"] for name, value in exchange.fields},
        account=exchange.account,
        livemode=exchange.livemode,
        key_kind=key.kind if key else None,
        # As sent: requests refused or struck by a fault before anyone looked at the key count as sends of it too.
        idempotency_key=exchange.headers.get("idempotency-key"),
        object_id=exchange.object_id,
        accepted=exchange.accepted,
        replayed=exchange.replayed,
        fault=exchange.fault,
    )


def respond(exchange: Exchange, answer: Answer) -> Response:
    headers = {
        "Content-Type": "application/json",
        "Request-Id": exchange.request_id,
        "Stripe-Version": exchange.api_version or versions.PINNED,
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "no-cache, no-store",
    }
    if exchange.idempotency_key:
        headers["Idempotency-Key"] = exchange.idempotency_key
        headers.setdefault("Original-Request", exchange.request_id)
    return Response(answer.body, answer.status, headers | answer.headers)


class Broken(Response):
    """An answer that never arrives whole: the connection is reset, at once, after a while, or half way through."""

    def __init__(self, rule: Rule, answer: Answer) -> None:
        super().__init__()
        self.rule, self.answer = rule, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.rule.kind == "hang":
            await asyncio.sleep(self.rule.seconds)
        if self.rule.kind == "cut":
            body = self.answer.body
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": self.answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            await asyncio.sleep(0.02)  # let the half go out before the connection goes
        await reset(scope.get("sandbox.transport"))


async def reset(transport: asyncio.Transport | None) -> None:
    """Drops the connection with a TCP reset, as a failing network does."""
    if transport is None:
        raise ConnectionResetError("a scripted fault drops this connection")
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await asyncio.sleep(0.01)  # until the server has noticed, so that it does not try to answer
