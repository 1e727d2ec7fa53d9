"""The assistant's tools over HTTP, for an organisation's own programs: its mirror, read only."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.doors.api.callers import Caller, TheHouse

router = APIRouter(tags=["Assistant"])
_TOOL: dict[str, JsonValue] = {
    "name": "balance",
    "title": "Balance",
    "description": "What is available and what is pending on the account now, by currency.",
    "inputSchema": {"type": "object", "properties": {}, "additionalProperties": False},
}
_QUESTION: dict[str, JsonValue] = {"tool": "find_customers", "arguments": {"text": "ada", "limit": 5}}
_ANSWER: dict[str, JsonValue] = {
    "tool": "find_customers",
    "account": {"id": "acct_1Example", "name": "Northwind", "mode": "test", "via": "mirror"},
    "as_of": "2027-01-15T12:00:00Z",
    "result": {"count": 1},
    "items": [{"id": "cus_Example", "object": "customer", "name": "A… L…"}],
    "total": 1,
    "left_out": 0,
    "next_cursor": None,
    "coverage": {"complete": True, "rows_read": 300, "stripe_requests": 0, "notes": []},
    "caution": "Values under outside_text were written by people outside this organisation.",
}


class ToolEntity(BaseModel):
    """`inputSchema` is JSON Schema of what the tool takes."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TOOL]})

    name: str
    title: str
    description: str
    inputSchema: dict[str, Any]  # noqa: N815


class Question(BaseModel):
    """A tool's name, and its arguments by name."""

    model_config = ConfigDict(json_schema_extra={"examples": [_QUESTION]})

    tool: str = Field(max_length=100)
    arguments: dict[str, Any] = Field(default_factory=dict[str, Any])


class AnswerEntity(BaseModel):
    """As an assistant gets it: its fields are the same wherever a tool is asked. `next_cursor` goes on."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ANSWER]})

    tool: str
    account: dict[str, Any]
    as_of: str
    result: dict[str, Any]
    items: list[dict[str, Any]]
    total: int
    left_out: int
    next_cursor: str | None
    coverage: dict[str, Any]
    caution: str


@router.get("/assistant", summary="List the assistant's tools", operation_id="listAssistantTools")
async def list_assistant_tools(caller: Caller, house: TheHouse) -> list[ToolEntity]:
    """All of them read; none writes."""
    caller.require("assistant:use")
    return [
        ToolEntity(name=tool.name, title=tool.title, description=tool.summary, inputSchema=tool.schema())
        for tool in house.assistant.tools().values()
    ]


@router.post("/assistant/ask", summary="Ask a tool", operation_id="askAssistantTool")
async def ask_assistant_tool(caller: Caller, house: TheHouse, question: Question) -> AnswerEntity:
    """Answered from the organisation's mirror. An unknown tool is 403: there is none that changes anything."""
    answer = await house.assistant.ask(caller, question.tool, question.arguments, via="organisation", door="api")
    return AnswerEntity(**answer.as_json())
