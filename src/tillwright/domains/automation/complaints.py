"""A checker that collects complaints with their places instead of stopping at the first."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tillwright.domains.automation import chains, conditions, values
from tillwright.domains.automation.chains import Shape
from tillwright.domains.automation.document import Document
from tillwright.domains.automation.values import Path
from tillwright.kit.errors import Invalid, Problem

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
Names = Mapping[str, Shape]
"""What an expression can read at some place, with the shape of each."""


class Complaints:
    """What is wrong with one document so far."""

    def __init__(self, read: Document) -> None:
        self.read = read
        self.problems: list[Problem] = list(read.problems)

    def complain(self, path: Path, code: str, sentence: str, remedy: str | None = None) -> None:
        place = f" (in {_named(path)})" if path else ""
        self.problems.append(Problem(code, sentence.rstrip(".") + place + ".", self.read.where(path), remedy))

    def keys(self, path: Path, data: Mapping[str, Any], needed: Iterable[str], optional: Iterable[str]) -> None:
        """Complain about keys that are unknown here, and about those that are missing."""
        known = {*needed, *optional}
        for key in data:
            if key not in known:
                self.complain((*path, key), "key_unknown", f"There is no `{key}` here", meant(key, known))
        for key in sorted(set(needed) - set(data)):
            self.complain(path, "key_missing", f"`{key}` is missing", f"Add `{key}:`.")

    def name(self, path: Path, value: Any) -> bool:
        if isinstance(value, str) and NAME.fullmatch(value):
            return True
        if value is not None or path[-1] not in ("name", "id"):
            self.complain(
                path, "name_invalid", f"{value!r} is no name", "Use a-z, 0-9 and _, a letter first, at most 63."
            )
        return False

    def text(self, path: Path, value: Any, *, required: bool = False, longest: int = 2_000) -> None:
        if value is None and not required:
            return
        if not isinstance(value, str) or len(value) > longest:
            self.complain(path, "text_invalid", f"This must be a text of at most {longest} characters")

    def whole(self, path: Path, value: Any, low: int, high: int) -> None:
        """Complain unless the value is a whole number from `low` to `high`, or left out."""
        if value is not None and (type(value) is not int or not low <= value <= high):
            self.complain(path, "number_invalid", f"{value!r} is no whole number from {low:,} to {high:,}")

    def templates(self, path: Path, tree: Any, names: Names) -> None:
        """Every `${…}` in a tree of maps and lists."""
        for where, text in values.texts(tree, path):
            try:
                pieces = values.cut(text)
            except Invalid as error:
                self.complain(where, error.code, error.sentence, error.remedy)
                continue
            for piece, is_expression in pieces:
                if is_expression:
                    self.expression(where, piece.strip(), names)

    def expression(self, path: Path, source: Any, names: Names) -> None:
        """Compile, then judge its names and the fields it reads."""
        if source is None:
            return
        if isinstance(source, (bool, int)):
            source = str(source).lower()
        if not isinstance(source, str):
            return self.complain(path, "expression_invalid", "An expression is a text", "Put it in quotes.")
        try:
            expression = conditions.compile(source)
        except Invalid as error:
            return self.complain(path, error.code, error.sentence, error.remedy)
        for root in sorted(expression.roots - set(names)):
            self.complain(path, "name_unknown", f"`{root}` is not known here", f"Known: {', '.join(sorted(names))}.")
        self._steps(path, expression, names)
        known = {name: shape for name, shape in names.items() if name != "steps" or expression.roots >= {"steps"}}
        for wrong in chains.misnomers(source, known):
            if wrong.chain != "steps":  # said above, in words that fit
                self.complain(path, "field_unknown", wrong.sentence, wrong.remedy)
        return None

    def _steps(self, path: Path, expression: conditions.Expression, names: Names) -> None:
        before = names.get("steps")
        if not isinstance(before, Mapping):
            return
        for root, member in sorted(expression.members):
            if root == "steps" and member not in before:
                known = ", ".join(before) or "none, this is the first"
                self.complain(path, "step_unknown", f"No step before this one is called {member!r}", f"Known: {known}.")


def meant(word: object, known: Iterable[str]) -> str:
    """The remedy for a word that is not known."""
    close = difflib.get_close_matches(str(word), list(known), 1)
    return f"Did you mean `{close[0]}`?" if close else f"Known: {', '.join(sorted(known))}."


def _named(path: Path) -> str:
    """`steps[0].with.name`"""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
