"""The filter and sort of the `/query` lists, as PostgreSQL understands them."""

from __future__ import annotations

import random
from typing import Any

import psycopg
import pytest

from tillwright.kit.errors import Invalid
from tillwright.kit.query import Column, order, where
from tillwright.kit.seal import Secret

COLUMNS = {
    "name": Column("name"),
    "status": Column("status"),
    "amount": Column("amount", "number"),
    "active": Column("active", "boolean"),
    "creation_time": Column("created", "time"),
}
ROWS = (
    "(values ('Acme', 'ACTIVE', 5, true, timestamptz '2027-01-15 12:00Z'), ('acme two', null, 7.5, false, null), "
    "('50%% off', 'OLD', null, null, timestamptz '2026-01-01 00:00Z')) as t(name, status, amount, active, created)"
)


def found(url: Secret, text: str, sort: str = "name") -> list[str]:
    made = where(text, COLUMNS)
    query = f"select name from {ROWS} where {made.sql} order by {order(sort, COLUMNS, 'name')}"
    with psycopg.connect(url.reveal()) as connection:
        return [row[0] for row in connection.execute(query, made.values)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["50% off", "Acme", "acme two"]),
        ('(= status "ACTIVE")', ["Acme"]),
        ("(= status ACTIVE)", ["Acme"]),
        ('(not (= status "ACTIVE"))', ["50% off", "acme two"]),
        ('(and (ilike name "ACME") (< amount 6))', ["Acme"]),
        ('(or (= active false) (>= creation_time "2027-01-15T12:00:00Z"))', ["Acme", "acme two"]),
        ('(like name "Ac%")', ["Acme"]),
        ('(in name "Acme" "50% off")', ["50% off", "Acme"]),
        ('(not-in status "ACTIVE")', ["50% off", "acme two"]),
        ("(null status)", ["acme two"]),
        ("(= status null)", ["acme two"]),
        ("(AND (not-null amount) (!= amount 5))", ["acme two"]),
        ('(< creation_time "2026-06-01")', ["50% off"]),
        ('(= name "a \\"quoted\\" \') or true --")', []),
    ],
)
def test_what_it_finds(database_server: str, text: str, names: list[str]) -> None:
    assert sorted(found(Secret(database_server), text)) == names


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("amount:desc,name", ["acme two", "Acme", "50% off"]),
        ("-creation_time", ["Acme", "50% off", "acme two"]),
        ("creation_time:asc", ["50% off", "Acme", "acme two"]),
    ],
)
def test_the_order(database_server: str, sort: str, names: list[str]) -> None:
    assert found(Secret(database_server), "", sort) == names


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("status", "filter_malformed"),
        ("(= status", "filter_malformed"),
        ("(= status x))", "filter_malformed"),
        ('(= status "x)', "filter_malformed"),
        ("()", "filter_malformed"),
        ("(and)", "filter_malformed"),
        ("(= status x y)", "filter_malformed"),
        ("(= status (= name x))", "filter_malformed"),
        ("(null status x)", "filter_malformed"),
        ("(drop status x)", "filter_operator_unknown"),
        ("(= password x)", "filter_column_unknown"),
        ("(= 'status' x)", "filter_column_unknown"),
        ("(=)", "filter_column_unknown"),
        ("(= amount ten)", "filter_value_invalid"),
        ("(= amount NaN)", "filter_value_invalid"),
        ("(= active yes)", "filter_value_invalid"),
        ("(= creation_time tomorrow)", "filter_value_invalid"),
        ("(not " * 20 + "(null name)" + ")" * 20, "filter_too_big"),
        ("(or " + "(null name)" * 120 + ")", "filter_too_big"),
        (f'(= name "{"x" * 5000}")', "filter_too_long"),
        ("(= name \0)", "filter_too_long"),
    ],
)
def test_what_it_refuses(text: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        where(text, COLUMNS)
    assert (caught.value.code, caught.value.field) == (code, "q")
    assert caught.value.remedy


@pytest.mark.parametrize("sort", ["password", "name:up", "-name:desc", "name desc", "--name"])
def test_sorts_it_refuses(sort: str) -> None:
    with pytest.raises(Invalid) as caught:
        order(sort, COLUMNS, "name")
    assert (caught.value.code, caught.value.field) == ("sort_invalid", "s")


def test_random_filters_are_refused_or_are_sql(database_server: str) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    words = [
        "(",
        ")",
        "and",
        "or",
        "not",
        "=",
        "<",
        "in",
        "null",
        "like",
        *COLUMNS,
        '"a"',
        "1",
        "true",
        '"\\"',
        "%",
        "--",
    ]
    good = 0
    with psycopg.connect(database_server) as connection:
        for _ in range(3000):
            text = _term(dice) if dice.random() < 0.5 else " ".join(dice.choices(words, k=dice.randrange(1, 12)))
            try:
                made = where(text, COLUMNS)
            except Invalid:
                continue
            connection.execute(f"select 1 from {ROWS} where {made.sql}", made.values)  # type: ignore[arg-type]
            good += 1
    assert good > 1000


def _term(dice: random.Random, depth: int = 0) -> str:
    if depth < 3 and dice.random() < 0.4:
        operator = dice.choice(["and", "or", "not"])
        inner: list[Any] = [_term(dice, depth + 1) for _ in range(1 if operator == "not" else dice.randrange(1, 4))]
        return f"({operator} {' '.join(inner)})"
    return dice.choice(
        ['(= name "x")', "(< amount 3)", "(in status a b)", '(ilike name "%x_")', "(= active true)", "(null amount)"]
    )


def test_what_must_hold_of_every_row_and_an_index_knows() -> None:
    """Only that: a term that a row may go without would leave rows out."""
    columns = COLUMNS | {"name": Column("name", finders={"ilike": "named", "=": "called"})}
    for text, sought in [
        ('(ilike name "acme")', [("named", "%acme%")]),
        ('(and (= status "OLD") (AND (ILIKE name "a%me")))', [("named", "a%me")]),
        ('(and (ilike name "acme") (= name acme))', [("named", "%acme%"), ("called", "acme")]),
        ('(or (ilike name "acme") (= name "acme"))', []),
        ('(not (ilike name "acme"))', []),
        ('(and (not (= name "acme")) (= status "OLD"))', []),
        ("(= name null)", []),
        ('(ilike name "a%")', []),
        ('(like name "acme")', []),
        ('(in name "acme")', []),
        ("", []),
    ]:
        assert list(where(text, columns).sought) == sought, text


def test_what_is_counted_by_an_index_is_the_whole_condition() -> None:
    columns = COLUMNS | {
        "name": Column("name", counters={"ilike": "counted"}),
        "partner": Column("'STRIPE'", always="STRIPE"),
    }
    for text, counter in [
        ('(ilike name "acme")', ("counted", "%acme%")),
        ('(and (and (ilike name "acme")))', ("counted", "%acme%")),
        ('(and (= partner "STRIPE") (ilike name "acme"))', ("counted", "%acme%")),
        ("(and (ilike name acme) (= partner STRIPE))", ("counted", "%acme%")),
        ('(and (= partner "AWS") (ilike name "acme"))', None),
        ('(and (!= partner "STRIPE") (ilike name "acme"))', None),
        ('(= partner "STRIPE")', None),
        ('(and (ilike name "acme") (= status "OLD"))', None),
        ('(and (= status "OLD") (and (ilike name "acme")))', None),
        ('(or (ilike name "acme"))', None),
        ('(not (ilike name "acme"))', None),
        ('(= name "acme")', None),
        ('(ilike name "a%")', None),
        ("", None),
    ]:
        assert where(text, columns).counter == counter, text
