"""The icons that templates name, one file each in icons/, drawn into the page so that no request is needed."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from markupsafe import Markup

FOLDER = Path(__file__).parent / "icons"


@cache
def icon(name: str, classes: str = "size-4") -> Markup:
    """The icon as decoration: screen readers skip it, the words beside it speak."""
    text = (FOLDER / f"{name}.svg").read_text()
    inner = re.search(r"<svg[^>]*>(.*)</svg>", text, re.DOTALL)
    if inner is None:
        raise ValueError(f"icons/{name}.svg holds no drawing")
    shapes = re.sub(r"\s+", " ", inner.group(1)).strip()
    return Markup(  # noqa: S704 - the files are ours
        f'<svg class="{classes} shrink-0" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
        f' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{shapes}</svg>'
    )
