"""The tools' answers against books they have never seen: exact, complete, nothing written, nothing foreign read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.assistant.exam import examine
from bench.assistant.questions import KINDS, ask

from tests.domains.assistant.conftest import Desk
from tillwright.domains.assistant import Allowance


async def test_the_exam_finds_a_figure_that_is_off_by_one(desk: Desk) -> None:
    question = next(q for q in ask(desk.books) if q.text.startswith("What did we take"))

    async def wrong(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        answer = await desk.answer(name, given)
        answer["result"]["totals"][0]["net"]["amount"] += 1
        return answer

    assert len((await examine([question], wrong)).wrong) == 1
    assert (await examine([question], desk.answer)).wrong == []


async def test_every_question_is_answered_exactly(desk: Desk) -> None:
    desk.assistant._allowance = Allowance(a_minute=10_000)  # type: ignore[attr-defined]
    questions = ask(desk.books)
    assert {question.kind for question in questions} == set(KINDS)
    before = len(desk.world.ledger.lines)
    result = await examine(questions, desk.answer)
    assert result.wrong == []
    assert result.exact == result.complete == len(questions) >= 65
    assert len(desk.world.ledger.lines) == before
