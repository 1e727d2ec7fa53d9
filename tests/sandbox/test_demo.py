"""The demo's data: believable, consistent in itself, the same for the same seed, made in seconds, ending now."""

import time
from collections import Counter
from typing import Any

import pytest

from tillwright_sandbox.demo import fill
from tillwright_sandbox.objects import Objects
from tillwright_sandbox.render import render
from tillwright_sandbox.tables.validate import complaints
from tillwright_sandbox.world import World, make_world

DAY = 86_400


@pytest.fixture(scope="module")
def told() -> tuple[World, float]:
    world = make_world()
    start = time.monotonic()
    fill(world, 1, lambda text: None)
    return world, time.monotonic() - start


@pytest.fixture(scope="module")
def store(told: tuple[World, float]) -> Objects:
    return next(iter(told[0].accounts.values())).test


def every(store: Objects, kind: str) -> list[dict[str, Any]]:
    return store.find(kind)


def test_made_in_seconds(told: tuple[World, float]) -> None:
    assert told[1] < 30  # about 4 s on an idle machine


def test_there_is_enough_of_everything(store: Objects) -> None:
    least = {
        "customer": 300,
        "product": 9,
        "price": 60,
        "subscription": 240,
        "invoice": 600,
        "payment_intent": 600,
        "charge": 600,
        "refund": 8,
        "dispute": 3,
        "coupon": 6,
        "promotion_code": 7,
        "event": 200,
    }
    assert {kind: store.count(kind) for kind, count in least.items() if store.count(kind) < count} == {}


def test_whoever_connects_an_account_of_their_own_finds_something_there(told: tuple[World, float]) -> None:
    least = {"customer": 20, "subscription": 18, "invoice": 50, "charge": 50, "product": 9, "refund": 1, "coupon": 6}
    _, *others = told[0].accounts.values()
    assert len(others) >= 2
    for account in others:
        assert {kind: account.test.count(kind) for kind, few in least.items() if account.test.count(kind) < few} == {}


def test_subscriptions_stand_in_every_status(store: Objects) -> None:
    statuses = Counter(one["status"] for one in every(store, "subscription"))
    wanted = {"active", "trialing", "past_due", "canceled", "incomplete", "incomplete_expired", "paused"}
    assert wanted <= set(statuses)
    assert statuses["active"] > 100
    assert sum(bool(one["cancel_at_period_end"]) for one in every(store, "subscription")) >= 5


def test_customers_come_from_many_places(store: Objects) -> None:
    customers = every(store, "customer")
    assert len({one["address"]["country"] for one in customers}) >= 10
    assert len({one["email"] for one in customers}) == len(customers)
    assert all(one["email"].endswith(".example") for one in customers)
    assert len({one["currency"] for one in customers if one["currency"]}) >= 5


def test_money_adds_up(store: Objects) -> None:
    refunded: Counter[str] = Counter()
    for refund in every(store, "refund"):
        if refund["status"] == "succeeded":
            refunded[refund["charge"]] += refund["amount"]
    for charge in every(store, "charge"):
        assert charge["amount_refunded"] == refunded[charge["id"]]
        assert charge["amount_refunded"] <= charge["amount"]
    for invoice in every(store, "invoice"):
        assert invoice["amount_paid"] + invoice["amount_remaining"] == invoice["amount_due"]
        if invoice["status"] == "paid":
            assert invoice["amount_remaining"] == 0
    redeemed = Counter(one["promotion_code"] for one in every(store, "discount") if one["promotion_code"])
    for code in every(store, "promotion_code"):
        assert code["times_redeemed"] >= redeemed[code["id"]]


def test_some_cards_fail(store: Objects) -> None:
    assert sum(one["status"] == "failed" for one in every(store, "charge")) >= 10
    assert sum(one["status"] == "open" for one in every(store, "invoice")) >= 5


def test_it_ends_now_and_nothing_lies_in_the_future(told: tuple[World, float], store: Objects) -> None:
    now = told[0].clock.now()
    assert abs(now - time.time()) < 5
    for kind in ("customer", "subscription", "invoice", "charge", "refund", "event"):
        created = [one["created"] for one in every(store, kind)]
        assert max(created) <= now
        assert max(created) > now - 10 * DAY
        assert min(created) > now - (31 if kind == "event" else 241) * DAY
    for subscription in every(store, "subscription"):
        if subscription["status"] in ("active", "trialing"):
            items = store.find("subscription_item", subscription=subscription["id"])
            assert all(item["current_period_end"] > now for item in items), subscription["id"]


def test_every_object_is_what_the_page_promises(store: Objects) -> None:
    kinds = ("customer", "product", "price", "subscription", "invoice", "payment_intent", "charge", "refund", "dispute")
    for kind in (*kinds, "coupon", "promotion_code", "event"):
        for obj in every(store, kind)[:25]:
            assert complaints(render(store, obj)) == [], (kind, obj["id"])


def test_the_same_seed_tells_the_same_story(told: tuple[World, float], store: Objects) -> None:
    again = make_world()
    fill(again, 1, lambda text: None)
    other = next(iter(again.accounts.values())).test
    for kind in ("customer", "subscription", "invoice", "charge"):
        assert [one["id"] for one in every(store, kind)] == [one["id"] for one in every(other, kind)], kind
    assert [one["email"] for one in every(store, "customer")] == [one["email"] for one in every(other, "customer")]
