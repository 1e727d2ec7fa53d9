"""A mirror on the real database, reading from the sandbox or from a scripted Stripe."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from tillwright.domains.mirror import EventCopy, Mirror
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.answer import Answer
from tillwright.kit.clock import ManualClock, from_unix
from tillwright.kit.seal import Secret

NOON = datetime(2027, 1, 15, 12, tzinfo=UTC)


@dataclass
class OneKey:
    """Opens the same key for everybody."""

    key: str = "sk_test_scripted"
    account_id: str = "acct_1"

    async def access(self, organisation_id: str, *, livemode: bool | None = None, why: str = "") -> Access:
        assert why
        return Access(organisation_id, Secret(self.key), bool(livemode), self.account_id)

    async def livemode_of(self, tx: Tx, organisation_id: str) -> bool | None:
        """Nothing is connected, so that events of either mode are taken."""
        return None


@dataclass
class Scripted:
    """Answers reads from `objects` by path, lists included; `before` runs as each request comes in and may raise."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    before: Callable[[str, Mapping[str, Any]], Awaitable[None]] | None = None
    asked: Counter[str] = field(default_factory=Counter)

    async def get(self, access: Access, path: str, params: Any = None, **_: Any) -> Answer:
        self.asked[path] += 1
        body = self.page(path, params or {}) if path in self.lists else self.objects.get(path)
        if self.before:
            await self.before(path, params or {})
        assert body is not None, f"nobody scripted {path}"
        return Answer(200, orjson.dumps(body))

    def page(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        rows = self.lists[path]
        if "created" in params:
            low, high = params["created"].get("gte", 0), params["created"].get("lte", 1 << 40)
            rows = [row for row in rows if low <= row["created"] <= high]
        if "starting_after" in params:
            rows = rows[[row["id"] for row in rows].index(params["starting_after"]) + 1 :]
        limit = params["limit"]
        return {"object": "list", "data": rows[:limit], "has_more": len(rows) > limit}

    def pages(self, access: Access, path: str, params: Any = None, **_: Any) -> AsyncIterator[Answer]:
        raise NotImplementedError("the mirror pages by itself")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def stripe() -> Scripted:
    return Scripted()


@pytest.fixture
def mirror(database: Database, clock: ManualClock, stripe: Scripted) -> Mirror:
    return Mirror(clock=clock, database=database, keys=OneKey(), reader=stripe)


def customer(number: int, **fields: Any) -> dict[str, Any]:
    made = 1_700_000_000 + number
    return {"id": f"cus_{number:04d}", "object": "customer", "created": made, "livemode": False} | fields


def event(body: dict[str, Any], created: float, *, type: str = "customer.updated", **changes: Any) -> EventCopy:
    """An event about `body`; `created` in seconds from noon, received a second later unless `received` says else."""
    moment = from_unix(NOON.timestamp() + created)
    received = from_unix(NOON.timestamp() + changes.pop("received", created + 1))
    fields: dict[str, Any] = {
        "livemode": False, "object": body["object"], "id": body["id"], "account_id": "acct_1",
        "event_id": f"evt_{body['id']}_{created}_{body.get('name', '')}_{type}", "event_type": type, "created": moment,
        "received": received, "foreign": False, "body": body,
    }  # fmt: skip
    return EventCopy(**fields | changes)
