"""A page of a list whose rows a behaviour chooses itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from tillwright_sandbox import pages
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import no_such
from tillwright_sandbox.objects import Record

Where = Callable[[dict[str, Any]], bool]


def _url(call: Call) -> str:
    return re.sub(r"{(\w+)}", lambda found: call.path[found[1]], call.operation.path)


def page(call: Call, object: str, where: Where = lambda _obj: True, **equal: Any) -> pages.Page:
    """The page the request's cursors ask for, of all stored objects of a kind that fit `equal` and `where`."""
    view = pages.window(call.objects, (object,), call.params)
    if equal:
        return _cut(call, pages.within(call.objects.select(object, **equal), view), view, where)
    return _cut(call, pages.between(call.objects.kind(object), view), view, where)


def of_records(call: Call, kinds: tuple[str, ...], records: Iterable[Record], where: Where = lambda _: True):
    """The same for a list of several kinds, given newest first."""
    view = pages.window(call.objects, kinds, call.params)
    return _cut(call, pages.within(records, view), view, where)


def _cut(call: Call, records: Any, view: pages.Window, where: Where) -> pages.Page:
    rows, more = pages.cut(iter(records), view, where)
    return pages.Page(rows, more, _url(call))


def in_order(call: Call, object: str, records: Iterable[Record]) -> pages.Page:
    """A list shown in the order its rows were given (line items), not newest first."""
    rows = sorted(records, key=lambda record: record.key)
    ids = [record.id for record in rows]
    params, count = call.params, pages.length(call.params)
    for name in ("starting_after", "ending_before"):
        if params.get(name) and params[name] not in ids:
            raise no_such(object, params[name], name)
    if cursor := params.get("ending_before"):
        before = rows[: ids.index(cursor)]
        return pages.Page(before[-count:], len(before) > count, _url(call))
    rest = rows[ids.index(params["starting_after"]) + 1 :] if params.get("starting_after") else rows
    return pages.Page(rest[:count], len(rest) > count, _url(call))
