"""The markup of a notice's body: headings, paragraphs, lists, facts, links and buttons.

# A heading
A paragraph with **strong words** and [a link](https://example.com).

- a list
| Product | Pro |          a fact
[A button](https://example.com)     a link alone on its line
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tillwright.domains.notifications.templates.shield import unshield


@dataclass(frozen=True)
class Span:
    """Some words; `url` for a link, which is http, https or mailto and holds no space or quote."""

    text: str
    strong: bool = False
    url: str = ""


Spans = Sequence[Span]


@dataclass(frozen=True)
class Heading:
    spans: Spans


@dataclass(frozen=True)
class Paragraph:
    """Each line on its own."""

    lines: Sequence[Spans]


@dataclass(frozen=True)
class Bullets:
    items: Sequence[Spans]


@dataclass(frozen=True)
class Facts:
    rows: Sequence[tuple[Spans, Spans]]


@dataclass(frozen=True)
class Button:
    label: str
    url: str


Block = Heading | Paragraph | Bullets | Facts | Button

_INLINE = re.compile(r"\*\*(?P<strong>[^*\n]+)\*\*|\[(?P<label>[^\[\]\n]+)\]\((?P<url>[^()\s]+)\)")
_BUTTON = re.compile(r"\[([^\[\]]+)\]\(([^()\s]+)\)")
_FACT = re.compile(r"\|([^|]*)\|([^|]*)\|")
_URL = re.compile(r"(https?://|mailto:)[^\s\"'<>\\^`{|}]+", re.ASCII | re.IGNORECASE)


def parse(text: str) -> list[Block]:
    """Read filled-in text; anything that is no markup is words."""
    blocks: list[Block] = []
    lines: list[tuple[str, str]] = [(_kind(line), line) for line in map(str.strip, text.split("\n"))]
    at = 0
    while at < len(lines):
        kind, line = lines[at]
        end = at + 1
        while kind in ("text", "bullet", "fact") and end < len(lines) and lines[end][0] == kind:
            end += 1
        taken = [one for _, one in lines[at:end]]
        at = end
        if kind == "heading":
            blocks.append(Heading(_spans(line.lstrip("#").strip())))
        elif kind == "button":
            label, url = _BUTTON.fullmatch(line).groups()  # type: ignore[union-attr]
            blocks.append(Button(unshield(label), unshield(url)))
        elif kind == "bullet":
            blocks.append(Bullets([_spans(one[1:].strip()) for one in taken]))
        elif kind == "fact":
            cells = [_FACT.fullmatch(one).groups() for one in taken]  # type: ignore[union-attr]
            # A fact nobody knows is left out.
            rows = [(_spans(name.strip()), _spans(value.strip())) for name, value in cells if value.strip()]
            blocks += [Facts(rows)] if rows else []
        elif kind == "text":
            blocks.append(Paragraph([_spans(one) for one in taken]))
    return blocks


def _kind(line: str) -> str:
    if not line:
        return "blank"
    if re.match(r"#{1,3} ", line):
        return "heading"
    if line.startswith("- "):
        return "bullet"
    if _FACT.fullmatch(line):
        return "fact"
    button = _BUTTON.fullmatch(line)
    return "button" if button and _URL.fullmatch(unshield(button[2])) else "text"


def _spans(text: str) -> Spans:
    found: list[Span] = []
    at = 0
    for match in _INLINE.finditer(text):
        url = unshield(match["url"] or "")
        if url and not _URL.fullmatch(url):
            continue
        if match.start() > at:
            found.append(Span(unshield(text[at : match.start()])))
        found.append(Span(unshield(match["strong"] or match["label"]), strong=bool(match["strong"]), url=url))
        at = match.end()
    if at < len(text):
        found.append(Span(unshield(text[at:])))
    return found
