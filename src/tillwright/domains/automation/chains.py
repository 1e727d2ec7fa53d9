"""Whether an expression's field names exist: each `a.b[0].c` is walked along the shapes of what it reads."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tillwright.domains.automation import budget
from tillwright.gateways.stripe import schemas
from tillwright.gateways.stripe.schemas import ANYTHING

Shape = str | Mapping[str, "Shape"]
"""Stripe's shapes as `schemas.fields` has them, or a map of names to shapes for what is ours."""

_WORDS = frozenset({"true", "false", "null", "in"})
_SCALARS = {"s": "a text", "i": "a number", "n": "a number", "b": "true or false"}
_NOTHING = (
    "It is empty after such a start: read `object` or `inputs`. By hand, `object` is what the trigger names a kind of."
)
_KEPT = frozenset({"filter"})


@dataclass(frozen=True)
class Misnomer:
    """A field that is not there: `chain` as written so far."""

    chain: str
    sentence: str
    remedy: str | None


def misnomers(source: str, roots: Mapping[str, Shape]) -> Sequence[Misnomer]:
    """Every field an expression reads that its data can't have; roots that are not given are not judged.

    Args:
        source: an expression that compiles.
    """
    walk = _Walk([*budget.tokens(source)], dict(roots))
    walk.until(())
    return walk.found


class _Walk:
    """One pass over the tokens; `at` is the next one."""

    def __init__(self, tokens: Sequence[tuple[str, str]], names: dict[str, Shape]) -> None:
        self.tokens = tokens
        self.names = names
        self.at = 0
        self.found: list[Misnomer] = []

    def until(self, closing: Sequence[str]) -> None:
        """Walk on to one of these brackets or commas, and stand on it."""
        while self.at < len(self.tokens):
            kind, text = self.tokens[self.at]
            if text in closing and kind != "string":
                return
            if kind == "open":
                self.at += 1
                self.until((")", "]", "}"))
                self.at += 1
            elif kind == "name" and text not in _WORDS:
                self.chain(text)
            else:
                self.at += 1

    def peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        kind, text = self.tokens[place] if place < len(self.tokens) else ("end", "")
        return "" if kind == "string" else text

    def chain(self, root: str) -> None:
        self.at += 1
        if self.peek() == "(":  # a function; what it gives is not known
            self.at += 1
            self.until((")",))
            self.at += 1
            return self.follow(root + "(…)", ANYTHING)
        return self.follow(root, self.names.get(root, ANYTHING))

    def follow(self, written: str, shape: Shape) -> None:
        """Walk along the members, indexes and calls behind a value."""
        while True:
            if self.peek() == ".":
                name = self.peek(1)
                self.at += 2
                if self.peek() == "(":
                    shape = self.call(name, shape)
                    written += f".{name}(…)"
                else:
                    shape = self.member(written, name, shape)
                    written += f".{name}"
            elif self.peek() == "[":
                shape = self.index(written, shape)
                written += "[…]"
            else:
                return

    def call(self, name: str, shape: Shape) -> Shape:
        self.at += 1
        if name not in budget.MACROS:
            self.until((")",))
            self.at += 1
            return ANYTHING
        variable = self.peek()
        before = self.names.get(variable)
        self.names[variable] = _item(shape)
        self.at += 1
        self.until((")",))
        self.at += 1
        if before is None:
            del self.names[variable]
        else:
            self.names[variable] = before
        return shape if name in _KEPT else ANYTHING

    def index(self, written: str, shape: Shape) -> Shape:
        self.at += 1
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")
        named = kind == "string" and self.peek(1) == "]"
        self.until(("]",))
        self.at += 1
        if named and not (isinstance(shape, str) and shape.startswith("[")):
            return self.member(written, text.strip("'\""), shape)
        return _item(shape)

    def member(self, written: str, name: str, shape: Shape) -> Shape:
        if isinstance(shape, str):
            if shape == ANYTHING:
                return ANYTHING
            if shape.startswith("["):
                return self.complain(written, f"`{written}` is a list and has no field `{name}`",
                                     "Pick one of it, as in `[0]`, or ask with `exists(x, …)`.")  # fmt: skip
            if not shape.startswith("@"):
                return self.complain(written, f"`{written}` is {_SCALARS[shape]} and has no field `{name}`",
                                     "Stripe sends an id here; read the object in a step of its own."
                                     if shape == "s" else None)  # fmt: skip
        known = _fields(shape)
        if name in known:
            return known[name]
        close = difflib.get_close_matches(name, known, 1)
        has = f"It has: {_some(sorted(known))}." if known else _NOTHING
        return self.complain(
            written, f"`{written}` has no field `{name}`", f"Did you mean `{close[0]}`?" if close else has
        )

    def complain(self, written: str, sentence: str, remedy: str | None) -> Shape:
        self.found.append(Misnomer(written, sentence, remedy))
        return ANYTHING


def _fields(shape: Shape) -> Mapping[str, Shape]:
    if not isinstance(shape, str):
        return shape
    merged: dict[str, Shape] = {}
    for name in shape[1:].split("|"):
        merged |= schemas.fields(name)
    return merged


def _item(shape: Shape) -> Shape:
    return shape[1:] if isinstance(shape, str) and shape.startswith("[") else ANYTHING


def _some(names: Sequence[str], most: int = 12) -> str:
    left = len(names) - most
    return ", ".join(names[:most]) + (f" and {left} more" if left > 0 else "")
