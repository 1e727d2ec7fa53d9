"""The store: order, indexes, sub-lists, and a refused call that leaves no trace."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tillwright_sandbox import behaviours, generic, pipeline
from tillwright_sandbox.app import create_app
from tillwright_sandbox.errors import StripeError
from tillwright_sandbox.objects import Objects
from tillwright_sandbox.operations import operations
from tillwright_sandbox.world import NORTHWIND, World, make_world


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def store(world: World) -> Objects:
    return world.accounts[NORTHWIND].test


def thing(n: int, **more: Any) -> dict[str, Any]:
    return {"object": "customer", "id": f"cus_{n}", "created": 1000 + n} | more


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [one["id"] for one in rows]


def test_newest_first_and_the_later_insert_on_ties(store: Objects) -> None:
    for n in (2, 0, 1):
        store.insert(thing(n))
    store.insert(thing(9, created=1001))
    assert ids(store.find("customer")) == ["cus_2", "cus_9", "cus_1", "cus_0"]


def test_find_by_index_and_without(store: Objects) -> None:
    for n in range(20):
        store.insert(thing(n, email=f"{n % 3}@x.y", name=str(n % 2)))
    assert ids(store.find("customer", email="1@x.y", name="0")) == ["cus_16", "cus_10", "cus_4"]
    changed = store.get("customer", "cus_16")
    changed["email"] = "2@x.y"
    store.touch(changed)
    assert ids(store.find("customer", email="1@x.y", name="0")) == ["cus_10", "cus_4"]
    assert store.find("customer", email="nobody") == []


def test_the_missing_and_the_deleted(store: Objects) -> None:
    with pytest.raises(StripeError) as missing:
        store.get("customer", "cus_0")
    assert (missing.value.status, missing.value.code, missing.value.param) == (404, "resource_missing", "id")
    with pytest.raises(StripeError) as named:
        store.get("customer", "cus_0", "customer")
    assert (named.value.status, named.value.param) == (400, "customer")
    store.insert(thing(0))
    assert store.delete("customer", "cus_0") == {"id": "cus_0", "object": "customer", "deleted": True}
    assert store.maybe("customer", "cus_0") is None
    assert store.find("customer") == []
    with pytest.raises(StripeError):
        store.delete("customer", "cus_0")


def test_a_refused_call_leaves_no_trace(world: World, store: Objects) -> None:
    for n in range(4):
        store.insert(thing(n, email="a@x.y", nested={"list": [1]}))
    before = store.snapshot()["rows"]
    kept = store.get("customer", "cus_1")
    with pytest.raises(ValueError, match="stop"), pipeline.act(world, world.accounts[NORTHWIND], False) as call:
        changed = call.objects.get("customer", "cus_1")
        changed["nested"]["list"].append(2)
        changed["email"] = "b@x.y"
        call.objects.touch(changed)
        call.objects.delete("customer", "cus_2")
        call.objects.forget("customer", "cus_3")
        call.objects.insert(thing(7))
        call.emit("customer.created", thing(7))
        raise ValueError("stop")
    assert sorted(row[0] for row in store.snapshot()["rows"]) == sorted(row[0] for row in before)
    assert [row[5] for row in store.snapshot()["rows"]] == [row[5] for row in before]
    assert kept["email"] == "a@x.y"
    assert ids(store.find("customer", email="a@x.y")) == ["cus_3", "cus_2", "cus_1", "cus_0"]
    assert store.find("event") == []


def test_a_change_nobody_announced_is_seen_at_the_end_of_the_call(world: World, store: Objects) -> None:
    store.insert(thing(1, email="a@x.y"))
    with pipeline.act(world, world.accounts[NORTHWIND], False) as call:
        call.objects.get("customer", "cus_1")["email"] = "b@x.y"
    assert ids(store.find("customer", email="b@x.y")) == ["cus_1"]


def test_random_calls_against_a_plain_model(world: World, store: Objects) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    model: dict[str, dict[str, Any]] = {}
    for _ in range(300):
        fails = dice.random() < 0.4
        draft = {key: dict(one) for key, one in model.items()}
        try:
            with pipeline.act(world, world.accounts[NORTHWIND], False) as call:
                for _ in range(dice.randint(1, 4)):
                    _one_step(dice, call.objects, draft)
                if fails:
                    raise ValueError("stop")
            model = draft
        except ValueError:
            pass
        for email in ("0@x.y", "1@x.y", "2@x.y"):
            expected = {key for key, one in model.items() if one["email"] == email}
            assert set(ids(store.find("customer", email=email))) == expected
    assert {one["id"]: one for one in store.find("customer")} == model


def _one_step(dice: random.Random, store: Objects, draft: dict[str, dict[str, Any]]) -> None:
    what = dice.choice(["insert", "change", "delete", "forget"])
    if what == "insert":
        n = dice.randrange(300)  # now and then one that is there, or was
        made = thing(n, email=f"{dice.randrange(3)}@x.y")
        draft[made["id"]] = dict(made)
        store.insert(made)
    elif what == "forget" and draft:
        key = dice.choice(sorted(draft))
        store.forget("customer", key)
        del draft[key]
    elif draft:
        key = dice.choice(sorted(draft))
        if what == "delete":
            store.delete("customer", key)
            del draft[key]
        else:
            obj = store.get("customer", key)
            obj["email"] = draft[key]["email"] = f"{dice.randrange(3)}@x.y"
            if dice.random() < 0.5:
                store.touch(obj)


def test_a_snapshot_restores_everything(world: World, store: Objects) -> None:
    with pipeline.act(world, world.accounts[NORTHWIND], False) as call:
        for n in range(3):
            made = call.objects.insert(generic.build(call, "customer", email=f"{n}@x.y"))
            call.emit("customer.created", made)
        call.objects.delete("customer", made["id"])
    other = make_world(seed=99)
    other.restore(world.snapshot())
    again = other.accounts[NORTHWIND].test
    assert again.snapshot() == store.snapshot()
    assert other.new_id("cus") == world.new_id("cus")
    assert ids(again.find("customer", email="0@x.y")) == ids(store.find("customer", email="0@x.y"))
    assert again.record("customer", made["id"]).deleted


def test_updates_tell_what_changed_and_only_if_something_did(world: World, store: Objects) -> None:
    account = world.accounts[NORTHWIND]
    made = pipeline.request(world, account, False, "PostProducts", name="Chair")
    pipeline.request(world, account, False, "PostProductsId", id=made["id"], name="Chair")
    pipeline.request(world, account, False, "PostProductsId", id=made["id"], name="Table", metadata={"a": "b"})
    events = store.find("event")
    assert [one["type"] for one in events] == ["product.updated", "product.created"]
    previous = events[0]["data"]["previous_attributes"]
    assert previous["name"] == "Chair"
    assert previous["metadata"] == {"a": None}
    assert events[0]["data"]["object"]["name"] == "Table"


def test_every_kind_has_an_operation_table_entry() -> None:
    for operation in operations().values():
        if operation.kind in ("retrieve", "update", "delete", "verb") and not operation.path.endswith("/discount"):
            assert operation.id_param, operation.id


def test_behaviours_hang_themselves_on_a_clock_once(world: World) -> None:
    behaviours.attach(world)
    hung = len(world.clock.on_advance)
    behaviours.attach(world)
    create_app(world)
    assert len(world.clock.on_advance) == hung
