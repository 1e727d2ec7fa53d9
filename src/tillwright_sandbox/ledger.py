"""The ledger: an append-only account of what reached the sandbox, kept apart from the objects it made.

Tests read it to prove "one accepted effect at most": an object may be changed or deleted, a ledger line never is.
"""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One request that was not a GET. `params` are as sent, flattened; money in minor units, time in unix seconds."""

    number: int
    at: int
    method: str
    path: str
    operation: str | None
    params: dict[str, Any]
    account: str | None
    livemode: bool | None
    key_kind: str | None
    idempotency_key: str | None
    request_id: str
    status: int
    object_id: str | None
    accepted: bool
    replayed: bool
    fault: str | None


class Ledger:
    """Every non-GET request seen; `writes` are those that took effect: accepted, and not a replay of an earlier one."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.gets = 0

    def record(
        self,
        *,
        at: int,
        method: str,
        path: str,
        status: int,
        request_id: str,
        operation: str | None = None,
        params: dict[str, Any] | None = None,
        account: str | None = None,
        livemode: bool | None = None,
        key_kind: str | None = None,
        idempotency_key: str | None = None,
        object_id: str | None = None,
        accepted: bool = False,
        replayed: bool = False,
        fault: str | None = None,
    ) -> None:
        """Notes a request. `accepted` says that its effect took place, whatever answer the caller got to see."""
        if method == "GET":
            self.gets += 1
            return
        self.lines.append(
            Line(
                number=len(self.lines) + 1,
                at=at,
                method=method,
                path=path,
                operation=operation,
                params=params or {},
                account=account,
                livemode=livemode,
                key_kind=key_kind,
                idempotency_key=idempotency_key,
                request_id=request_id,
                status=status,
                object_id=object_id,
                accepted=accepted,
                replayed=replayed,
                fault=fault,
            )
        )

    @property
    def writes(self) -> list[Line]:
        return [line for line in self.lines if line.accepted and not line.replayed]

    @property
    def requests(self) -> list[Line]:
        return list(self.lines)

    def select(self, accepted_only: bool = False, since: int = 0, **equal: Any) -> list[dict[str, Any]]:
        """Lines after number `since` whose named fields equal the given values, oldest first, as plain dicts."""
        chosen = (line for line in self.lines[since:] if not accepted_only or (line.accepted and not line.replayed))
        return [asdict(line) for line in chosen if all(getattr(line, name) == value for name, value in equal.items())]

    def snapshot(self) -> dict[str, Any]:
        return {"gets": self.gets, "lines": [asdict(line) for line in self.lines]}

    def restore(self, state: dict[str, Any]) -> None:
        self.gets = state["gets"]
        self.lines = [Line(**line) for line in state["lines"]]
