"""Puts a model where the scripted planner is.

`python -m bench.assistant.model --base URL --model NAME [--questions N]`; the address is whatever speaks OpenAI's chat
completions, the key comes from the environment variable MODEL_KEY. The model is given the tools and the question,
nothing else. Right is a question for which one of its askings brought the exact answer, and a must-refuse one for which
no asking brought any. What it then says in words is printed with `--show`, for a person to judge.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import orjson

from bench.assistant.__main__ import connected, house_over
from bench.assistant.books import NOW, PROFILES, keep
from bench.assistant.questions import Question, ask
from bench.assistant.seeding import put
from bench.assistant.serving import serving
from tillwright.domains.assistant import Allowance
from tillwright.domains.assistant.chat import Said
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.database.migrate import migrate
from tillwright.kit.clock import to_unix
from tillwright.kit.seal import Secret
from tillwright.wiring import House
from tillwright_sandbox.world import make_world


async def put_to(house: House, who: Principal, question: Question) -> tuple[bool, str]:
    """Whether one of the model's askings brought the exact answer, and what it said."""
    conversation = await house.chat.begin(who, question.text, via="connection")
    said: list[Said] = [each async for each in house.chat.say(who, conversation.id, question.text)]
    words = "".join(str(each.data["text"]) for each in said if each.kind == "text")
    answers = [each.data["answer"] for each in said if each.kind == "answered"]
    if question.kind == "must-refuse":
        return all("error" in answer for answer in answers), words
    return any(_right(question, answer) for answer in answers), words


def _right(question: Question, answer: dict[str, Any]) -> bool:
    try:
        return question.read([answer]) == question.expected
    except (LookupError, TypeError):
        return False


async def run(args: argparse.Namespace, url: str, folder: Path) -> None:
    world = make_world()
    world.limits.enabled = False
    world.clock.freeze()
    world.clock.start_at(to_unix(NOW))
    books = [keep(profile, args.seed, scale=args.scale) for profile in PROFILES]
    for each in books:
        put(world, each)
    async with serving(world) as sandbox, house_over(url, sandbox, folder) as house:
        people = await connected(house, world, books)
        house.assistant.__dict__["_allowance"] = Allowance(10**9, 10**9)
        house.chat.bases = (args.base,)
        admin = Principal(people[0].organisation_id, "USER", "usr_bench", "Bench", "ADMIN")
        await house.chat.choose(admin, base=args.base, model=args.model, key=Secret(os.environ.get("MODEL_KEY", "")))
        pairs = [(who, question) for who, each in zip(people, books, strict=True) for question in ask(each, args.seed)]
        chosen = random.Random(args.seed).sample(pairs, min(args.questions, len(pairs)))
        right, asked = Counter[str](), Counter[str]()
        before = len(world.ledger.lines)
        for who, question in chosen:
            good, words = await put_to(house, who, question)
            asked[question.kind] += 1
            right[question.kind] += good
            if args.show:
                print(f"{'right' if good else 'wrong'}  {question.text}\n    {words[:400]}")
        written = len(world.ledger.lines) - before
        result = {"bench": "assistant.model", "model": args.model, "asked": dict(asked), "right": dict(right)}
        print(orjson.dumps(result | {"writes": written}).decode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--scale", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tillwright-bench-") as made:
        server = EmbeddedServer(Path(made) / "pg")
        try:
            migrate(Secret(server.url))
            asyncio.run(run(given, server.url, Path(made)))
        finally:
            server.stop()
