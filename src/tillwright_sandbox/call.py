"""One request being carried out: who asks, for what, on whose objects, at what time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .ids import new_id

if TYPE_CHECKING:
    from .keys import Key
    from .objects import Objects
    from .operations import Operation
    from .world import Account, World


@dataclass
class Emission:
    """An event to be: its object is photographed when the call has succeeded."""

    type: str
    obj: dict[str, Any]
    previous: dict[str, Any] | None


@dataclass
class Call:
    """`operation` and `key` are those of the request; a system call (time passing, demo data) has placeholders.

    `params` are typed and validated; "expand" is taken out of them.
    """

    world: World
    account: Account
    livemode: bool
    key: Key
    operation: Operation
    path: dict[str, str]
    params: dict[str, Any]
    api_version: str
    idempotency_key: str | None = None
    request_id: str | None = None
    expand: list[str] = field(default_factory=list)
    at: int | None = None  # unix seconds; overrides the clock, for what happens on a test clock
    emissions: list[Emission] = field(default_factory=list)

    @property
    def objects(self) -> Objects:
        """The store of the acting account in this mode."""
        return self.account.objects(self.livemode)

    @property
    def now(self) -> int:
        """Unix seconds: of the test clock the customer in question is bound to, else of the world's clock."""
        if self.at is not None:
            return self.at
        frozen = self._test_clock()
        return frozen if frozen is not None else self.world.clock.now()

    def _test_clock(self) -> int | None:
        clock_id = self.params.get("test_clock")
        if not isinstance(clock_id, str):
            customer_id = self.path.get("customer") or self.params.get("customer")
            if not isinstance(customer_id, str):
                customer_id = self._customer_of_target()
            record = self.objects.record("customer", customer_id) if customer_id else None
            clock_id = record.obj.get("test_clock") if record else None
        if not isinstance(clock_id, str):
            return None
        record = self.objects.record("test_helpers.test_clock", clock_id)
        return record.obj.get("frozen_time") if record else None

    def _customer_of_target(self) -> str | None:
        operation = self.operation
        target = self.path.get(operation.id_param) if operation.id_param else None
        record = self.objects.record(operation.object, target) if target and operation.resources else None
        customer = record.obj.get("customer") if record else None
        return customer if isinstance(customer, str) else None

    def emit(self, type: str, obj: dict[str, Any], previous: dict[str, Any] | None = None) -> None:
        """Queues an event. Its object is taken as it is when the call succeeds; a type is told once an object.

        `previous` (previous_attributes) may be left out: for …updated events the engine finds what changed.
        """
        for known in self.emissions:
            same = known.obj is obj or (obj.get("id") is not None and known.obj.get("id") == obj.get("id"))
            if known.type == type and same:
                known.previous = (previous or {}) | (known.previous or {}) or None
                return
        self.emissions.append(Emission(type, obj, previous))

    def new_id(self, prefix: str) -> str:
        """An id with a prefix; "cus" and "cus_" are the same."""
        return new_id(self.world.dice, prefix)
