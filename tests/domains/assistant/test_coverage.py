"""Every tool, where something may not be read, on odd money, deleted customers and lists of many pages: it is said."""

from __future__ import annotations

from typing import Any

import pytest
from bench.assistant.books import PROFILES, Books, keep
from bench.assistant.seeding import put

from tests.domains.assistant.conftest import Desk
from tillwright.domains.assistant import Allowance
from tillwright.gateways.stripe import allowed
from tillwright.kit.money import show

GULF = PROFILES[2]  # dinars with three decimals, shillings with none that count, dollars
SCALE = 150  # customers: some 200 invoices and 350 payments, so every list that matters has several pages


@pytest.fixture
async def gulf(desk: Desk) -> tuple[Desk, Books]:
    """Ada is connected to another account, with more in it."""
    desk.assistant._allowance = Allowance(a_minute=100_000)  # type: ignore[attr-defined]
    books = keep(GULF, 3, scale=SCALE)
    del desk.world.accounts[GULF.account]
    put(desk.world, books)
    [before] = await desk.linked.connections.mine(desk.linked.ada)
    await desk.linked.connections.disconnect(desk.linked.ada, before.id)
    await desk.linked.connect(GULF.account)
    return desk, books


def asked(books: Books) -> dict[str, list[dict[str, Any]]]:
    """Arguments with which a tool has something to look at."""
    gone = next(c for c in books.charges if c.customer in {one.id for one in books.customers if one.deleted})
    billed = next(c for c in books.charges if c.invoice and c.customer)
    years = {"first_from": "2025-01-01", "first_before": "2026-01-01",
             "second_from": "2026-01-01", "second_before": "2027-01-01"}  # fmt: skip
    return {
        "explain_payment": [{"payment": billed.id}, {"payment": books.disputes[0].charge}, {"payment": gone.id}],
        "customer_story": [{"customer": billed.customer}, {"customer": gone.customer}],
        "compare_revenue": [years],
        "get_object": [{"id": gone.id}, {"id": gone.customer}],
        "revenue": [{"group_by": "none"}, {"group_by": "product"}, {"group_by": "country"}],
        "churn": [{"from": "2026-01-01", "before": "2027-01-01"}],
    }


def amounts(value: Any) -> list[dict[str, Any]]:
    """Every sum of money in an answer."""
    if isinstance(value, list):
        return [each for one in value for each in amounts(one)]
    if not isinstance(value, dict):
        return []
    if "amount" in value and "currency" in value:
        return [value]
    return [each for one in value.values() for each in amounts(one)]


REFUSED = {
    "dispute": ("Disputes",),
    "charge": ("Payments", "Refunds"),
    "invoice": ("Invoices",),
    "subscription": ("Subscriptions",),
    "customer": ("Customers",),
}
"""Rights of the platform's key, and the lists that go with each."""
ALONE = ("get_object", "explain_payment")
"""What is asked for one object has no answer where that may not be read."""


async def test_no_tool_hides_what_it_may_not_read(gulf: tuple[Desk, Books]) -> None:
    """For each right that is missing: a tool that needs it says so and is not complete; the others go on."""
    desk, books = gulf
    rooms = desk.linked.rooms
    key = rooms.sandbox.world.keys.by_secret[rooms.sandbox.restricted_key]
    every, hidden = key.rights, list[str]()
    for right, titles in REFUSED.items():
        key.rights = frozenset(every - {f"{right}_read", f"{right}_write"})
        async with rooms.database.tenant(desk.linked.ada.organisation_id) as tx:
            await tx.execute("delete from connection_cache")
        told = 0
        for name in desk.assistant.tools():
            for given in asked(books).get(name, [{}]):
                answer = await desk.answer(name, given)
                if "refused" in answer:  # one object that may not be read is no answer at all
                    assert answer["refused"] == "argument_missing" or name in ALONE, (name, right, answer)
                    continue
                said = any(
                    f"{title}: not permitted" in note for note in answer["coverage"]["notes"] for title in titles
                )
                told += said
                if said and answer["coverage"]["complete"]:
                    hidden.append(f"{name} says it is complete without {right}")
        assert told, f"no tool missed {right}"
    key.rights = frozenset(every - {"invoice_read", "invoice_write", "customer_read", "customer_write"})
    billed = next(c for c in books.charges if c.invoice and c.customer)
    explained = await desk.answer("explain_payment", {"payment": billed.id})
    assert explained["result"]["because"] == [], "there is an invoice: to call it a one-off would be wrong"
    assert explained["coverage"]["complete"] is False
    story = await desk.answer("customer_story", {"customer": billed.customer})
    assert "deleted" not in story["result"]["customer"], "not permitted is not deleted"
    key.rights = every
    assert hidden == []


async def test_money_is_exact_in_currencies_of_no_and_of_three_decimals(gulf: tuple[Desk, Books]) -> None:
    desk, books = gulf
    seen: set[str] = set()
    for name in desk.assistant.tools():
        for given in asked(books).get(name, [{}]):
            answer = await desk.answer(name, given)
            for each in amounts(answer):
                assert type(each["amount"]) is int, (name, each)
                if "text" in each:
                    assert each["text"] == show(each["amount"], each["currency"])
                seen.add(each["currency"])
    assert {"kwd", "ugx", "usd", "bhd"} <= seen
    assert show(1234, "kwd").count(".") == 1
    assert "1.234" in show(1234, "kwd")


async def test_a_deleted_customers_payments_are_counted_and_said_to_be_theirs(gulf: tuple[Desk, Books]) -> None:
    desk, books = gulf
    gone = {one.id for one in books.customers if one.deleted}
    paid = [c for c in books.charges if c.customer in gone and c.taken]
    assert paid
    story = await desk.answer("customer_story", {"customer": paid[0].customer})
    assert story["result"]["customer"]["deleted"] is True
    currencies = {c.currency for c in paid if c.customer == paid[0].customer}
    assert {line["currency"] for line in story["result"]["paid"]} == currencies
    top = await desk.answer("top_customers", {"currency": paid[0].currency, "top": 100, "limit": 100})
    named = {item["id"]: item for item in top["items"]}
    assert named[str(paid[0].customer)]["name"] == "deleted customer"
    explained = await desk.answer("explain_payment", {"payment": paid[0].id})
    assert "deleted" in str(explained)


async def test_lists_of_many_pages_are_read_to_their_end(gulf: tuple[Desk, Books]) -> None:
    desk, books = gulf
    assert min(len(books.charges), len(books.invoices), len(books.customers)) > 100
    whole = {
        "find_payments": len(books.charges),
        "find_invoices": len(books.invoices),
        "find_customers": sum(not one.deleted for one in books.customers),
        "find_subscriptions": len(books.subscriptions),
        "find_refunds": len(books.refunds),
        "find_disputes": len(books.disputes),
        "find_prices": len(books.prices),
        "find_promotion_codes": len(books.promotion_codes),
    }
    for name, count in whole.items():
        answer = await desk.answer(name, {"limit": 1})
        assert (name, answer["total"], answer["coverage"]["complete"]) == (name, count, True)
        assert answer["left_out"] == count - 1
        assert answer["next_cursor"] or count == 1


def test_every_list_a_tool_reads_is_on_the_list_of_what_may_be_read() -> None:
    assert {"/v1/disputes", "/v1/refunds", "/v1/charges"} <= set(allowed.ALLOWED)
