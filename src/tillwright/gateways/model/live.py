"""OpenAI's chat completions over HTTP, streamed, as nearly every server speaks them; and who speaks otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx
import orjson

from tillwright.gateways.model import anthropic_messages
from tillwright.gateways.model.port import Call, ModelAccess, Piece, Text, Usage
from tillwright.kit.errors import Denied, Upstream

_LONGEST_LINE = 1_000_000  # bytes of one event


class LiveModel:
    """`timeout` in seconds is for each wait, not for the whole answer. Redirections are not followed."""

    def __init__(self, *, timeout: float = 120.0) -> None:
        self._seconds = timeout
        self._timeout = httpx.Timeout(timeout, connect=10.0)

    async def stream(
        self, access: ModelAccess, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
    ) -> AsyncIterator[Piece]:
        if anthropic_messages.speaks(access.base):
            async for piece in anthropic_messages.stream(access, messages, tools, self._seconds):
                yield piece
            return
        asked: dict[str, Any] = {
            "model": access.model,
            "messages": list(messages),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if tools:
            asked["tools"] = list(tools)
        headers = {"Authorization": f"Bearer {access.key.reveal()}"} if access.key else {}
        calls: dict[int, list[str]] = {}
        try:
            async with (
                httpx.AsyncClient(timeout=self._timeout, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", f"{access.base}/chat/completions", json=asked, headers=headers) as answer,
            ):
                _refuse(answer.status_code)
                async for line in answer.aiter_lines():
                    for piece in _read(line, calls):
                        yield piece
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Raised from nothing: the library's error holds the request, and the key with it.
            raise _broken(type(error).__name__) from None
        for _, (call_id, name, arguments) in sorted(calls.items()):
            yield Call(call_id, name, arguments)


def _refuse(status: int) -> None:
    if status in (401, 403):
        raise Denied("model_key_refused", "The model's server does not accept the key.", remedy="Enter another key.")
    if not 200 <= status < 300:
        raise _broken(f"HTTP {status}")


def _broken(what: str) -> Upstream:
    return Upstream("model_failed", f"The model did not answer ({what}).", remedy="Try again, or choose another model.")


def _read(line: str, calls: dict[int, list[str]]) -> list[Piece]:
    """The pieces of one event; the parts of calls are put together until the end."""
    if not line.startswith("data:") or len(line) > _LONGEST_LINE or line[5:].strip() == "[DONE]":
        return []
    try:
        event = orjson.loads(line[5:])
    except ValueError:
        raise _broken("an answer that can't be read") from None
    found: list[Piece] = []
    if isinstance(event.get("usage"), dict):
        used = event["usage"]
        found.append(Usage(int(used.get("prompt_tokens") or 0), int(used.get("completion_tokens") or 0)))
    for choice in event.get("choices") or []:
        delta = choice.get("delta") or {}
        if isinstance(delta.get("content"), str) and delta["content"]:
            found.append(Text(delta["content"]))
        for part in delta.get("tool_calls") or []:
            held = calls.setdefault(int(part.get("index") or 0), ["", "", ""])
            function = part.get("function") or {}
            held[0] = part.get("id") or held[0]
            held[1] = function.get("name") or held[1]
            held[2] += function.get("arguments") or ""
    return found
