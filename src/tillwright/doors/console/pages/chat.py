"""The chat: conversations with the organisation's model, streamed as lines of JSON that the page's script draws."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
from markupsafe import Markup
from starlette.responses import Response, StreamingResponse

from tillwright.domains.assistant import Via
from tillwright.domains.assistant.chat import Conversation, Said, Turn
from tillwright.doors.console import render, series
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Absent, Invalid, TillwrightError
from tillwright.kit.seal import Secret

PATH = "/assistant/chat"
STREAM = "application/x-ndjson"


async def index(visit: Visit) -> Response:
    """The conversations, and the first question of another."""
    return await _shown(visit)


async def begin(visit: Visit) -> Response:
    """A new conversation; its first question is sent from its own page, so that the answer is seen coming."""
    via: Via = "connection" if visit.text("via") == "connection" else "organisation"
    try:
        made = await visit.house.chat.begin(visit.principal, visit.text("text"), via=via)
    except (Absent, Invalid) as error:
        return await _shown(visit, error=error)
    return await _shown(visit, *await visit.house.chat.read(visit.principal, made.id), first=visit.text("text"))


async def show(visit: Visit) -> Response:
    """One conversation of the caller's."""
    return await _shown(visit, *await visit.house.chat.read(visit.principal, visit.request.path_params["id"]))


async def say(visit: Visit) -> Response:
    """The answer as it comes, or the page once it is whole for a browser without scripts."""
    conversation_id = visit.request.path_params["id"]
    saying = visit.house.chat.say(visit.principal, conversation_id, visit.text("text"))
    if STREAM in visit.request.headers.get("accept", ""):
        return StreamingResponse(_lines(saying), media_type=STREAM, headers={"cache-control": "no-store"})
    async for said in saying:
        if said.kind == "failed":
            break
    return visit.go(f"{PATH}/{conversation_id}")


async def _lines(saying: AsyncIterator[Said]) -> AsyncIterator[bytes]:
    try:
        async for said in saying:
            yield orjson.dumps({"kind": said.kind} | _drawn(said)) + b"\n"
    except TillwrightError as error:
        # The answer has begun: it can only be said in it.
        yield orjson.dumps({"kind": "failed", "sentence": error.sentence, "remedy": error.remedy}) + b"\n"


def _drawn(said: Said) -> dict[str, Any]:
    if said.kind == "answered":
        answer = said.data["answer"]
        return {"tool": said.data["tool"], "summary": summary(answer), "answer": answer, "html": shown(answer)}
    return said.data


def shown(answer: dict[str, Any]) -> Markup:
    """What a tool answered, as its form would show it: rows with their links, a series as a chart."""
    whole = "error" not in answer
    return render.part(
        "parts/chat_answer.html",
        summary=summary(answer),
        answer=answer if whole else None,
        chart=series.bars(answer) if whole else None,
    )


def summary(answer: dict[str, Any]) -> str:
    """One line of what a tool answered."""
    if "error" in answer:
        return str(answer["sentence"])
    coverage = answer["coverage"]
    whole = "complete" if coverage["complete"] else "not complete"
    return f"{coverage['rows_read']:,} rows read, {coverage['stripe_requests']} requests to Stripe, {whole}"


async def delete(visit: Visit) -> Response:
    await visit.house.chat.delete(visit.principal, visit.request.path_params["id"])
    return visit.go(PATH, done="conversation-deleted")


async def model(visit: Visit) -> Response:
    """An administrator chooses the model; its key is never shown again."""
    try:
        await visit.house.chat.choose(
            visit.principal, base=visit.text("base"), model=visit.text("model"), key=Secret(visit.text("key"))
        )
    except Invalid as error:
        return await _shown(visit, error=error)
    return visit.go(PATH, done="model-chosen")


async def drop_model(visit: Visit) -> Response:
    await visit.house.chat.drop_choice(visit.principal)
    return visit.go(PATH, done="model-dropped")


async def _shown(
    visit: Visit,
    conversation: Conversation | None = None,
    turns: Any = (),
    *,
    first: str = "",
    error: TillwrightError | None = None,
) -> Response:
    # Of the present mode, unless the address asks for the other; never of both in one list.
    chat, mode = visit.house.chat, visit.query("mode") or visit.shell.mode
    other = await chat.conversations(visit.principal, livemode=mode != "live")
    connections = await visit.house.connections.mine(visit.principal)
    return visit.html(
        "pages/chat.html",
        status=STATUS[error.family] if error else 200,
        section="chat",
        choice=await visit.house.chat.choice(visit.principal),
        bases=visit.house.chat.bases,
        conversations=await chat.conversations(visit.principal, livemode=mode == "live"),
        listed="live" if mode == "live" else "test",
        other=len(other),
        here=conversation is None or conversation.mode == visit.shell.mode,
        conversation=conversation,
        turns=[_turn(turn) for turn in turns],
        first=first,
        mine=next((each for each in connections if each.mode == visit.shell.mode), None),
        stripe=visit.shell.stripe,
        error=error,
    )


def _turn(turn: Turn) -> dict[str, Any]:
    calls = [call["function"] for call in turn.body.get("tool_calls", [])]
    made: dict[str, Any] = {"role": turn.role, "content": turn.body.get("content") or "", "calls": calls, "drawn": None}
    if turn.role == "tool":
        try:
            answer = orjson.loads(made["content"])
            made |= {"summary": summary(answer), "drawn": shown(answer)}
        except (ValueError, KeyError, TypeError):
            made["summary"] = "a long answer, kept in part"
    return made


PAGES = (
    ("GET", PATH, index),
    ("POST", PATH, begin),
    ("POST", f"{PATH}/model", model),
    ("POST", f"{PATH}/model/drop", drop_model),
    ("GET", f"{PATH}/{{id}}", show),
    ("POST", f"{PATH}/{{id}}", say),
    ("POST", f"{PATH}/{{id}}/delete", delete),
)
