"""Form-encoded nested parameters as a tree: a[b][c]=1, a[]=1, a[0][b]=1."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from .errors import invalid

MOST_FIELDS = 5_000
DEEPEST = 12
KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
PART = re.compile(r"\[([^\[\]]*)\]")

Fields = list[tuple[str, Any]]


class Appended(list[Any]):
    """The values of a[]: an array whose order is that of the request."""


def pairs(text: bytes) -> Fields:
    """The fields of a query or a form body, in order. Raises 400 for what is not UTF-8 or too much."""
    try:
        return list(parse_qsl(text.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))
    except UnicodeDecodeError as error:
        raise invalid("Invalid encoding: parameters must be UTF-8.") from error
    except ValueError as error:
        raise invalid(f"Too many parameters: at most {MOST_FIELDS} are accepted in one request.") from error


def tree(fields: Fields) -> dict[str, Any]:
    """Nested dicts of strings; indices stay keys ("0", "1", …) until the schema tells arrays from hashes."""
    root: dict[str, Any] = {}
    for key, value in fields:
        found = KEY.match(key)
        if not found:
            raise invalid(f"Invalid parameter name: {key[:100]}", key[:100])
        path = [found[1], *PART.findall(found[2])]
        if len(path) > DEEPEST:
            raise invalid(f"Parameters are nested too deeply: {key[:100]}", found[1])
        _put(root, path, value, key)
    return root


def _put(node: dict[str, Any], path: list[str], value: Any, key: str) -> None:
    name, rest = path[0], path[1:]
    if not rest:
        if isinstance(node.get(name), (dict, list)):
            raise _conflict(key, name)
        node[name] = value
        return
    if rest[0] == "":
        held = node.setdefault(name, Appended())
        if not isinstance(held, Appended):
            raise _conflict(key, name)
        _append(held, rest[1:], value, key)
        return
    held = node.setdefault(name, {})
    if not isinstance(held, dict):
        raise _conflict(key, name)
    _put(held, rest, value, key)


def _append(held: Appended, rest: list[str], value: Any, key: str) -> None:
    """a[][b]=1&a[][c]=2 is one element; a key seen again begins the next."""
    if not rest:
        held.append(value)
        return
    if not held or not isinstance(held[-1], dict) or _has(held[-1], rest):
        held.append({})
    _put(held[-1], rest, value, key)


def _has(node: Any, path: list[str]) -> bool:
    for name in path:
        if name == "" or not isinstance(node, dict) or name not in node:
            return False
        node = node[name]
    return True


def _conflict(key: str, name: str) -> Exception:
    return invalid(f"Invalid parameters: {key[:100]} is given both as a value and as a hash or array.", name)
