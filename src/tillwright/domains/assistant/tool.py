"""A tool: one read-only thing an assistant can ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tillwright.domains.assistant.asking import Asking
from tillwright.domains.assistant.model import Argument, Outcome


@dataclass(frozen=True)
class Tool:
    """`run` reads through the `Asking` it is given, and gives the tool's own figures."""

    name: str
    title: str
    summary: str
    arguments: tuple[Argument, ...]
    run: Callable[[Asking], Awaitable[Outcome]]

    def schema(self) -> dict[str, Any]:
        """Its input as JSON Schema; nothing but what is named is taken."""
        required = [argument.name for argument in self.arguments if argument.required]
        made: dict[str, Any] = {
            "type": "object",
            "properties": {argument.name: argument.schema() for argument in self.arguments},
            "additionalProperties": False,
        }
        return made | ({"required": required} if required else {})
