"""The tools there are: whatever stands in `tools/`, scanned once."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from tillwright.domains.assistant import tools
from tillwright.domains.assistant.tool import Tool


@cache
def catalogue() -> Mapping[str, Tool]:
    """Each tool by its name, which is its file's."""
    found: dict[str, Tool] = {}
    for module in pkgutil.iter_modules(tools.__path__):
        tool = importlib.import_module(f"{tools.__name__}.{module.name}").TOOL
        if tool.name != module.name:
            raise LookupError(f"the tool {tool.name} stands in {module.name}.py")
        found[tool.name] = tool
    return MappingProxyType(dict(sorted(found.items())))
