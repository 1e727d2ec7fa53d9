"""What a behaviour gave back, as the bytes of an answer."""

from __future__ import annotations

from typing import Any

import orjson

from .call import Call
from .exchange import Answer
from .expand import expand
from .generic import page_url
from .objects import Record
from .pages import Page
from .render import body, render

Result = Any  # a Page, a stored or plain object, or bytes where the page says so


def answer(call: Call, result: Result) -> Answer:
    """200 with the result rendered and expanded."""
    if isinstance(result, bytes):
        return Answer(200, result, {"Content-Type": call.operation.media})
    raw = _page(call, result) if isinstance(result, Page) else _object(call, result)
    if call.expand:
        value = orjson.loads(raw)
        expand(call.objects, value, call.operation.answer, call.expand)
        raw = orjson.dumps(value)
    return Answer(200, raw)


def _row(call: Call, row: Record | dict[str, Any]) -> bytes:
    """One object: kept bytes for a stored one, unless this very call is still changing it."""
    if isinstance(row, Record):
        return body(call.objects, row)
    record = call.objects.record(str(row.get("object")), str(row.get("id")))
    if record is not None and record.obj is row and not call.world.undo.on:
        return body(call.objects, record)
    return orjson.dumps(render(call.objects, row))


def _object(call: Call, result: dict[str, Any]) -> bytes:
    if result.get("object") in ("list", "search_result"):
        rows = [orjson.loads(_row(call, row)) for row in result["data"]]
        return orjson.dumps(result | {"data": rows})
    return _row(call, result)


def _page(call: Call, page: Page) -> bytes:
    head: dict[str, Any] = {
        "object": page.object,
        "url": page_url(call.operation.answer, page.url),
        "has_more": page.has_more,
    }
    if page.object == "search_result":
        head["next_page"] = page.next_page
        if page.total_count is not None:
            head["total_count"] = page.total_count
    return orjson.dumps(head)[:-1] + b',"data":[' + b",".join([_row(call, row) for row in page.rows]) + b"]}"


def id_of(result: Result) -> str | None:
    """The id of what a write made or changed, for the ledger."""
    if isinstance(result, dict):
        id_ = result.get("id")
        return id_ if isinstance(id_, str) else None
    return None
