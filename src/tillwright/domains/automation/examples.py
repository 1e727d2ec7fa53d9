"""The definitions that come with the package."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from tillwright.kit.errors import Absent

_FOLDER = "tillwright.examples"


def names() -> Sequence[str]:
    """In alphabetical order."""
    found = (entry.name for entry in resources.files(_FOLDER).iterdir())
    return sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml"))


def text_of(name: str) -> str:
    """A definition's text.

    Raises:
        Absent: there is no such example.
    """
    if name not in names():
        raise Absent("example_absent", f"There is no example {name!r}.", remedy=f"There are: {', '.join(names())}.")
    return resources.files(_FOLDER).joinpath(f"{name}.yaml").read_text()
