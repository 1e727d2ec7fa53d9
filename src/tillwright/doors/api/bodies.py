"""What a body must be before anything looks into it: of a bearable size, and JSON as the standard has it."""

from __future__ import annotations

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tillwright.doors.api.problems import answer
from tillwright.kit.errors import Invalid

LARGEST = 1024 * 1024
"""Bytes."""


class StrictBodies:
    """Python's own reader takes NaN and halves of characters, which nothing behind it can store or answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if len(body) > LARGEST:
                too_large = Invalid("body_too_large", "The body is larger than any of ours.", field="body")
                await answer(too_large)(scope, receive, send)
                return
            if not message.get("more_body"):
                break
        if problem := _problem(scope, body):
            await answer(problem)(scope, receive, send)
            return
        read = False

        async def again() -> Message:
            nonlocal read
            if read:
                return await receive()
            read = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)


def _problem(scope: Scope, body: bytes) -> Invalid | None:
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    if not body or not any(b"json" in kind for kind in kinds):
        return None
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return Invalid("body_not_json", "The body is not JSON.", field="body", remedy="Send application/json.")
    return None
