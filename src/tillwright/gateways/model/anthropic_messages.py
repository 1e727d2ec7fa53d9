"""Anthropic's own protocol, by its official client: the extra `ai`, imported when such a model is asked, not before."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson

from tillwright.gateways.model.port import Call, ModelAccess, Piece, Text, Usage
from tillwright.kit.errors import Denied, Upstream

MARK = "anthropic+"
"""Before an address that speaks this protocol, where its name does not say so."""
_HOST = "https://api.anthropic.com"
_MOST_TOKENS = 8_192  # of one answer, which this protocol wants to be told


def speaks(base: str) -> bool:
    """Whether this address is asked so; Anthropic's own is only where the extra is installed."""
    return base.startswith(MARK) or (base.startswith(_HOST) and importlib.util.find_spec("anthropic") is not None)


async def stream(
    access: ModelAccess, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]], timeout: float
) -> AsyncIterator[Piece]:
    """One answer. `messages` and `tools` are in the shape of chat completions. Errors: as the port says."""
    try:
        import anthropic  # an extra, and two seconds of loading
        import httpx2
    except ImportError:
        raise Upstream(
            "model_client_missing",
            "This installation lacks the client for this model.",
            remedy="Whoever runs it installs Tillwright with its extra: pip install 'tillwright[ai]'.",
        ) from None
    if access.key is None:
        raise _refused()
    system, said = conversation(messages)
    asked: dict[str, Any] = {"model": access.model, "max_tokens": _MOST_TOKENS, "messages": said, "stream": True}
    if system:
        asked["system"] = system
    if offered := _tools(tools, said):
        asked |= {"tools": offered, "tool_choice": {"type": "auto" if tools else "none"}}
    calls: dict[int, list[str]] = {}
    read = written = 0
    try:
        async with (
            anthropic.DefaultAsyncHttpxClient(follow_redirects=False, trust_env=False) as http,
            anthropic.AsyncAnthropic(
                api_key=access.key.reveal(),
                base_url=access.base.removeprefix(MARK).removesuffix("/v1"),
                timeout=timeout,
                max_retries=0,  # a question is counted once
                http_client=http,
            ) as client,
        ):
            async for event in await client.messages.create(**asked):
                match event.type:
                    case "message_start":
                        used = event.message.usage
                        cached = (used.cache_read_input_tokens or 0) + (used.cache_creation_input_tokens or 0)
                        read += used.input_tokens + cached
                    case "content_block_start" if event.content_block.type == "tool_use":
                        calls[event.index] = [event.content_block.id, event.content_block.name, ""]
                    case "content_block_delta" if event.delta.type == "text_delta":
                        yield Text(event.delta.text)
                    case "content_block_delta" if event.delta.type == "input_json_delta" and event.index in calls:
                        calls[event.index][2] += event.delta.partial_json
                    case "message_delta":
                        written = event.usage.output_tokens
                    case _:
                        pass  # thinking, pings, ends of blocks
    # Raised from nothing: the client's errors hold the request, and the key with it.
    except (anthropic.AuthenticationError, anthropic.PermissionDeniedError):
        raise _refused() from None
    except anthropic.APIStatusError as error:
        raise _broken(f"HTTP {error.status_code}") from None
    except (anthropic.AnthropicError, httpx2.HTTPError) as error:
        raise _broken(type(error).__name__) from None
    yield Usage(read, written)
    for _, (call_id, name, arguments) in sorted(calls.items()):
        yield Call(call_id, name, arguments or "{}")


def conversation(messages: Sequence[Mapping[str, Any]]) -> tuple[str, list[dict[str, Any]]]:
    """(what the system says, the turns): tools' answers are the user's, and those of one round are one turn."""
    system: list[str] = []
    turns: list[dict[str, Any]] = []
    for message in messages:
        role, content = message["role"], str(message.get("content") or "")
        if role == "system":
            system.append(content)
        elif role == "assistant":
            blocks: list[dict[str, Any]] = [{"type": "text", "text": content}] if content.strip() else []
            blocks += [_asked(call) for call in message.get("tool_calls") or []]
            if blocks:
                turns.append({"role": "assistant", "content": blocks})
        elif role == "tool":
            block = {"type": "tool_result", "tool_use_id": message["tool_call_id"], "content": content}
            _as_user(turns, block)
        else:
            _as_user(turns, {"type": "text", "text": content})
    return "\n\n".join(system), turns


def _as_user(turns: list[dict[str, Any]], block: dict[str, Any]) -> None:
    """Two turns of one side in a row are one."""
    if turns and turns[-1]["role"] == "user":
        turns[-1]["content"].append(block)
    else:
        turns.append({"role": "user", "content": [block]})


def _asked(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    try:
        given: Any = orjson.loads(function["arguments"] or "{}")
    except ValueError:
        given = {}
    given = given if isinstance(given, dict) else {}
    return {"type": "tool_use", "id": call["id"], "name": function["name"], "input": given}


def _tools(tools: Sequence[Mapping[str, Any]], said: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The tools; where none may be asked any more, those that were: a conversation must name what it used."""
    offered = [
        {"name": f["name"], "description": f["description"], "input_schema": f["parameters"]}
        for f in (tool["function"] for tool in tools)
    ]
    if offered:
        # What comes before this mark is the same in every request: it is read from the cache.
        offered[-1] = {**offered[-1], "cache_control": {"type": "ephemeral"}}
        return offered
    names = {block["name"] for turn in said for block in turn["content"] if block["type"] == "tool_use"}
    return [{"name": name, "input_schema": {"type": "object"}} for name in sorted(names)]


def _refused() -> Denied:
    return Denied("model_key_refused", "The model's server does not accept the key.", remedy="Enter another key.")


def _broken(what: str) -> Upstream:
    return Upstream("model_failed", f"The model did not answer ({what}).", remedy="Try again, or choose another model.")
