"""From a template and its values to the mail: subject, text and HTML, and the check before a template is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tillwright.domains.notifications.templates import language, shield
from tillwright.domains.notifications.templates.as_html import as_html
from tillwright.domains.notifications.templates.as_text import as_text, as_words
from tillwright.domains.notifications.templates.markup import Heading, Paragraph, Span, Spans, parse
from tillwright.kit.errors import Problem

UNSUBSCRIBE = "https://unsubscribe.invalid/"
"""Stands in a kept mail for the link that each recipient gets a different one of."""
LONGEST_SUBJECT = 300


@dataclass(frozen=True)
class Frame:
    """What stands around every notice: who sends it and why it came."""

    sender: str
    reason: str
    settings_url: str = ""
    unsubscribe: bool = True


@dataclass(frozen=True)
class Rendered:
    """`words` is the text alone, unwrapped: without its heading, its buttons and its footer, for chats and programs."""

    subject: str
    text: str
    words: str
    html: str


def check(subject: str, body: str, tags: Iterable[str]) -> list[Problem]:
    """Every complaint about a template: syntax, merge tags and filters that there are none of, with their lines."""
    known = list(tags)
    wrong: list[Problem] = []
    if not subject.strip():
        wrong.append(Problem("subject_missing", "A mail needs a subject.", "subject", "Write a line."))
    if "\n" in subject or "\r" in subject:
        wrong.append(Problem("subject_lines", "A subject is one line.", "subject", "Take the line break out."))
    if not body.strip():
        wrong.append(Problem("body_missing", "A mail needs a text.", "body", "Write what it should say."))
    return [*wrong, *language.check(subject, known, field="subject"), *language.check(body, known, field="body")]


def render(subject: str, body: str, values: Mapping[str, Any], frame: Frame) -> Rendered:
    """The mail.

    Raises:
        Invalid: the template can't be filled with these values.
    """
    line = shield.unshield(shield.shield(shield.unshield(language.fill(subject, values, field="subject"))))
    line = line[:LONGEST_SUBJECT].strip() or "Notice"
    blocks = parse(language.fill(body, values))
    preview = next((_plain(b.lines[0]) for b in blocks if isinstance(b, Paragraph) and b.lines), line)
    if not blocks:
        blocks = [Heading([Span(line)])]
    footer: list[Spans] = [[Span(frame.reason)]]
    links: list[Span] = []
    if frame.settings_url:
        links.append(Span("Notification settings", url=frame.settings_url))
    if frame.unsubscribe:
        links += [*([Span(" · ")] if links else []), Span("Unsubscribe from these", url=UNSUBSCRIBE)]
    if links:
        footer.append(links)
    foot = [frame.reason, *(f"{span.text}: {span.url}" for span in links if span.url)]
    html = as_html(line, preview[:140], frame.sender, blocks, footer)
    return Rendered(line, as_text(blocks, [frame.sender, *foot]), as_words(blocks), html)


def _plain(spans: Spans) -> str:
    return "".join(span.text for span in spans)
