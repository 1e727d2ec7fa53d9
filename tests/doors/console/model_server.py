"""A language model by script that speaks OpenAI's chat completions over HTTP, streamed in small pieces."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

KEY = "sk-model-canary-0123456789"


class ModelServer:
    """Gives its `script` out, a step a request: a text, or (tool, arguments). `asked` is what came in."""

    def __init__(self, *script: str | tuple[str, Any]) -> None:
        self.script, self.asked = list(script), list[dict[str, Any]]()
        self.app = Starlette(routes=[Route("/v1/chat/completions", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return JSONResponse({"error": {"message": f"bad key {request.headers.get('authorization')}"}}, 401)
        self.asked.append(orjson.loads(await request.body()))
        if not self.script:
            return JSONResponse({"error": {"message": "out of script"}}, 500)
        return StreamingResponse(self._events(self.script.pop(0)), media_type="text/event-stream")

    async def _events(self, step: str | tuple[str, Any]) -> AsyncIterator[bytes]:
        if isinstance(step, str):
            deltas: list[dict[str, Any]] = [{"content": step[at : at + 7]} for at in range(0, len(step), 7)]
        else:
            text = step[1] if isinstance(step[1], str) else orjson.dumps(step[1]).decode()
            head = {"index": 0, "id": f"call_{len(self.asked)}", "type": "function"}
            deltas = [{"tool_calls": [head | {"function": {"name": step[0], "arguments": ""}}]}]
            deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": text[at : at + 5]}}]}
                       for at in range(0, len(text), 5)]  # fmt: skip
        for delta in deltas:
            yield b"data: " + orjson.dumps({"choices": [{"index": 0, "delta": delta}]}) + b"\n\n"
        yield b'data: {"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 7}}\n\n'
        yield b"data: [DONE]\n\n"
