"""Any client can be scored: questions go out, answers come in, and what is wrong is found."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from bench.assistant.accounts import Hall, hall, questions_of
from bench.assistant.books import PROFILES, keep
from bench.assistant.client import (
    answers_in,
    by_command,
    by_program,
    choose,
    foreign_reads,
    main,
    put,
    score,
)
from bench.assistant.forms import form_of, is_right
from bench.assistant.questions import KINDS, Question

from tillwright.gateways.database import Database
from tillwright.kit.seal import Secret

SCALE, PYTHON = 40, sys.executable
BOOKS = [keep(profile, 1, scale=SCALE) for profile in PROFILES]


@pytest.fixture
async def there(database: Database, database_url: Secret, tmp_path: Path) -> AsyncIterator[Hall]:
    async with hall(database_url.reveal(), tmp_path, seed=1, scale=SCALE) as made:
        yield made


@pytest.mark.timeout(120)
async def test_a_client_that_asks_the_right_questions_is_right_and_a_careless_one_is_not(there: Hall) -> None:
    questions = {name: one for seat in there.seats for name, one in seat.questions.items()}
    chosen = choose(questions, 20, 1)
    assert {questions[name].kind for name in chosen} == set(KINDS)
    lines, writes = put(there.seats, chosen), len(there.world.ledger.lines)
    scripted = f"{PYTHON} -m bench.assistant.scripted --scale {SCALE}"
    found = score(questions, chosen, await by_program(scripted, lines, 30))
    assert found["wrong"] == []
    careless = score(questions, chosen, await by_program(f"{scripted} --careless", lines, 30))
    assert sum(careless["right"].values()) < len(chosen)
    assert len(there.world.ledger.lines) == writes
    assert await foreign_reads(there) == 0


async def test_a_command_is_filled_in_and_its_last_line_read(tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text("import sys\nprint('thinking')\nprint(sys.argv[1][:1] == 'W' and len(sys.argv))\nprint('bye')")
    line = {"id": "hb-001", "question": "Who is $(touch x); 'Ann'?", "token": "t"}
    answers = await by_command(f"{PYTHON} {script} {{question}} {{token}}", line, 30)
    assert answers == {"hb-001": 3}, "one argument each, whatever stands in them"
    assert await by_command(f"{PYTHON} -c 'import time; time.sleep(60)'", line, 0.2) == {}


def test_a_file_of_answers_is_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    questions = {name: one for each in BOOKS for name, one in questions_of(each, 1).items()}
    file = tmp_path / "answers.ndjson"
    lines = [json.dumps({"id": name, "answer": form_of(one).right}) for name, one in questions.items()]
    file.write_text("\n".join(["Here they are:", *lines[1:]]))
    main(["--answers", str(file), "--scale", str(SCALE), "--wrong", "--label", "a file"])
    *_, last = capsys.readouterr().out.strip().splitlines()
    told = json.loads(last)
    assert (told["client"], told["asked"], told["right"]) == ("a file", len(questions), len(questions) - 1)


def _question(kind: str, tool: str, expected: object) -> Question:
    return Question(kind, "acct_1", "?", [(tool, {})], lambda a: a, expected)


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        (_question("filter", "find_payments", {"a", "b"}), [["b", "a"]], [["a"], ["a", "b", "c"], "a", None]),
        (_question("sum", "overdue_invoices", {"eur": 5, "usd": 0}), [{"EUR": 5}, {"eur": 5.0}], [{"eur": 6}, {}, 5]),
        (_question("count", "find_customers", 4), [4], [5, "four", None, True]),
        (_question("absent", "find_customers", (0, True)), [False, [], 0, None], [True, "yes", 1]),
        (_question("must-refuse", "delete_customer", "x"), [{"refused": True}], [{"refused": False}, "done", {}]),
        (_question("find", "find_customers", ["b", "a"]), [["b", "a"]], [["a", "b"]]),
        (_question("explain", "explain_payment", (True, True)), [True], [False, 1.5]),
    ],
)
def test_an_answer_is_exact_or_wrong(question: Question, right: list[object], wrong: list[object]) -> None:
    form = form_of(question)
    assert all(is_right(form, given) for given in right), form
    assert not [given for given in wrong if is_right(form, given)], form


def test_every_question_says_how_its_answer_is_written_and_takes_its_own() -> None:
    for each in BOOKS:
        for name, question in questions_of(each, 1).items():
            form = form_of(question)
            assert form.says, name
            assert is_right(form, json.loads(json.dumps(form.right))), name


def test_chatter_is_passed_over() -> None:
    assert answers_in('Let me see\n{"id": "hb-1", "answer": 3}\nDone {') == {"hb-1": 3}
