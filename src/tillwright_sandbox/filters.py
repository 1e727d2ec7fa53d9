"""The filters of a list: which parameters compare with which fields of its objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import tables
from .objects import INDEXED, plain
from .operations import Operation

NOT_FILTERS = frozenset({"limit", "starting_after", "ending_before", "expand", "created"})
# A filter's name -> the field it compares with, where they differ.
FIELDS = {
    ("invoice", "subscription"): "parent.subscription_details.subscription",
    ("promotion_code", "coupon"): "promotion.coupon",
    ("price", "lookup_keys"): "lookup_key",
    ("product", "ids"): "id",
    ("event", "types"): "type",
    ("topup", "amount"): "amount",
}
RANGE = {"gt": lambda a, b: a > b, "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b}
Test = Callable[[Any], bool]
# What a list has of its objects if it is asked for nothing else: the account's own tax ids, the open reviews.
LEFT_OUT: dict[str, tuple[str, Test]] = {
    "/v1/tax_ids": ("customer", lambda held: held is None),
    "/v1/reviews": ("open", lambda held: held is not False),
}


class Where:
    """A request's filters for an operation; `indexed` is one of them that the store can look up, if any."""

    def __init__(self, operation: Operation, params: dict[str, Any]) -> None:
        self.tests: list[tuple[str, Test]] = []
        self.indexed: tuple[str, str] | None = None
        for name, value in params.items():
            field = self._field(operation, name) if name not in NOT_FILTERS else None
            if field is not None:
                self.tests.append((field, test_for(value)))
                if self.indexed is None and field in INDEXED and isinstance(value, str):
                    self.indexed = (field, value)
        if self._leaves_out_test_clocks(operation, params):
            self.tests.append(("test_clock", lambda held: held is None))
        if operation.path in LEFT_OUT and not params.get("owner"):
            self.tests.append(LEFT_OUT[operation.path])

    def _leaves_out_test_clocks(self, operation: Operation, params: dict[str, Any]) -> bool:
        """What lives on a test clock is listed only by that clock or by its customer."""
        known = "test_clock" in operation.params.get("properties", {})
        return known and not params.get("test_clock") and not params.get("customer")

    def _field(self, operation: Operation, name: str) -> str | None:
        known = FIELDS.get((operation.object, name))
        if known:
            return known
        for resource in operation.resources:
            properties = tables.schema(resource).get("properties", {})
            if name in properties:
                return name
            if name.endswith("s") and name[:-1] in properties:
                return name[:-1]
        return None


def test_for(value: Any) -> Test:
    """What a field must pass: a range for {gt, gte, lt, lte}, one of for an array, a part for a hash, else equality."""
    if isinstance(value, dict) and value and set(value) <= set(RANGE):
        return lambda held: isinstance(held, (int, float)) and all(RANGE[op](held, one) for op, one in value.items())
    if isinstance(value, dict):
        parts = {name: test_for(one) for name, one in value.items()}
        return lambda held: isinstance(held, dict) and all(test(plain(held.get(name))) for name, test in parts.items())
    if isinstance(value, list):
        return lambda held: held in value or (isinstance(held, list) and bool(set(held) & set(value)))
    return lambda held: held == value or (isinstance(held, list) and value in held)


def look_up(obj: Any, path: str) -> Any:
    for part in path.split("."):
        obj = obj.get(part) if isinstance(obj, dict) else None
    return plain(obj)


def matches_filters(where: Where, obj: dict[str, Any]) -> bool:
    for field, test in where.tests:
        held = obj.get(field) if "." not in field else look_up(obj, field)
        if not (test(plain(held)) or (isinstance(held, dict) and test(held))):
            return False
    return True
