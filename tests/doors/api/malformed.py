"""Malformed requests, made from the served OpenAPI page: pure, by a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.doors.api.test_cross_tenant import Operation, operations

# Characters, numbers and shapes that have broken one program or another.
TEXTS: tuple[str, ...] = (
    "", " ", "\x00", "a\x00b", "\ud800", "\u202e", "💥" * 50, "x" * 5000, "../../etc/passwd", "%00",
    "'; drop table users; --",
    "{{7*7}}", "${7*7}", "<script>", "null", "NaN", "-1", "0", "1e309", "9" * 40,
    "2027-13-45T99:99:99Z", "\r\nX: y", "\\",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**30, 0.5, 1e308, float("nan"), float("inf"), [], {},
    [[]], [None], {"": ""}, {"a": {"b": {"c": []}}}, *TEXTS,
)  # fmt: skip
QUERIES = ("limit", "offset", "page_size", "page_number", "q", "s", "cursor", "filter", "x")
LISP = (
    "(",
    ")",
    '(= name "',
    "(and)",
    "(= name)",
    '(or (= a "b")',
    "(" * 400,
    "(in name)",
    '(= creation_time "x")',
    "(= 1 1)",
)
TYPES = (
    "application/json",
    "text/plain",
    "application/xml",
    "multipart/form-data",
    "application/json; charset=utf-7",
    "",
    "\x01",
)


@dataclass(frozen=True)
class Request:
    """Bytes as they go over the wire."""

    method: str
    path: bytes
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def requests(page: dict[str, Any], organisation_id: str, key: str, seed: int) -> Iterator[Request]:
    """Without an end; the same for the same seed."""
    dice, known = random.Random(seed), operations(page)
    while True:
        yield _request(dice, dice.choice(known), organisation_id, key)


def _request(dice: random.Random, operation: Operation, organisation_id: str, key: str) -> Request:
    path = operation.path.replace("{orgId}", organisation_id if dice.random() < 0.9 else quote(_text(dice)))
    for name in operation.parameters:
        good = {"partner": "STRIPE", "service": "PAYMENT"}.get(name, "x_01k0example0000000000000000")
        path = path.replace("{" + name + "}", quote(_text(dice), safe="") if dice.random() < 0.6 else good, 1)
    query = b""
    if dice.random() < 0.4:
        query = b"&".join(
            quote(dice.choice(QUERIES)).encode() + b"=" + _query_value(dice) for _ in range(dice.randrange(1, 4))
        )
    headers = [(b"authorization", f"Key {key}".encode())]
    if dice.random() < 0.05:
        headers = [(b"authorization", _bytes(dice, b"Key " + key.encode()))]
    body = _body(dice, operation.body)
    if body or dice.random() < 0.5:
        kind = dice.choice(TYPES) if dice.random() < 0.15 else "application/json"
        headers.append((b"content-type", kind.encode("latin-1")))
    method = operation.method if dice.random() < 0.95 else dice.choice(("GET", "POST", "PUT", "PATCH", "DELETE", "X"))
    return Request(method, path.encode(), query, tuple(headers), body)


def _query_value(dice: random.Random) -> bytes:
    chosen = dice.choice((*LISP, _text(dice), _text(dice)))
    if dice.random() < 0.1:
        return bytes(dice.randrange(33, 256) for _ in range(dice.randrange(8))).replace(b"&", b"").replace(b"#", b"")
    return quote(chosen.encode("utf-8", "surrogatepass")).encode()


def _text(dice: random.Random) -> str:
    text = dice.choice(TEXTS)
    return text.encode("utf-8", "replace").decode() if "\ud800" in text else text


def _body(dice: random.Random, example: Any) -> bytes:
    if example is None and dice.random() < 0.8:
        return b""
    chance = dice.random()
    if chance < 0.1:
        return dice.choice((b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"[" * 2000, b'{"a":' * 500, b"NaN"))
    body = _mutated(dice, example)
    data = json.dumps(body).encode()
    return _bytes(dice, data) if chance < 0.25 else data


def _mutated(dice: random.Random, value: Any) -> Any:
    """The value with one or a few places in it changed."""
    if isinstance(value, dict) and value and dice.random() < 0.92:
        changed = dict(value)
        for _ in range(dice.randrange(1, 3)):
            name = dice.choice(list(changed) or ["x"])
            act = dice.random()
            if act < 0.2:
                changed.pop(name, None)
            elif act < 0.35:
                changed[dice.choice(TEXTS)] = dice.choice(VALUES)
            else:
                changed[name] = _mutated(dice, changed.get(name))
        return changed
    if isinstance(value, list) and value and dice.random() < 0.7:
        return [_mutated(dice, each) for each in value] * dice.choice((1, 1, 2, 200))
    return dice.choice(VALUES)


def _bytes(dice: random.Random, data: bytes) -> bytes:
    """A few bytes changed, left out or put in."""
    changed = bytearray(data)
    for _ in range(dice.randrange(1, 4)):
        place = dice.randrange(len(changed) + 1)
        act = dice.randrange(3)
        if act == 0:
            changed.insert(place, dice.randrange(256))
        elif changed and act == 1:
            changed[place % len(changed)] = dice.randrange(256)
        elif changed:
            del changed[place % len(changed)]
    return bytes(changed)
