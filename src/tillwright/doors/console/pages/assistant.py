"""The assistant: its tools as forms, what it may show, and the assistants outside that were given access."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tillwright.domains.assistant import Tool, Via
from tillwright.doors.console import series
from tillwright.doors.console.visit import STATUS, Visit
from tillwright.kit.errors import Absent, Conflict, TillwrightError

PATH = "/assistant"
FIRST = "revenue"


async def index(visit: Visit) -> Response:
    """The chosen tool's form, empty."""
    return await _shown(visit, _chosen(visit, visit.query("tool")))


async def ask(visit: Visit) -> Response:
    """One question through the form; the answer comes below it."""
    tool = _chosen(visit, visit.text("tool"))
    given = {argument.name: visit.text(argument.name) for argument in tool.arguments if visit.text(argument.name)}
    via: Via = "organisation" if visit.text("via") == "organisation" else "connection"
    try:
        answer = (await visit.house.assistant.ask(visit.principal, tool.name, given, via=via)).as_json()
    except TillwrightError as error:
        return await _shown(visit, tool, given=given, via=via, error=error)
    return await _shown(visit, tool, given=given, via=via, answer=answer)


async def choose(visit: Visit) -> Response:
    """Whether names, addresses and card digits are shown in answers."""
    await visit.house.assistant.show_personal(visit.principal, visit.text("personal") == "on")
    return visit.go(PATH, tool=visit.text("tool") or FIRST, done="choice-saved")


async def access(visit: Visit) -> Response:
    """Assistants outside: how to add one, and which have access."""
    return visit.html(
        "pages/assistant_access.html",
        section="assistant",
        grants=await visit.house.grants.mine(visit.principal),
        address=visit.house.grants.resource,
    )


async def revoke(visit: Visit) -> Response:
    await visit.house.grants.revoke(visit.principal, visit.request.path_params["id"])
    return visit.go(f"{PATH}/access", done="access-revoked")


async def consent(visit: Visit) -> Response:
    """A program asks; the person sees who, for what, and where the answer goes."""
    ticket = visit.query("request")
    asked = await visit.house.grants.asked(ticket)
    connections = await visit.house.connections.mine(visit.principal)
    mine = next((each for each in connections if each.mode == visit.shell.mode), None)
    return visit.html(
        "pages/assistant_consent.html",
        section="assistant",
        asked=asked,
        ticket=ticket,
        mine=mine,
        stripe=visit.shell.stripe,
    )


async def decide(visit: Visit) -> Response:
    """By a page and not by a redirect: `form-action 'self'` holds for where a form's answer leads, too."""
    grants, ticket = visit.house.grants, visit.text("request")
    if visit.text("decision") == "allow":
        target = await grants.give(visit.principal, ticket, visit.text("via"))
    else:
        target = await grants.refuse(ticket)
    return visit.html("pages/assistant_back.html", section="assistant", target=target)


def _chosen(visit: Visit, name: str) -> Tool:
    tool = visit.house.assistant.tools().get(name or FIRST)
    if tool is None:
        raise Absent("tool_unknown", "There is no such tool.", remedy="Choose one on the Assistant page.")
    return tool


async def _shown(
    visit: Visit,
    tool: Tool,
    *,
    given: dict[str, str] | None = None,
    via: Via | None = None,
    answer: dict[str, Any] | None = None,
    error: TillwrightError | None = None,
) -> Response:
    connections = await visit.house.connections.mine(visit.principal)
    mine = next((each for each in connections if each.mode == visit.shell.mode), None)
    problems = {each.field: each for each in getattr(error, "problems", [])} if error else {}
    return visit.html(
        "pages/assistant.html",
        status=STATUS[error.family] if error and not isinstance(error, Conflict) else 200,
        section="assistant",
        tools=visit.house.assistant.tools().values(),
        tool=tool,
        given=given or {},
        via=via or ("connection" if mine else "organisation"),
        mine=mine,
        stripe=visit.shell.stripe,
        personal=await visit.house.assistant.personal(visit.principal),
        answer=answer,
        chart=series.bars(answer) if answer else None,
        error=error,
        problems=problems,
    )


PAGES = (
    ("GET", PATH, index),
    ("POST", f"{PATH}/ask", ask),
    ("POST", f"{PATH}/choose", choose),
    ("GET", f"{PATH}/access", access),
    ("POST", f"{PATH}/access/{{id}}/revoke", revoke),
    ("GET", f"{PATH}/authorize", consent),
    ("POST", f"{PATH}/authorize", decide),
)
