"""What Stripe answered to a request that succeeded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

import orjson


@dataclass(frozen=True)
class Answer:
    """A 2xx answer. `raw` is the body as it came; `replayed` tells an idempotency key's stored answer given again."""

    status: int
    raw: bytes = field(repr=False)
    request_id: str | None = None
    replayed: bool = False
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    @cached_property
    def body(self) -> dict[str, Any]:
        """The decoded body."""
        return orjson.loads(self.raw)

    def check(self) -> None:
        """Raises ValueError unless the body is a JSON object."""
        if not isinstance(self.body, dict):
            raise ValueError("not a JSON object")

    @property
    def items(self) -> list[dict[str, Any]]:
        """The rows of a list answer."""
        return self.body["data"]

    @property
    def server_time(self) -> datetime | None:
        """Stripe's own clock when it answered, to the second, from the Date header."""
        try:
            return parsedate_to_datetime(self.headers["date"])
        except (KeyError, ValueError):
            return None
