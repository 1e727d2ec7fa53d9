"""The pure tables: how values, states and Stripe's objects are written for people."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tillwright.domains.automation import RunState, StepState, WorkflowState
from tillwright.domains.mirror.finding.amounts import amounts_of
from tillwright.domains.mirror.model import Day
from tillwright.domains.notifications.model import MessageState
from tillwright.doors.console import charts, formats, stripe_words, words

NOW = datetime(2027, 1, 15, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (0, "just now"),
        (44, "just now"),
        (46, "1 minute ago"),
        (119, "1 minute ago"),
        (120, "2 minutes ago"),
        (3_599, "59 minutes ago"),
        (3_600, "1 hour ago"),
        (86_400, "1 day ago"),
        (40 * 86_400, "1 month ago"),
        (800 * 86_400, "2 years ago"),
        (-20, "in a moment"),
        (-7_200, "in 2 hours"),
    ],
)
def test_relative(ago: int, said: str) -> None:
    assert formats.relative(NOW - timedelta(seconds=ago), NOW) == said


def test_times_are_said_in_utc() -> None:
    assert formats.utc(NOW) == "15 Jan 2027, 12:00:00 UTC"
    assert formats.moment(int(NOW.timestamp())) == NOW
    assert formats.moment(None) is None


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        (1250, "eur", "12.50 EUR"),
        (5000, "jpy", "5,000 JPY"),
        (1500, "kwd", "1.500 KWD"),
        (None, "eur", "–"),
        (0, "usd", "0.00 USD"),
    ],
)
def test_money(amount: int | None, currency: str, said: str) -> None:
    assert formats.money(amount, currency) == said


@pytest.mark.parametrize(
    ("milliseconds", "said"), [(None, "–"), (0.2, "0 ms"), (999, "999 ms"), (1_400, "1.4 s"), (185_000, "3 min 5 s")]
)
def test_duration(milliseconds: float | None, said: str) -> None:
    assert formats.duration(milliseconds) == said


def test_json_that_is_none_is_shown_as_it_came() -> None:
    assert formats.pretty_json(b'{"a":1}') == '{\n  "a": 1\n}'
    assert formats.pretty_json(b"\xff{") == "�{"


@pytest.mark.parametrize(
    ("coupon", "off", "lasts"),
    [
        ({"percent_off": 20.0, "duration": "once"}, "20 % off", "once"),
        ({"percent_off": 12.5, "duration": "repeating", "duration_in_months": 1}, "12.5 % off", "for 1 month"),
        ({"amount_off": 500, "currency": "jpy", "duration": "forever"}, "500 JPY off", "for ever"),
    ],
)
def test_coupons(coupon: dict[str, object], off: str, lasts: str) -> None:
    assert (stripe_words.coupon_off(coupon), stripe_words.coupon_duration(coupon)) == (off, lasts)


@pytest.mark.parametrize(
    ("coupon", "state"),
    [
        ({"valid": True}, "active"),
        ({"valid": True, "redeem_by": 99}, "expired"),
        ({"valid": False, "max_redemptions": 2, "times_redeemed": 2}, "used up"),
        ({"valid": False}, "expired"),
    ],
)
def test_coupon_state(coupon: dict[str, object], state: str) -> None:
    assert stripe_words.coupon_state(coupon, 100) == state


def test_a_code_names_its_coupon_in_either_version() -> None:
    assert stripe_words.coupon_of_code({"promotion": {"type": "coupon", "coupon": "A"}}) == "A"
    assert stripe_words.coupon_of_code({"promotion": {"coupon": {"id": "B"}}}) == "B"
    assert stripe_words.coupon_of_code({"coupon": {"id": "C"}}) == "C"
    assert stripe_words.coupon_of_code({}) == ""


@pytest.mark.parametrize(
    ("intent", "state"),
    [
        ({"status": "requires_payment_method"}, "incomplete"),
        ({"status": "requires_payment_method", "last_payment_error": {"message": "No."}}, "failed"),
        ({"status": "processing"}, "processing"),
        ({"status": "a_new_one"}, "a_new_one"),
    ],
)
def test_payment_state(intent: dict[str, object], state: str) -> None:
    assert stripe_words.payment_state(intent)[0] == state


def test_objects_of_which_nearly_nothing_is_known() -> None:
    assert stripe_words.customer_name({"id": "cus_1"}) == "cus_1"
    assert stripe_words.subscription_title({}) == "–"
    assert stripe_words.method({}) == "–"
    assert stripe_words.failure({}) == ""
    assert stripe_words.address({}) == "–"
    assert stripe_words.code_limits({}) == "–"


def test_every_state_of_ours_has_its_tone() -> None:
    quiet = {"SKIPPED"}
    for states in (RunState, StepState, WorkflowState, MessageState):
        for state in states:
            assert words.tone(state) != "quiet" or state in quiet, state
    assert words.tone("nobody_knows") == words.tone(None) == "quiet"


def test_the_charts_show_one_currency_at_a_time() -> None:
    last = date(2027, 1, 15)
    found = {
        "payment_intent": [
            Day(last, "eur", "succeeded", 2, 3000),
            Day(last - timedelta(days=29), "eur", "succeeded", 1, 1500),
            Day(last, "jpy", "succeeded", 1, 700),
            Day(last, "eur", "requires_payment_method", 5, 99_000),
        ],
        # A charge's sum is in its payment intent's; of a day's charges only those without one have a sum of their own.
        "charge": [Day(last, "eur", "failed", 3, 0), Day(last, "eur", "succeeded", 3, 1500)],
        "refund": [Day(last, "jpy", "succeeded", 1, 200), Day(last, "eur", "failed", 1, 100)],
        "customer": [Day(last - timedelta(days=1), None, None, 4, 0)],
    }
    board = charts.board(found, last)
    taken, failed, refunds, people = board.charts
    assert (board.currency, board.currencies) == ("eur", ["eur", "jpy"])
    assert [chart.total for chart in board.charts] == ["60.00 EUR", "3", "0.00 EUR", "4"]
    assert [bar.height for bar in taken.bars if bar.height] == [33.3, 100.0]
    assert [(bar.when, bar.text) for bar in taken.rows] == [("15 Jan", "45.00 EUR"), ("17 Dec", "15.00 EUR")]
    assert (len(taken.bars), refunds.bars, people.rows[0].when) == (30, [], "14 Jan")
    assert failed.rows[0].text == "3"
    yen = charts.board(found, last, "365", "jpy")
    assert [chart.total for chart in yen.charts] == ["700 JPY", "0", "200 JPY", "4"]
    assert (len(yen.charts[0].bars), yen.charts[0].rows[0].when) == (53, "15 Jan – 15 Jan 2027")
    assert charts.board({}, last, "nonsense", "nonsense").days == "30"
    assert charts.board({}, last).charts[0].bars == []


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("12.34 EUR", ["eur:1234"]),
        ("jpy 500", ["jpy:500"]),
        ("1,250 kwd", ["kwd:1250"]),
        ("0.5 JPY", None),
        ("12.345", ["*:None", "kwd:12345"]),
        ("12", ["*:1200", "jpy:12", "kwd:12000", "isk:None"]),
        ("12 monkeys", None),
        ("eur 12 usd", None),
        ("ada@example.com", None),
        ("", None),
    ],
)
def test_what_a_typed_amount_can_be(text: str, pairs: list[str] | None) -> None:
    found = amounts_of(text)
    if pairs is None:
        assert found is None
        return
    assert found
    for pair in pairs:
        name, _, amount = pair.partition(":")
        assert (pair in found.pairs) is (amount != "None"), pair
        assert amount != "None" or not any(one.startswith(f"{name}:") for one in found.pairs)
