"""Ada with a connected account whose books are known, and the assistant over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from bench.assistant.books import NOW, PROFILES, Books, keep
from bench.assistant.seeding import put

from tests.domains.connected import rooms as rooms
from tests.domains.connections.conftest import Linked
from tests.domains.connections.conftest import linked as linked
from tillwright.domains.assistant import Answer, Assistant
from tillwright.domains.mirror import Mirror
from tillwright.kit.clock import to_unix
from tillwright.kit.errors import TillwrightError

SCALE = 60


@dataclass
class Desk:
    """`books` are those of the account Ada connected; `live` and `others` are what must never show."""

    linked: Linked
    assistant: Assistant
    books: Books
    live: Books
    others: list[Books]

    async def ask(self, name: str, given: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        return await self.assistant.ask(self.linked.ada, name, given or {}, **more)

    async def answer(self, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """As the exam wants it."""
        try:
            return (await self.ask(name, given)).as_json()
        except TillwrightError as error:
            return {"refused": error.code}

    @property
    def world(self) -> Any:
        return self.linked.rooms.sandbox.world


@pytest.fixture
async def desk(linked: Linked) -> Desk:
    rooms = linked.rooms
    rooms.clock.move((NOW - rooms.clock.now()).total_seconds())
    rooms.sandbox.world.clock.freeze()
    rooms.sandbox.world.clock.start_at(to_unix(NOW))
    kept = [keep(profile, 1, scale=SCALE) for profile in PROFILES]
    live = keep(PROFILES[0], 2, scale=20)
    for books in kept:
        put(rooms.sandbox.world, books)
    put(rooms.sandbox.world, live, livemode=True)
    await linked.connect(PROFILES[0].account)
    mirror = Mirror(clock=rooms.clock, database=rooms.database, keys=rooms.integrations, reader=rooms.reader)
    assistant = Assistant(
        clock=rooms.clock,
        database=rooms.database,
        connections=linked.connections,
        platforms=rooms.integrations,
        mirror=mirror,
    )
    return Desk(linked, assistant, kept[0], live, kept[1:])
