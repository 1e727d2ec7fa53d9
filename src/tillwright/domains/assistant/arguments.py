"""Reads what a tool was given: checked whole, every complaint at once. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tillwright.domains.assistant.model import Argument, refuse
from tillwright.domains.assistant.tool import Tool
from tillwright.kit.errors import Problem

_CURRENCY = re.compile(r"[a-z]{3}")
_ID = re.compile(r"[A-Za-z0-9_.-]{1,255}")


def read(tool: Tool, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by name, defaults filled in; dates as aware UTC times.

    Raises:
        Invalid: with every argument that is unknown, missing or wrong.
    """
    problems = [
        Problem("argument_unknown", f"{tool.name} takes no {name!r}.", name, _takes(tool))
        for name in given
        if name not in {argument.name for argument in tool.arguments}
    ]
    zone = _zone(given.get("time_zone"))
    values: dict[str, Any] = {}
    for argument in tool.arguments:
        value = given.get(argument.name)
        if value is None or value == "":
            values[argument.name] = argument.default
            if argument.required:
                said = f"{tool.name} needs {argument.name}: {argument.summary}"
                problems.append(Problem("argument_missing", said, argument.name))
            continue
        try:
            values[argument.name] = _value(argument, value, zone)
        except ValueError as error:
            problems.append(Problem("argument_invalid", f"{argument.name}: {error}", argument.name, argument.summary))
    if problems:
        raise refuse(problems)
    return values


def _takes(tool: Tool) -> str:
    return f"It takes: {', '.join(argument.name for argument in tool.arguments) or 'nothing'}."


def _value(argument: Argument, value: Any, zone: ZoneInfo) -> Any:
    if argument.kind == "integer":
        return _integer(value)
    if argument.kind == "flag":
        return _flag(value)
    if not isinstance(value, str) or len(value) > 300:
        raise ValueError("give a text of at most 300 characters.")
    if argument.choices and value not in argument.choices:
        raise ValueError(f"choose one of {', '.join(argument.choices)}.")
    if argument.kind == "currency":
        if not _CURRENCY.fullmatch(value.lower()):
            raise ValueError("give a currency's three letters, such as eur.")
        return value.lower()
    if argument.kind == "id" and (not _ID.fullmatch(value) or value in (".", "..")):
        raise ValueError("this is no id of Stripe's.")
    if argument.kind == "date":
        return moment(value, zone)
    if argument.kind == "time_zone":
        return _zone_named(value).key
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not (
        isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,15}", value))
    ):
        raise ValueError("give a whole number.")
    return int(value)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "on", "1"):
        return True
    if value in ("false", "0"):
        return False
    raise ValueError("give true or false.")


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A day's first moment in the zone, or an RFC 3339 time, as UTC.

    Raises:
        ValueError: it is neither.
    """
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return datetime.combine(datetime.fromisoformat(text).date(), time(), zone).astimezone(UTC)
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("give a day such as 2027-01-31, or an RFC 3339 time.") from None
    if found.tzinfo is None:
        raise ValueError("a time needs its zone, such as 2027-01-31T12:00:00Z.")
    return found.astimezone(UTC)


def _zone_named(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except Exception:  # ZoneInfo raises half a dozen kinds for names it can't look up
        raise ValueError("give a time zone's name, such as Europe/Vienna.") from None


def _zone(name: Any) -> ZoneInfo:
    try:
        return _zone_named(name) if isinstance(name, str) and name else ZoneInfo("UTC")
    except ValueError:
        return ZoneInfo("UTC")
