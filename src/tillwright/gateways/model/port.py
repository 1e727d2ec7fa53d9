"""What a chat needs of a model: pieces of its answer as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tillwright.kit.seal import Secret


@dataclass(frozen=True)
class ModelAccess:
    """`base` is the address up to and with `/v1`; `key` None where the server asks for none."""

    base: str
    model: str
    key: Secret | None


@dataclass(frozen=True)
class Text:
    """Some more of what it says."""

    text: str


@dataclass(frozen=True)
class Call:
    """It wants a tool asked; `arguments` is JSON as it wrote it, which may be anything."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Usage:
    """Tokens of one request."""

    read: int
    written: int


Piece = Text | Call | Usage


class ChatModel(Protocol):
    """Streams one answer; `Denied` for a refused key, `Upstream` for everything else that goes wrong."""

    def stream(
        self, access: ModelAccess, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
    ) -> AsyncIterator[Piece]: ...
