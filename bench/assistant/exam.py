"""Asks the questions through the tools, as a scripted planner would, and compares with the books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from bench.assistant.questions import Question

Ask = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
"""A tool's name and arguments -> its answer as JSON, or {"refused": code}."""


@dataclass
class Result:
    """What one account's questions came to."""

    asked: int = 0
    exact: int = 0
    complete: int = 0
    bytes: int = 0
    calls: int = 0
    by_kind: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])

    def add(self, other: Result) -> None:
        self.asked += other.asked
        self.exact += other.exact
        self.complete += other.complete
        self.bytes += other.bytes
        self.calls += other.calls
        self.by_kind += other.by_kind
        self.wrong += other.wrong


async def examine(questions: Sequence[Question], ask: Ask) -> Result:
    """Every question once."""
    result = Result()
    for question in questions:
        answers = [await _whole(ask, name, arguments, question.pages, result) for name, arguments in question.plan]
        try:
            got = question.read(answers)
        except LookupError as error:  # an answer without the figure: a refusal where none was due
            got = f"{error!r} in {answers!r:.200}"
        result.asked += 1
        if got == question.expected:
            result.exact += 1
            result.by_kind[question.kind] += 1
        else:
            result.wrong.append(
                f"{question.account}: {question.text}\n   got {got!r:.300}\n   not {question.expected!r:.300}"
            )
        result.complete += all("refused" in answer or answer["coverage"]["complete"] for answer in answers)
    return result


async def _whole(ask: Ask, name: str, arguments: Mapping[str, Any], pages: bool, result: Result) -> dict[str, Any]:
    answer = await _one(ask, name, arguments, result)
    items, cursor = list(answer.get("items", [])), answer.get("next_cursor")
    while pages and cursor:
        more = await _one(ask, name, {**arguments, "cursor": cursor}, result)
        items += more["items"]
        cursor = more["next_cursor"]
    return answer | {"items": items}


async def _one(ask: Ask, name: str, arguments: Mapping[str, Any], result: Result) -> dict[str, Any]:
    answer = await ask(name, arguments)
    result.calls += 1
    result.bytes += len(orjson.dumps(answer))
    return answer
