"""What outsiders write comes out as data: in every tool, from every field that they can write, marked and harmless."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from bench.assistant.injections import MARK, TEXTS

from tests.domains.assistant.conftest import Desk
from tillwright.domains.assistant import Allowance

ACCOUNT = "acct_harbourbakery00"
OURS = {"outside_text"}
# What people outside, or whoever they wrote to, can put into an object.
WRITTEN = (
    "name", "description", "nickname", "footer", "customer_name", "memo", "code", "statement_descriptor",
    "failure_message", "phone", "comment", "receipt_email", "customer_email", "email", "unit_label", "seller_message",
)  # fmt: skip
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\x00-\x1f\x7f\U000e0000-\U000e007f]")


def poison(value: Any, texts: Iterator[str]) -> None:
    """Put a text into every field of an object, however deep, that somebody outside can write."""
    if isinstance(value, list):
        for each in value:
            poison(each, texts)
    if not isinstance(value, dict):
        return
    for name, held in list(value.items()):
        if name == "metadata":
            text = next(texts)
            value[name] = {"note": text, text[:40]: text}
        elif name in WRITTEN and (held is None or isinstance(held, str)):
            value[name] = next(texts)
        else:
            poison(held, texts)


def strings(value: Any, under: str = "") -> Iterator[tuple[str, str]]:
    """Each text of an answer, names of fields among them, with the name it stands under."""
    if isinstance(value, dict):
        for name, held in value.items():
            yield "a name", name
            yield from strings(held, name)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each, under)
    elif isinstance(value, str):
        yield under, value


@pytest.fixture
def poisoned(desk: Desk) -> set[str]:
    """The marks of all texts, which stand everywhere in the connected account."""
    desk.assistant._allowance = Allowance(a_minute=100_000)  # type: ignore[attr-defined]
    texts = itertools.cycle(TEXTS)
    store = desk.world.accounts[ACCOUNT].test
    kinds = ("customer", "product", "price", "coupon", "promotion_code", "subscription", "invoice", "charge",
             "payment_intent", "refund", "dispute")  # fmt: skip
    for kind in kinds:
        for obj in store.find(kind):
            poison(obj, texts)
    return {text[:5] for text in TEXTS}


def test_there_are_two_hundred_of_them_and_no_two_alike() -> None:
    assert len(set(TEXTS)) == len(TEXTS) == 200
    assert {text[:5] for text in TEXTS} == {f"{MARK}{number:03d}" for number in range(200)}


async def plan(desk: Desk) -> list[tuple[str, dict[str, Any]]]:
    """Every tool, with arguments that make it show something."""
    books = desk.books
    charge = next(each for each in books.charges if each.invoice and each.customer)
    chosen: dict[str, list[dict[str, Any]]] = {
        "explain_payment": [{"payment": charge.id}, {"payment": books.disputes[0].charge}],
        "customer_story": [{"customer": charge.customer}],
        "compare_revenue": [
            {"first_from": "2025-01-01", "first_before": "2026-01-01",
             "second_from": "2026-01-01", "second_before": "2027-01-01"}
        ],
        "get_object": [
            {"id": one} for one in (charge.id, str(charge.customer), str(charge.invoice), books.products[0][0],
                                    books.prices[0].id, books.subscriptions[0].id, books.refunds[0].id,
                                    books.disputes[0].id, books.promotion_codes[0][0])
        ] + [{"id": books.coupons[0][0], "kind": "coupons"}],
        "revenue": [{"group_by": group} for group in ("month", "product", "country", "customer")],
        "top_customers": [{"currency": "eur"}],
        "churn": [{"from": "2026-01-01", "before": "2027-01-01"}],
    }  # fmt: skip
    asked: list[tuple[str, dict[str, Any]]] = []
    for name, tool in desk.assistant.tools().items():
        for given in chosen.get(name, [{}]):
            whole = given | ({"limit": 100} if any(one.name == "limit" for one in tool.arguments) else {})
            asked.append((name, whole))
    return asked


@pytest.mark.parametrize("personal", [False, True], ids=["masked", "names shown"])
async def test_whatever_is_asked_they_come_out_marked_or_not_at_all(
    desk: Desk, poisoned: set[str], personal: bool
) -> None:
    await desk.assistant.show_personal(desk.linked.ada, personal)
    writes, seen, tools = len(desk.world.ledger.lines), set[str](), set[str]()
    for name, given in await plan(desk):
        answer = await desk.answer(name, given)
        if answer.get("refused") == "argument_invalid":  # this tool has no such group
            continue
        assert "refused" not in answer, (name, given, answer)
        for under, text in strings(answer):
            assert not INVISIBLE.search(text), (name, text)
            if not (marks := re.findall(rf"{MARK}\d{{3}}", text)):
                continue
            assert under in OURS, f"{name} shows {text!r} under {under!r}"
            seen.update(marks)
            tools.add(name)
    assert len(seen & poisoned) > 100, "most of them were there to be shown"
    assert {"find_customers", "find_products", "find_invoices", "customer_story"} <= tools
    assert len(desk.world.ledger.lines) == writes
