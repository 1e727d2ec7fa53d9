"""Scores any MCP client and model on the questions, by one command.

Serves the three accounts at /mcp on this machine, and then one of:

    --command 'my-client --mcp {url} --token {token} {question}'   run once a question; its last line is the answer
    --program 'my-client'    run once: questions come in, answers go out, a line each
    --serve                  says where and with which token, and waits for Ctrl-C

`--questions FILE` writes the questions as they are put, a line of JSON each: `id`, `account`, `url`, `token`,
`question`, `today`, `answer_as` (what the answer's JSON should look like). An answer is `{"id": …, "answer": …}`; with
--command the id may be left out. `--answers FILE` scores a file of answers and serves nothing; --seed and --scale as
before.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from bench.assistant.accounts import PASSWORD, Hall, Seat, hall, questions_of, seeded
from bench.assistant.books import NOW
from bench.assistant.forms import form_of, is_right
from bench.assistant.questions import KINDS, Question
from tillwright.gateways.database.embedded import EmbeddedServer
from tillwright.gateways.database.migrate import migrate
from tillwright.kit.seal import Secret

Lines = Sequence[dict[str, Any]]
NOTHING = "no answer"


def put(seats: Sequence[Seat], chosen: Iterable[str]) -> Lines:
    """The questions as a client gets them."""
    wanted = set(chosen)
    return [
        {
            "id": name,
            "account": seat.account,
            "url": seat.url,
            "token": seat.token.reveal(),
            "question": question.text,
            "today": NOW.date().isoformat(),
            "answer_as": form_of(question).says,
        }
        for seat in seats
        for name, question in seat.questions.items()
        if name in wanted
    ]


def choose(questions: Mapping[str, Question], most: int | None, seed: int) -> list[str]:
    """All of them, or some of each kind in turn, always the same for a seed."""
    if most is None or most >= len(questions):
        return list(questions)
    dice = random.Random(f"client:{seed}")
    by_kind = {kind: [name for name, one in questions.items() if one.kind == kind] for kind in KINDS}
    for names in by_kind.values():
        dice.shuffle(names)
    chosen: list[str] = []
    while len(chosen) < most:
        for names in by_kind.values():
            if names and len(chosen) < most:
                chosen.append(names.pop())
    return sorted(chosen)


def score(questions: Mapping[str, Question], chosen: Sequence[str], answers: Mapping[str, Any]) -> dict[str, Any]:
    """How many are exact, by kind; what was wrong, in words."""
    asked, right, wrong = Counter[str](), Counter[str](), list[str]()
    for name in chosen:
        question, given = questions[name], answers.get(name, NOTHING)
        form = form_of(question)
        good = name in answers and is_right(form, given)
        asked[question.kind] += 1
        right[question.kind] += good
        if not good:
            wrong.append(f"{name} {question.text}\n   got {given!r:.200}\n   not {form.right!r:.200}")
    return {"asked": dict(asked), "right": dict(right), "wrong": wrong}


def answers_in(text: str, *, name: str | None = None) -> dict[str, Any]:
    """Answers by id from lines of JSON; what is no JSON, such as a client's chatter, is passed over."""
    found: dict[str, Any] = {}
    for line in text.splitlines():
        with contextlib.suppress(orjson.JSONDecodeError):
            said = orjson.loads(line)
            if isinstance(said, dict) and "answer" in said:
                found[str(said.get("id") or name)] = said["answer"]
            elif name is not None:
                found[name] = said
    return found


async def by_command(template: str, line: Mapping[str, Any], patience: float) -> dict[str, Any]:
    """One question through one process: filled into its arguments, and on its input as JSON."""
    parts = [part.format_map(dict(line)) for part in shlex.split(template)]
    return answers_in(await _run(parts, orjson.dumps(dict(line)) + b"\n", patience), name=str(line["id"]))


async def by_program(command: str, lines: Lines, patience: float) -> dict[str, Any]:
    """All questions through one process."""
    text = b"".join(orjson.dumps(line) + b"\n" for line in lines)
    return answers_in(await _run(shlex.split(command), text, patience * max(1, len(lines))))


async def _run(parts: Sequence[str], text: bytes, patience: float) -> str:
    process = await asyncio.create_subprocess_exec(
        *parts, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(patience):
            out, _ = await process.communicate(text)
    except TimeoutError:
        process.kill()
        await process.wait()
        return ""
    return out.decode(errors="replace")


async def sit(there: Hall, args: argparse.Namespace, lines: Lines) -> dict[str, Any]:
    """The answers of whatever is to be scored, by question."""
    if args.program:
        return await by_program(args.program, lines, args.patience)
    answers: dict[str, Any] = {}
    for number, line in enumerate(lines, 1):
        answers |= await by_command(args.command, line, args.patience)
        print(f"\r{number} of {len(lines)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return answers


def told(seats: Sequence[Seat]) -> None:
    for seat in seats:
        print(f"{seat.account}  {seat.url}\n   header   Authorization: Bearer {seat.token.reveal()}")
        print(f"   or sign in, where the client does OAuth: {seat.email} / {PASSWORD}")


def show(found: Mapping[str, Any], args: argparse.Namespace, **more: Any) -> None:
    """A table for people, and a last line for programs."""
    print(f"{'kind':<12} {'asked':>6} {'right':>6}")
    for kind in KINDS:
        if kind in found["asked"]:
            print(f"{kind:<12} {found['asked'][kind]:>6} {found['right'][kind]:>6}")
    if args.wrong:
        print("\n".join(found["wrong"]))
    asked, right = sum(found["asked"].values()), sum(found["right"].values())
    last = {"bench": "assistant.client", "client": args.label, "unit": "share of questions answered exactly"}
    print(
        orjson.dumps(last | {"ours": round(right / max(1, asked), 4), "asked": asked, "right": right} | more).decode()
    )


def write(file: Path, lines: Lines) -> None:
    file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))


async def serve_and_score(args: argparse.Namespace, url: str, folder: Path) -> None:
    async with hall(url, folder, seed=args.seed, scale=args.scale, port=args.port) as there:
        questions = {name: one for seat in there.seats for name, one in seat.questions.items()}
        chosen = choose(questions, args.most, args.seed)
        lines = put(there.seats, chosen)
        if args.questions:
            write(Path(args.questions), lines)
        if args.serve:
            told(there.seats)
            await asyncio.Event().wait()
        before, gets = len(there.world.ledger.lines), there.world.ledger.gets
        answers = await sit(there, args, lines)
        found = score(questions, chosen, answers)
        writes, reads = len(there.world.ledger.lines) - before, there.world.ledger.gets - gets
        show(found, args, writes=writes, requests=reads, foreign=await foreign_reads(there))


async def foreign_reads(there: Hall) -> int:
    """How many questions were answered from another account than the asker's own, by the audit trail."""
    count = 0
    for seat in there.seats:
        async with there.house.database.tenant(seat.organisation_id) as tx:
            rows = await tx.execute(
                "select count(*) as n from audit_entries where action = 'mcp:assistant:ask' "
                "and detail->>'accountId' <> %s",
                (seat.account,),
            )
            row = await rows.fetchone()
            count += row["n"] if row else 0
    return count


def score_a_file(args: argparse.Namespace) -> None:
    _, books = seeded(args.seed, args.scale)
    questions = {name: one for each in books for name, one in questions_of(each, args.seed).items()}
    answers = answers_in(Path(args.answers).read_text())
    show(score(questions, choose(questions, args.most, args.seed), answers), args)


def parsed(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--command", help="run once a question, e.g. 'my-client {url} {token} {question}'")
    how.add_argument("--program", help="run once, with every question on its input")
    how.add_argument("--serve", action="store_true", help="only serve the accounts, until Ctrl-C")
    how.add_argument("--answers", metavar="FILE", help="score these answers; serves nothing")
    parser.add_argument("--questions", metavar="FILE", help="write the questions here, a line of JSON each")
    parser.add_argument("--most", type=int, help="no more than so many questions, of each kind in turn")
    parser.add_argument("--label", default="", help="what was scored, for the last line")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds a question may take")
    parser.add_argument("--wrong", action="store_true", help="show what was wrong")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=int, help="customers an account; without it some 15,000 objects")
    parser.add_argument("--port", type=int, default=0)
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> None:
    args = parsed(given)
    if args.answers:
        score_a_file(args)
        return
    with tempfile.TemporaryDirectory(prefix="tillwright-bench-") as name:
        server = EmbeddedServer(Path(name) / "pg")
        try:
            migrate(Secret(server.url))
            with contextlib.suppress(KeyboardInterrupt):
                asyncio.run(serve_and_score(args, server.url, Path(name)))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
