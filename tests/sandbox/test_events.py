"""Events: what one holds, how they are listed and filtered, how far back they reach, what can be wrong with them."""

import pytest
import stripe

DAY = 86_400


def types_of(rows: list[stripe.Event]) -> list[str]:
    return [row.type for row in rows]


def test_an_event_names_its_request_and_shows_the_object_of_then(sandbox, validate) -> None:
    made = sandbox.client.v1.customers.create({"name": "Ada"}, {"idempotency_key": "event-1"})
    sandbox.client.v1.customers.update(made.id, {"name": "Ada Lovelace", "metadata": {"vip": "yes"}})
    updated, created = (row for row in sandbox.client.v1.events.list({"limit": 2}).data)
    validate(created)
    validate(updated)
    assert types_of([created, updated]) == ["customer.created", "customer.updated"]
    assert created.data.object["name"] == "Ada"
    assert created.request.idempotency_key == "event-1"
    assert created.request.id.startswith("req_")
    assert created.api_version == "2026-08-26.dahlia"
    assert updated.data.previous_attributes.to_dict() == {"name": "Ada", "metadata": {"vip": None}}
    assert updated.data.object["name"] == "Ada Lovelace"
    validate(sandbox.client.v1.events.retrieve(created.id))


def test_a_change_that_changes_nothing_tells_nothing(sandbox) -> None:
    made = sandbox.client.v1.customers.create({"name": "Same"})
    sandbox.client.v1.customers.update(made.id, {"name": "Same"})
    assert types_of(sandbox.client.v1.events.list({"limit": 1}).data) == ["customer.created"]


def test_a_refused_request_tells_nothing(sandbox) -> None:
    before = sandbox.client.v1.events.list({"limit": 1}).data
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.client.v1.refunds.create({"charge": "ch_none"})
    assert sandbox.client.v1.events.list({"limit": 1}).data == before


def test_filters_by_type_and_by_time(sandbox) -> None:
    sandbox.client.v1.customers.create({"name": "One"})
    sandbox.client.v1.products.create({"name": "Two"})
    sandbox.client.v1.coupons.create({"percent_off": 10})
    listing = sandbox.client.v1.events.list
    assert set(types_of(listing({"type": "product.created"}).data)) == {"product.created"}
    assert set(types_of(listing({"types": ["product.created", "coupon.created"]}).data)) == {
        "product.created",
        "coupon.created",
    }
    assert set(types_of(listing({"type": "customer.*"}).data)) == {"customer.created"}
    now = sandbox.world.clock.now()
    assert listing({"created": {"gte": now + 10}}).data == []
    assert listing({"created": {"gte": now - 60}}).data
    with pytest.raises(stripe.InvalidRequestError):
        listing({"type": "a", "types": ["b"]})
    with pytest.raises(stripe.InvalidRequestError):
        listing({"types": ["customer.created"] * 21})


def test_they_reach_back_thirty_days(sandbox) -> None:
    sandbox.client.v1.customers.create({"name": "Old"})
    old = sandbox.client.v1.events.list({"limit": 1}).data[0]
    sandbox.world.clock.advance(30 * DAY - 60)
    assert sandbox.client.v1.events.retrieve(old.id).id == old.id
    sandbox.world.clock.advance(120)
    assert old.id not in [row.id for row in sandbox.client.v1.events.list({"limit": 100}).data]
    with pytest.raises(stripe.InvalidRequestError) as gone:
        sandbox.client.v1.events.retrieve(old.id)
    assert gone.value.http_status == 404


def test_created_has_a_second_of_grain_and_many_share_it(sandbox) -> None:
    sandbox.world.clock.freeze()
    for number in range(3):
        sandbox.client.v1.customers.create({"name": str(number)})
    rows = sandbox.client.v1.events.list({"limit": 3}).data
    sandbox.world.clock.unfreeze()
    assert len({row.created for row in rows}) == 1
    assert len({row.id for row in rows}) == 3
    page = sandbox.client.v1.events.list({"limit": 1, "starting_after": rows[0].id}).data
    assert page[0].id == rows[1].id


def test_the_list_may_lag(sandbox) -> None:
    sandbox.world.webhooks.chaos.set(list_lag_seconds=60)
    sandbox.client.v1.customers.create({"name": "Lag"})
    assert "Lag" not in [
        row.data.object.to_dict().get("name") for row in sandbox.client.v1.events.list({"limit": 100}).data
    ]
    sandbox.world.clock.advance(61)
    assert "Lag" in [
        row.data.object.to_dict().get("name") for row in sandbox.client.v1.events.list({"limit": 100}).data
    ]


def test_some_are_never_generated_and_some_twice(sandbox) -> None:
    chaos = sandbox.world.webhooks.chaos
    chaos.set(never_generated=1.0)
    silent = sandbox.client.v1.customers.create({"name": "Silent"})
    chaos.set(never_generated=0.0, twins=1.0)
    twice = sandbox.client.v1.customers.create({"name": "Twice"})
    rows = sandbox.client.v1.events.list({"limit": 100}).data
    about = [row.data.object["id"] for row in rows]
    assert silent.id not in about
    assert about.count(twice.id) == 2
    assert len({row.id for row in rows if row.data.object["id"] == twice.id}) == 2
