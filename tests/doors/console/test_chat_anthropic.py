"""The chat with a model that speaks Anthropic's own protocol, through the official client over HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from tests.doors.console.anthropic_server import AnthropicServer
from tests.doors.console.model_server import KEY
from tests.doors.console.test_chat import PATH, begin, say, words
from tests.doors.mcp.conftest import Office
from tests.doors.mcp.conftest import office as office
from tests.serving import serving
from tillwright.gateways.model import anthropic_messages


@asynccontextmanager
async def talking(
    office: Office, *script: str | tuple[str, Any] | int, key: str = KEY
) -> AsyncIterator[AnthropicServer]:
    server = AnthropicServer(*script)
    async with serving(server.app) as client:
        base = f"anthropic+{str(client.base_url).rstrip('/')}/v1"
        office.house.chat.bases = (base,)
        chosen = await office.ada.send(f"{PATH}/model", seen=PATH, base=base, model="scripted-1", key=key)
        assert chosen.status_code == 303, chosen.text
        yield server


async def test_it_asks_tools_in_rounds_answers_in_pieces_and_is_made_to_stop(office: Office) -> None:
    async with talking(office, ("balance", {}), ("find_customers", {"limit": 1}), "Enough of it.") as server:
        conversation = await begin(office)
        lines = await say(office, conversation)
        server.script.append("Again.")
        assert words(await say(office, conversation, "And now?")) == "Again."
        server.script += [("balance", {})] * 8 + ["Enough."]
        assert words(await say(office, await begin(office))) == "Enough."
    assert [line["tool"] for line in lines if line["kind"] == "answered"] == ["balance", "find_customers"]
    assert all("error" not in line["answer"] for line in lines if line["kind"] == "answered")
    assert len([line for line in lines if line["kind"] == "text"]) == 2
    first, third = server.asked[0], server.asked[2]
    assert first["system"].startswith("You answer questions")
    assert {"name", "description", "input_schema"} <= set(first["tools"][0])
    assert first["tools"][-1]["cache_control"] == {"type": "ephemeral"}
    roles = [turn["role"] for turn in third["messages"]]
    assert roles == ["user", "assistant", "user", "assistant", "user"]
    asked, answered = third["messages"][3]["content"][0], third["messages"][4]["content"][0]
    assert (asked["name"], asked["input"]) == ("find_customers", {"limit": 1})
    assert answered["tool_use_id"] == asked["id"]
    last = server.asked[-1]
    assert (last["tool_choice"], [tool["name"] for tool in last["tools"]]) == ({"type": "none"}, ["balance"])
    now = office.house.clock.now()
    [spent] = await office.house.chat.spent(office.principal, now - timedelta(hours=2), now + timedelta(hours=1))
    assert (spent.provider, spent.read, spent.written, spent.count) == ("127.0.0.1", 1300, 91, 13)


async def test_one_that_fails_says_so_once_and_keeps_the_key(office: Office) -> None:
    failures: list[tuple[str, Any, str]] = [
        ("sk-wrong-key-000000000", "x", "does not accept the key"),
        (KEY, 529, "HTTP 529"),
        ("", "x", "does not accept"),
    ]  # fmt: skip
    for key, step, said in failures:
        async with talking(office, step, key=key) as server:
            lines = await say(office, await begin(office))
        assert (lines[-1]["kind"], said in lines[-1]["sentence"]) == ("failed", True), lines
        assert len(server.asked) <= 1, "no try of its own"
        assert not key or key not in str(lines)


def test_several_answers_of_one_round_are_one_turn_and_nonsense_is_an_object() -> None:
    def call(number: int, arguments: str) -> dict[str, Any]:
        return {"id": f"c{number}", "function": {"name": "balance", "arguments": arguments}}

    system, turns = anthropic_messages.conversation([
        {"role": "system", "content": "Be exact."},
        {"role": "user", "content": "How much?"},
        {"role": "assistant", "content": " ", "tool_calls": [call(1, ""), call(2, "[1]"), call(3, "{broken")]},
        *({"role": "tool", "content": "{}", "tool_call_id": f"c{number}"} for number in (1, 2, 3)),
        {"role": "assistant", "content": ""},
        {"role": "user", "content": "Well?"},
    ])  # fmt: skip
    assert system == "Be exact."
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert [block["input"] for block in turns[1]["content"]] == [{}, {}, {}]
    assert [block["type"] for block in turns[2]["content"]] == ["tool_result"] * 3 + ["text"]


def test_the_client_is_not_loaded_before_it_is_asked() -> None:
    code = "import sys, tillwright.main, tillwright.gateways.model.live; print('anthropic' in sys.modules)"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TILLWRIGHT_")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "False"
