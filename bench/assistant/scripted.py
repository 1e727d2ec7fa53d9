"""A client that needs no model: the official MCP client, with the scripted planner in the place of one.

`python -m bench.assistant.client --scale 40 --program 'python -m bench.assistant.scripted --scale 40'`: a client that
asks the right questions is right about everything. `--careless` stops at the first page and adds one to each number, to
see that the score tells.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from typing import Any, cast

import httpx2
import orjson
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from bench.assistant.accounts import questions_of
from bench.assistant.books import PROFILES, keep
from bench.assistant.forms import form_of
from bench.assistant.questions import Question


async def answer(client: Client, question: Question, *, careless: bool) -> Any:
    """Ask what the planner would ask, and write the answer in the form that is wanted."""
    answers: list[dict[str, Any]] = []
    for name, arguments in question.plan:
        got = await _ask(client, name, arguments)
        items, cursor = list(got.get("items", [])), got.get("next_cursor")
        while question.pages and cursor and not careless:
            more = await _ask(client, name, {**arguments, "cursor": cursor})
            items += more["items"]
            cursor = more["next_cursor"]
        answers.append(got | {"items": items})
    if question.kind == "must-refuse":
        return {"refused": "refused" in answers[0]}
    got = question.read(answers)
    if careless and isinstance(got, int):
        got += 1
    return form_of(_with(question, got)).right


def _with(question: Question, got: Any) -> Question:
    fields = {name: getattr(question, name) for name in question.__dataclass_fields__}
    return Question(**(fields | {"expected": got}))


async def _ask(client: Client, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    told = await client.call_tool(name, dict(arguments))
    said = cast("dict[str, Any]", told.structured_content or {})
    return {"refused": said.get("error")} if told.is_error else said


async def main(args: argparse.Namespace) -> None:
    books = [keep(profile, args.seed, scale=args.scale) for profile in PROFILES]
    known = {name: one for each in books for name, one in questions_of(each, args.seed).items()}
    lines = [orjson.loads(line) for line in sys.stdin.buffer if line.strip()]
    for token in dict.fromkeys(line["token"] for line in lines):
        mine = [line for line in lines if line["token"] == token]
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=120) as http,
            Client(streamable_http_client(mine[0]["url"], http_client=http)) as client,
        ):
            for line in mine:
                said = await answer(client, known[line["id"]], careless=args.careless)
                print(orjson.dumps({"id": line["id"], "answer": said}).decode(), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=int)
    parser.add_argument("--careless", action="store_true")
    asyncio.run(main(parser.parse_args()))
