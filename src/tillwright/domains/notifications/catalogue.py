"""Every scope there is: the files of `scopes/`."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from tillwright.domains.notifications import scopes
from tillwright.domains.notifications.scope import CATEGORIES, Scope
from tillwright.kit.errors import Absent


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Scope]:
    """Scopes by name, in the order of their categories.

    Raises:
        RuntimeError: a file's name is not its scope's, or its category is unknown.
    """
    found: list[Scope] = []
    for entry in pkgutil.iter_modules(scopes.__path__):
        scope: Scope = importlib.import_module(f"{scopes.__name__}.{entry.name}").SCOPE
        expected = scope.name.replace(".", "_").lower()
        if entry.name != expected or scope.category not in CATEGORIES:
            raise RuntimeError(f"scopes/{entry.name}.py declares {scope.name}: name the file {expected}.py")
        found.append(scope)
    ordered = sorted(found, key=lambda scope: CATEGORIES.index(scope.category))
    return {scope.name: scope for scope in ordered}


def scope_of(name: str) -> Scope:
    """The scope of this name.

    Raises:
        Absent: there is none.
    """
    found = catalogue().get(name)
    if found is None:
        remedy = f"There are: {', '.join(catalogue())}."
        raise Absent("scope_absent", f"There is no scope {name[:60]!r}.", field="scope", remedy=remedy)
    return found


def answering(event: str) -> Sequence[Scope]:
    """The scopes that answer a spine event."""
    return [scope for pattern, scope in _patterns() if pattern.fullmatch(event)]


@lru_cache(maxsize=1)
def _patterns() -> Sequence[tuple[re.Pattern[str], Scope]]:
    return [
        (re.compile("|".join(re.escape(event).replace(r"\*", "[^:]+") for event in scope.events)), scope)
        for scope in catalogue().values()
    ]
