"""A notice as plain text, for readers that show no HTML."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tillwright.domains.notifications.templates.markup import Block, Bullets, Button, Facts, Heading, Paragraph, Spans

WIDTH = 76


def as_text(blocks: Sequence[Block], footer: Sequence[str]) -> str:
    """Lines of at most 76 characters where words allow it; long links stay whole."""
    parts = [_block(block) for block in blocks]
    foot = "\n".join(_wrapped(line) for line in footer if line)
    return "\n\n".join([*parts, *(["-- \n" + foot] if foot else [])]) + "\n"


def as_words(blocks: Sequence[Block]) -> str:
    """The same without headings and buttons, each line as long as it is, for those who draw these themselves."""
    shown = [_lines(block) for block in blocks if not isinstance(block, Heading | Button)]
    return "\n\n".join(part for part in shown if part)


def _lines(block: Block) -> str:
    match block:
        case Paragraph(lines):
            return "\n".join(_words(line) for line in lines)
        case Bullets(items):
            return "\n".join(f"- {_words(item)}" for item in items)
        case Facts(rows):
            return "\n".join(f"{_words(name)}: {_words(value)}" for name, value in rows)
        case _:
            return ""


def _block(block: Block) -> str:
    match block:
        case Heading(spans):
            words = _words(spans)
            return f"{words}\n{'=' * min(len(words), WIDTH)}"
        case Paragraph(lines):
            return "\n".join(_wrapped(_words(line)) for line in lines)
        case Bullets(items):
            return "\n".join(_wrapped(_words(item), first="- ", rest="  ") for item in items)
        case Facts(rows):
            width = min(24, max(len(_words(name)) for name, _ in rows) + 2)
            named = [((_words(name) + ":").ljust(width), _words(value)) for name, value in rows]
            return "\n".join(_wrapped(value, first=name, rest=" " * width) for name, value in named)
        case Button(label, url):
            return f"{label}:\n{url}"


def _words(spans: Spans) -> str:
    return "".join(f"{s.text} ({s.url})" if s.url and s.url != s.text else s.text for s in spans)


def _wrapped(text: str, *, first: str = "", rest: str = "") -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
