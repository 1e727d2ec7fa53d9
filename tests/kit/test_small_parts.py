"""Ids, money, cursors, errors and clocks."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillwright.kit import ids
from tillwright.kit.clock import ManualClock, from_unix, to_unix
from tillwright.kit.errors import Invalid, Problem
from tillwright.kit.money import show, to_major, to_minor
from tillwright.kit.pages import decode_cursor, encode_cursor


def test_new_ids_are_unique_sorted_and_short() -> None:
    made = [ids.new("ninechars") for _ in range(5000)]
    assert made == sorted(set(made))
    assert max(map(len, made)) == 36
    with pytest.raises(ValueError, match="prefix"):
        ids.new("tencharact")


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_a_digest_is_pure_and_unambiguous(one: list[str], two: list[str]) -> None:
    assert (ids.digest(*one) == ids.digest(*two)) == (one == two)
    assert len(ids.digest(*one)) == 32


@pytest.mark.parametrize(
    ("amount", "currency", "major", "shown"),
    [
        (1250, "eur", "12.50", "12.50 EUR"),
        (-5, "usd", "-0.05", "-0.05 USD"),
        (123456789, "usd", "1234567.89", "1,234,567.89 USD"),
        (500, "jpy", "500", "500 JPY"),
        (1234, "kwd", "1.234", "1.234 KWD"),
        (500, "ugx", "5.00", "5.00 UGX"),
        (0, "huf", "0.00", "0.00 HUF"),
    ],
)
def test_amounts_by_currency(amount: int, currency: str, major: str, shown: str) -> None:
    assert to_major(amount, currency) == Decimal(major)
    assert show(amount, currency) == shown
    assert to_minor(Decimal(major), currency) == amount


@pytest.mark.parametrize(
    ("amount", "currency"), [("0.001", "eur"), ("0.5", "jpy"), ("NaN", "usd"), ("Infinity", "usd")]
)
def test_a_fraction_that_the_currency_does_not_have(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match=currency.upper()):
        to_minor(Decimal(amount), currency)


@given(st.lists(st.one_of(st.integers(-(2**53), 2**53), st.text(), st.none()), min_size=1, max_size=3))
def test_cursors_come_back(values: list[object]) -> None:
    assert decode_cursor(encode_cursor(*values), len(values)) == values


@pytest.mark.parametrize("text", ["", "x", "äöü", "e30", "WzFd", "A" * 1001])
def test_a_foreign_cursor_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode_cursor(text, 2)
    assert caught.value.field == "cursor"


def test_several_problems_are_told_at_once() -> None:
    error = Invalid.many([Problem("a", "First.", "x"), Problem("b", "Second.", "y", "Mend it.")])
    assert [p.code for p in error.problems] == ["a", "b"]
    assert "First." in str(error)
    assert "Second." in str(error)
    assert Invalid.many([Problem("a", "First.", "x")]).code == "a"


def test_unix_seconds_and_a_clock_that_is_moved() -> None:
    moment = datetime(2027, 1, 15, 12, tzinfo=UTC)
    assert from_unix(to_unix(moment)) == moment
    clock = ManualClock(moment)
    clock.move(-60)
    assert (clock.now() - moment).total_seconds() == -60
    assert clock.monotonic() == 0
