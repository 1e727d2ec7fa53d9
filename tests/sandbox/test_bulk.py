"""The Stripe that only lists: pages are slices of one text, and must be the pages Stripe would give."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tillwright_sandbox.bulk import NEWEST, STEP, List


def page(held: List, **params: Any) -> dict[str, Any]:
    head, rows, count = held.page({name: str(value) for name, value in params.items()})
    body = orjson.loads(b"".join([head, rows, b"]}"]))
    assert len(body["data"]) == count
    return body


def test_a_list_is_walked_to_its_end_each_object_once() -> None:
    held, found = List("charges", 250, True), list[dict[str, Any]]()
    body = page(held, limit=100)
    while True:
        found += body["data"]
        if not body["has_more"]:
            break
        body = page(held, limit=100, starting_after=found[-1]["id"])
    assert [row["id"] for row in found] == [f"ch_{number:012d}" for number in reversed(range(250))]
    assert [row["created"] for row in found] == [NEWEST - STEP * back for back in range(250)]
    assert {(row["object"], row["livemode"]) for row in found} == {("charge", True)}


@pytest.mark.parametrize(
    ("since", "until", "numbers"),
    [
        (NEWEST - STEP, NEWEST, [9, 8]),
        (NEWEST - STEP + 1, NEWEST - 1, []),
        (NEWEST - 9 * STEP, NEWEST - 8 * STEP, [1, 0]),
        (0, NEWEST - 9 * STEP, [0]),
        (NEWEST + 1, NEWEST + 9, []),
        (0, 9, []),
    ],
)
def test_both_ends_of_a_range_belong_to_it(since: int, until: int, numbers: list[int]) -> None:
    body = page(List("customers", 10, False), limit=100, **{"created[gte]": since, "created[lte]": until})
    assert [row["id"] for row in body["data"]] == [f"cus_{number:012d}" for number in numbers]
    assert body["has_more"] is False
