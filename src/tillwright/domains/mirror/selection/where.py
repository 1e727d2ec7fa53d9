"""A condition on Stripe's objects, as SQL text and its values. Pure.

{"status": "open", "amount_due": {"gte": 2000}, "metadata.tier": ["gold", "silver"], "email": null}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, LiteralString, cast

from tillwright.kit.clock import from_unix
from tillwright.kit.errors import Invalid

_PATH = re.compile(r"[A-Za-z0-9_]{1,60}(\.[A-Za-z0-9_ \-]{1,60}){0,6}")
_COMPARED: Mapping[str, LiteralString] = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_COLUMNS: Mapping[str, LiteralString] = {"customer": "customer", "status": "status"}
"""What the mirror keeps beside the body, with an index."""
MOST = 20


def sql(where: Mapping[str, Any]) -> tuple[LiteralString, list[Any]]:
    """The condition, with a `%s` a value.

    Raises:
        Invalid: a name that no object can have, an unknown comparison, or more than `MOST` of them.
    """
    if len(where) > MOST:
        raise Invalid("where_too_long", f"At most {MOST} conditions are allowed.", field="where")
    parts: list[LiteralString] = ["true"]
    values: list[Any] = []
    for path, wanted in where.items():
        if not _PATH.fullmatch(path):
            raise _invalid(path, "is no field of an object")
        comparisons = cast("Mapping[str, Any]", wanted if isinstance(wanted, dict) else {"eq": wanted})
        for comparison, value in comparisons.items():
            parts.append(_one(path, comparison, value, values))
    return " and ".join(parts), values


def _one(path: str, comparison: str, value: Any, values: list[Any]) -> LiteralString:
    steps = path.split(".")
    if comparison in _COMPARED and path == "created":
        values.append(_moment(path, value))
        return "created " + _COMPARED[comparison] + " %s"
    if comparison in _COMPARED:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _invalid(path, f"can't be compared with {value!r}; a number is needed")
        values.extend((steps, steps, value))
        number: LiteralString = "(case when jsonb_typeof(body #> %s) = 'number' then (body #>> %s)::numeric end) "
        return number + _COMPARED[comparison] + " %s"
    if comparison not in ("eq", "ne"):
        raise _invalid(path, f"has the unknown comparison {comparison!r}; known: eq, ne, gt, gte, lt, lte")
    negated: LiteralString = "not " if comparison == "ne" else ""
    if value is None:
        values.append(steps)
        return negated + "(coalesce(jsonb_typeof(body #> %s), 'null') = 'null')"
    wanted = [_text(path, one) for one in cast("list[Any]", value if isinstance(value, list) else [value])]
    if path in _COLUMNS:
        values.append(wanted)
        return negated + "coalesce(" + _COLUMNS[path] + " = any(%s), false)"
    values.extend((steps, wanted))
    return negated + "coalesce((body #>> %s) = any(%s), false)"


def _text(path: str, value: Any) -> str:
    """A plain value as PostgreSQL writes JSON's."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float) and "\0" not in str(value):
        return str(value)
    raise _invalid(path, "can't be compared with this; a text, a number, true, false, null or a list of them is needed")


def _moment(path: str, value: Any) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _invalid(path, "is compared in unix seconds")
    return from_unix(value)


def _invalid(path: str, reason: str) -> Invalid:
    return Invalid("where_invalid", f"`{path[:80]}` {reason}.", field=f"where.{path[:80]}")
