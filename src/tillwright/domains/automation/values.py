"""`${…}` in a definition's texts: found, compiled and, when a run gets there, filled in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tillwright.domains.automation import conditions
from tillwright.domains.automation.conditions import Expression, Scope
from tillwright.domains.automation.shapes import is_list, is_map
from tillwright.kit.errors import Invalid

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Template:
    """A text cut into literal parts and expressions."""

    parts: tuple[str | Expression, ...]

    @property
    def whole(self) -> Expression | None:
        """The expression, if the text is nothing but one: its value then keeps its type."""
        only = self.parts[0] if len(self.parts) == 1 else None
        return only if isinstance(only, Expression) else None


def cut(text: str) -> list[tuple[str, bool]]:
    """(piece, whether it is an expression) in order; `$${` is a literal `${`.

    Raises:
        Invalid: a `${` without its `}`.
    """
    pieces: list[tuple[str, bool]] = []
    literal, at = "", 0
    while at < len(text):
        if text.startswith("$${", at):
            literal, at = literal + "${", at + 3
        elif text.startswith("${", at):
            end = _end(text, at + 2)
            if literal:
                pieces.append((literal, False))
            pieces.append((text[at + 2 : end], True))
            literal, at = "", end + 1
        else:
            literal, at = literal + text[at], at + 1
    if literal or not pieces:
        pieces.append((literal, False))
    return pieces


def _end(text: str, start: int) -> int:
    """Where the `}` is that closes the `${` before `start`; braces in strings and maps don't count."""
    depth, quote, at = 0, "", start
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char == "{":
            depth += 1
        elif char == "}":
            if depth == 0:
                return at
            depth -= 1
        at += 1
    raise Invalid("value_invalid", "A `${` is not closed.", remedy="Close it with `}`; `$${` is the text itself.")


def parse(text: str) -> Template:
    """Cut and compile one text.

    Raises:
        Invalid: an unclosed `${`, or an expression that does not compile.
    """
    return Template(tuple(conditions.compile(piece.strip()) if code else piece for piece, code in cut(text)))


def has_expression(text: str) -> bool:
    """Whether any part of a text is worked out when the run gets there."""
    return "${" in text and any(code for _, code in cut(text))


def texts(tree: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text in a tree of maps and lists, with the way to it."""
    if isinstance(tree, str):
        yield path, tree
    elif is_map(tree):
        for key, value in tree.items():
            yield from texts(value, (*path, key))
    elif is_list(tree):
        for index, value in enumerate(tree):
            yield from texts(value, (*path, index))


def fill(tree: Any, scope: Scope) -> Any:
    """The tree with every `${…}` worked out.

    Raises:
        Invalid: an expression that fails, or a list or map in the middle of a text.
    """
    if isinstance(tree, str):
        return _fill_text(tree, scope) if "${" in tree else tree
    if is_map(tree):
        return {key: fill(value, scope) for key, value in tree.items()}
    if is_list(tree):
        return [fill(value, scope) for value in tree]
    return tree


def _fill_text(text: str, scope: Scope) -> Any:
    template = parse(text)
    if template.whole:
        return conditions.evaluate(template.whole, scope)
    return "".join(part if isinstance(part, str) else _written(part, scope) for part in template.parts)


def _written(expression: Expression, scope: Scope) -> str:
    value = conditions.evaluate(expression, scope)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        raise Invalid(
            "value_invalid",
            f"`{expression.source}` gives a {'list' if isinstance(value, list) else 'map'}, which a text can't hold.",
            remedy="Pick one field of it.",
        )
    return f"{value:.12g}" if isinstance(value, float) else str(value)
