"""Search: Stripe's query language, its pages, its lag, its refusals."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import Sandbox
from tillwright_sandbox.errors import StripeError
from tillwright_sandbox.search import parse

PEOPLE = [
    {"name": "Ada Lovelace", "email": "ada@example.com", "metadata": {"plan": "gold", "note's": "x"}},
    {"name": "Grace Hopper", "email": "grace@example.com", "metadata": {"plan": "silver"}},
    {"name": "Ada Yonath", "email": "yonath@example.org"},
]


@pytest.fixture
def people(sandbox: Sandbox) -> Sandbox:
    for one in PEOPLE:
        sandbox.client.v1.customers.create(one)  # type: ignore[arg-type]
    return sandbox


def names(sandbox: Sandbox, query: str, **more: Any) -> list[str]:
    found = sandbox.client.v1.customers.search({"query": query, **more})
    return sorted(str(one.name) for one in found.data)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("email:'ada@example.com'", ["Ada Lovelace"]),
        ('email:"ADA@example.com"', ["Ada Lovelace"]),
        ("name~'ada'", ["Ada Lovelace", "Ada Yonath"]),
        ("name~'ada' AND email~'example.org'", ["Ada Yonath"]),
        ("name~'ada' email~'example.org'", ["Ada Yonath"]),
        ("email~'grace' OR email~'yonath'", ["Ada Yonath", "Grace Hopper"]),
        ("metadata['plan']:'gold'", ["Ada Lovelace"]),
        ('metadata["note\'s"]:"x"', ["Ada Lovelace"]),
        ("-metadata['plan']:null", ["Ada Lovelace", "Grace Hopper"]),
        ("metadata['plan']:null", ["Ada Yonath"]),
        ("-name~'ada'", ["Grace Hopper"]),
        ("created>0 AND created<9999999999", ["Ada Lovelace", "Ada Yonath", "Grace Hopper"]),
        ("created>=9999999999", []),
        ("phone:null AND name:'grace hopper'", ["Grace Hopper"]),
    ],
)
def test_queries(people: Sandbox, query: str, expected: list[str]) -> None:
    assert names(people, query) == expected


@pytest.mark.parametrize(
    "query",
    ["", "email", "email:", "nope:'x'", "email:'a' AND", "OR email:'a'", "a:'b' AND email:'c' OR name:'d'", "name~'a'",
     "metadata:'x'", "email['a']:'x'", "email:'unclosed"],
)  # fmt: skip
def test_what_is_no_query_is_refused(people: Sandbox, query: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        people.client.v1.customers.search({"query": query})
    assert refusal.value.http_status == 400
    assert refusal.value.param == "query"


def test_pages_and_the_total(sandbox: Sandbox, validate_operation: Any) -> None:
    v1 = sandbox.client.v1
    made = [v1.products.create({"name": f"Chair {n}"}).id for n in range(7)]
    first = v1.products.search({"query": "name~'chair'", "limit": 3, "expand": ["total_count"]})
    validate_operation("GetProductsSearch", first)
    assert first.object == "search_result"
    assert (first.has_more, first.total_count) == (True, 7)
    assert [one.id for one in first.auto_paging_iter()] == made[::-1]
    with pytest.raises(stripe.InvalidRequestError, match="page"):
        v1.products.search({"query": "name~'chair'", "page": "zz"})


def test_search_lags_and_lists_do_not(sandbox: Sandbox) -> None:
    sandbox.world.search_lag = 60
    sandbox.client.v1.customers.create({"name": "Late Riser"})
    assert names(sandbox, "name~'late'") == []
    assert len(sandbox.client.v1.customers.list().data) == 1
    sandbox.world.clock.advance(61)
    assert names(sandbox, "name~'late'") == ["Late Riser"]


def test_the_parser_never_breaks() -> None:
    for query in ("'" * 500, "-" * 500, "metadata['" * 100, "name~'" + "\\'" * 200, "AND " * 200):
        with pytest.raises(StripeError):
            parse(query, "customer")
