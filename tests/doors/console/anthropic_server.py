"""A language model by script that speaks Anthropic's messages over HTTP, as `model_server` speaks chat completions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.doors.console.model_server import KEY


class AnthropicServer:
    """Gives its `script` out, a step a request: a text, (tool, arguments), or a status to fail with."""

    def __init__(self, *script: str | tuple[str, Any] | int) -> None:
        self.script, self.asked = list(script), list[dict[str, Any]]()
        self.app = Starlette(routes=[Route("/v1/messages", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        if KEY not in (
            request.headers.get("x-api-key"),
            request.headers.get("authorization", "").removeprefix("Bearer "),
        ):
            return _failed(401, f"bad key {dict(request.headers)}")
        self.asked.append(orjson.loads(await request.body()))
        step = self.script.pop(0)
        if isinstance(step, int):
            return _failed(step, "no")
        return StreamingResponse(self._events(step), media_type="text/event-stream")

    async def _events(self, step: str | tuple[str, Any]) -> AsyncIterator[bytes]:
        usage = {"input_tokens": 60, "cache_read_input_tokens": 40, "cache_creation_input_tokens": 0,
                 "output_tokens": 1}  # fmt: skip
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "scripted-1", "content": [],
                   "stop_reason": None, "stop_sequence": None, "usage": usage}  # fmt: skip
        yield _event("message_start", message=message)
        if isinstance(step, str):
            block: dict[str, Any] = {"type": "text", "text": ""}
            deltas = [{"type": "text_delta", "text": step[at : at + 7]} for at in range(0, len(step), 7)]
        else:
            text = orjson.dumps(step[1]).decode() if step[1] else ""
            block = {"type": "tool_use", "id": f"toolu_{len(self.asked)}", "name": step[0], "input": {}}
            deltas = [{"type": "input_json_delta", "partial_json": text[at : at + 5]} for at in range(0, len(text), 5)]
        yield _event("content_block_start", index=0, content_block=block)
        yield _event("ping")
        for delta in deltas:
            yield _event("content_block_delta", index=0, delta=delta)
        yield _event("content_block_stop", index=0)
        stop = "end_turn" if isinstance(step, str) else "tool_use"
        yield _event("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, usage={"output_tokens": 7})
        yield _event("message_stop")


def _event(kind: str, **more: Any) -> bytes:
    return f"event: {kind}\n".encode() + b"data: " + orjson.dumps({"type": kind, **more}) + b"\n\n"


def _failed(status: int, message: str) -> Response:
    return JSONResponse({"type": "error", "error": {"type": "api_error", "message": message}}, status)
