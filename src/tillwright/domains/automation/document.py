"""A YAML or JSON text as plain data, with the line and column each part came from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tillwright.domains.automation.values import Path
from tillwright.kit.errors import Invalid, Problem

LARGEST = 64 * 1024
"""Bytes of one definition."""
DEEPEST = 30
"""Maps and lists inside one another."""

_OPENING = (
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
)
_CLOSING = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken, yaml.BlockEndToken)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
# PyYAML says nothing of its types.
_scan = cast("Callable[[str], Iterator[Any]]", yaml.scan)  # pyright: ignore[reportUnknownMemberType]
_compose = cast("Callable[[str, Any], Node | None]", yaml.compose)  # pyright: ignore[reportUnknownMemberType]
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(frozen=True)
class Document:
    """`data` is JSON; `places` maps the way to a part onto its (line, column), both from 1.

    `problems` are keys given twice, or that are no words: what else there is can be judged all the same.
    """

    data: Any
    places: dict[Path, tuple[int, int]]
    problems: tuple[Problem, ...] = ()

    def where(self, path: Path) -> str:
        """`line:column` of a part, or of the nearest part that holds it."""
        while path and path not in self.places:
            path = path[:-1]
        line, column = self.places.get(path, (1, 1))
        return f"{line}:{column}"


def read(text: str) -> Document:
    """Read a text.

    Only what JSON can say is meant: `yes`, `on` and dates are texts, and there are no anchors, tags or repeated keys.

    Raises:
        Invalid: it is no YAML that can be read on, or too large; `field` is `line:column`.
    """
    if len(text.encode(errors="surrogatepass")) > LARGEST:
        raise Invalid(
            "definition_too_large", f"A definition has at most {LARGEST // 1024} KB.", remedy="Make two of it."
        )
    try:
        depth = 0
        for token in _scan(text):
            if isinstance(token, (yaml.AliasToken, yaml.AnchorToken, yaml.TagToken)):
                raise _invalid(token.start_mark, "Anchors, aliases and tags are not allowed.", "Write the value out.")
            depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
            if depth > DEEPEST:
                raise _invalid(token.start_mark, "The definition is nested too deeply.", "Flatten it.")
        root = _compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise _invalid(
            error.problem_mark or error.context_mark,
            f"This is no YAML: {error.problem or error.context or 'it cannot be read'}.",
            "Check the indentation and the quotes around here.",
        ) from None
    except yaml.YAMLError as error:
        raise Invalid("definition_unreadable", f"This is no YAML: {str(error).splitlines()[0]}.", field="1:1") from None
    if root is None:
        raise Invalid("definition_empty", "The definition is empty.", field="1:1", remedy="Start from an example.")
    reading = _Reading()
    data = reading.plain(root, ())
    return Document(data, reading.places, tuple(reading.problems))


def _invalid(mark: Any, sentence: str, remedy: str) -> Invalid:
    place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
    return Invalid("definition_unreadable", sentence, field=place, remedy=remedy)


class _Reading:
    """One walk over the nodes, collecting places and complaints."""

    def __init__(self) -> None:
        self.places: dict[Path, tuple[int, int]] = {}
        self.problems: list[Problem] = []

    def plain(self, node: Node, path: Path) -> Any:
        self.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        if isinstance(node, ScalarNode):
            return scalar(node.value) if node.style is None else node.value
        if isinstance(node, SequenceNode):
            return [self.plain(item, (*path, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, MappingNode)
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._complain(key_node, "A key must be a plain word.")
                continue
            key = str(key_node.value)
            if key in data:
                self._complain(key_node, f"`{key}` is given twice.")
            data[key] = self.plain(value_node, (*path, key))
            self.places[(*path, key)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        return data

    def _complain(self, node: Node, sentence: str) -> None:
        place = f"{node.start_mark.line + 1}:{node.start_mark.column + 1}"
        self.problems.append(Problem("definition_unreadable", sentence, place))


def scalar(text: str) -> Any:
    """An unquoted word as JSON would have it: null, true, false, a number, else a text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) <= 18 else text
    return float(text) if _FLOAT.fullmatch(text) and len(text) <= 40 else text
