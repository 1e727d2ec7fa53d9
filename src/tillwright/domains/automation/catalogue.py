"""Every action there is: the files of `actions/`, the rows of `plain_calls`, and Stripe's operations one by one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import lru_cache

from tillwright.domains.automation import actions, plain_calls, stripe_calls
from tillwright.domains.automation.action import Action


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Action]:
    """Actions by name, in alphabetical order.

    Raises:
        RuntimeError: two actions share a name, or a file's name is not its action's.
    """
    found: dict[str, Action] = {}
    rows: list[Action] = []
    for entry in pkgutil.iter_modules(actions.__path__):
        action = importlib.import_module(f"{actions.__name__}.{entry.name}").ACTION
        if action.name != entry.name:
            raise RuntimeError(f"actions/{entry.name}.py declares the action {action.name!r}: name the file after it")
        found[action.name] = action
    for entry in pkgutil.iter_modules(plain_calls.__path__):
        rows += importlib.import_module(f"{plain_calls.__name__}.{entry.name}").ROWS
    for row in (*rows, *stripe_calls.rows()):
        if row.name in found:
            raise RuntimeError(f"the action {row.name!r} is declared twice")
        found[row.name] = row
    return dict(sorted(found.items()))
