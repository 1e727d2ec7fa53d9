"""Turning a template and its values into an HTML answer."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from tillwright.domains.mirror import coverage
from tillwright.doors.console import formats, words
from tillwright.doors.console.icons import icon
from tillwright.doors.console.navigation import GROUPS

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"


@cache
def asset(name: str) -> str:
    """A static file's address with its content's digest, so that it may be cached for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


@cache
def environment() -> Environment:
    """Escaping is on for everything, and a name that a page forgot to give raises."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        asset=asset,
        icon=icon,
        groups=GROUPS,
        utc=formats.utc,
        day=formats.day,
        moment=formats.moment,
        relative=formats.relative,
        money=formats.money,
        duration=formats.duration,
        count=formats.count,
        plural=formats.plural,
        term_in_words=formats.term_in_words,
        pretty_json=formats.pretty_json,
        in_words=formats.words,
        masked=formats.masked,
        pace=coverage.pace,
        missing_right=coverage.missing_right,
        tone=words.tone,
        done_sentence=words.DONE,
    )
    return made


def part(template: str, **context: Any) -> Markup:
    """A drawn piece of a page, escaped already."""
    return Markup(environment().get_template(template).render(**context))  # noqa: S704 - of a template, which escapes


def html(template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """The drawn template; pages hold people's data, so nothing between us and the browser may keep them."""
    text = environment().get_template(template).render(**context)
    return HTMLResponse(text, status_code=status, headers={"cache-control": "no-store"})
