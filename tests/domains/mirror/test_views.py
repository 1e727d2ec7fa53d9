"""The mirror as SQL: typed columns, one organisation a reader, nothing that can be changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.conftest import make_organisation
from tests.domains.mirror.conftest import NOON
from tillwright.domains import audit
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.intake import take_in
from tillwright.domains.mirror.kinds import BY_OBJECT, KINDS
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.domains.mirror.views import shape, store
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.gateways.stripe import objects
from tillwright.kit.errors import Denied
from tillwright.kit.seal import Secret


def fetched(body: dict[str, Any], *, livemode: bool = False) -> FetchedCopy:
    return FetchedCopy(livemode, body["object"], body["id"], "acct_1", NOON, listed=True, body=body)


async def keep(database: Database, organisation: str, *bodies: dict[str, Any], livemode: bool = False) -> None:
    async with database.tenant(organisation) as tx:
        await take_in(tx, organisation, [fetched(body, livemode=livemode) for body in bodies], NOON)


@pytest.fixture
def ada(organisation: str) -> Principal:
    return Principal(organisation, "USER", "usr_ada", "Ada", "ADMIN")


@pytest.fixture
async def reader(database_url: Secret, mirror: Mirror, ada: Principal) -> AsyncIterator[str]:
    """An address that signs in as the organisation's reader."""
    made = await mirror.readers.open(ada)
    parts = urlsplit(database_url.reveal())
    yield urlunsplit(parts._replace(netloc=f"{made.role}:{made.password.reveal()}@"))
    await mirror.readers.close(ada)


def ask(address: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(address) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def test_each_kind_has_a_view_with_stripes_fields_and_types(database_url: Secret) -> None:
    rows = ask(
        database_url.reveal(),
        "select c.table_name, c.column_name, c.data_type from information_schema.columns c where table_schema='stripe'",
    )
    found: dict[str, dict[str, str]] = {}
    for view, column, type_ in rows:
        found.setdefault(view, {})[column] = type_
    names = {"timestamptz": "timestamp with time zone"}
    assert set(found) == {kind.view for kind in KINDS} | {"_deleted"}
    for view in shape.views():
        fact = objects.fact_of(view.kind.object)
        assert fact is not None
        assert set(found[view.name]) == {*fact.fields, "id", "livemode", "_account", "_seen", "_body"}
        for column in view.columns:
            assert found[view.name][column.name] == names.get(column.type, column.type)


async def test_values_come_out_typed_and_odd_ones_break_nothing(
    database: Database, organisation: str, reader: str
) -> None:
    charge = {
        "id": "ch_1", "object": "charge", "livemode": False, "created": 1_800_000_000, "amount": 1999,
        "currency": "jpy", "paid": True, "customer": {"id": "cus_1", "object": "customer"}, "metadata": {"a": "1"},
    }  # fmt: skip
    odd = {"id": "ch_2", "object": "charge", "created": "soon", "amount": {"x": 1}, "paid": "perhaps", "new_field": 1}
    price = {"id": "price_1", "object": "price", "unit_amount_decimal": "0.125", "recurring": None}
    await keep(database, organisation, charge, odd, price)
    rows = ask(reader, "select id, amount, created, customer, paid, metadata->>'a' from charges order by id")
    assert rows == [
        ("ch_1", 1999, datetime(2027, 1, 15, 8, tzinfo=UTC), "cus_1", True, "1"),
        ("ch_2", None, None, None, None, None),
    ]
    assert ask(reader, "select unit_amount_decimal, recurring from stripe.prices") == [(Decimal("0.125"), None)]
    assert ask(reader, "select _body->>'new_field', _account from charges where id='ch_2'") == [("1", "acct_1")]


async def test_items_come_from_the_subscriptions_that_carry_them(
    database: Database, organisation: str, reader: str
) -> None:
    def item(name: str, subscription: str) -> dict[str, Any]:
        return {"id": name, "object": "subscription_item", "subscription": subscription, "quantity": 2,
                "created": 1_800_000_000, "price": {"id": "price_1"}}  # fmt: skip

    def subscription(name: str, items: list[dict[str, Any]], *, more: bool) -> dict[str, Any]:
        held = {"object": "list", "data": items, "has_more": more}
        return {"id": name, "object": "subscription", "created": 1_800_000_000, "items": held}

    first, second, third = item("si_1", "sub_1"), item("si_2", "sub_2"), item("si_3", "sub_2")
    await keep(
        database,
        organisation,
        subscription("sub_1", [first], more=False),
        subscription("sub_2", [second], more=True),
        second,
        third,
        item("si_old", "sub_1"),
    )
    rows = ask(reader, "select id, subscription, price->>'id' from subscription_items order by id")
    assert rows == [("si_1", "sub_1", "price_1"), ("si_2", "sub_2", "price_1"), ("si_3", "sub_2", "price_1")]


async def test_a_deleted_object_leaves_its_view_and_stays_a_tombstone(
    database: Database, organisation: str, reader: str
) -> None:
    gone = FetchedCopy(False, "customer", "cus_1", "acct_1", NOON.replace(hour=13), listed=False, body=None)
    await keep(database, organisation, {"id": "cus_1", "object": "customer", "name": "Ann"})
    async with database.tenant(organisation) as tx:
        await take_in(tx, organisation, [gone], NOON)
    assert ask(reader, "select * from customers") == []
    assert ask(reader, "select object, id, _body->>'name' from _deleted") == [("customer", "cus_1", "Ann")]


async def test_a_reader_sees_its_organisation_and_can_change_nothing(
    database: Database, mirror: Mirror, ada: Principal, organisation: str, reader: str
) -> None:
    """By trying: another organisation's setting, other tables, writes, functions that cross organisations."""
    other = await make_organisation(database, "Other")
    await keep(database, organisation, {"id": "cus_mine", "object": "customer"})
    await keep(database, other, {"id": "cus_theirs", "object": "customer"})
    tries = [
        "select id from stripe.customers",
        "select id from tillwright.mirror_objects",
        f"select id from stripe.customers where set_config('tillwright.organisation', '{other}', false) is not null",
        f"set tillwright.organisation = '{other}'; select id from stripe.customers",
        "set session characteristics as transaction read write; select id from stripe.customers",
    ]
    for query in tries:
        with psycopg.connect(reader) as connection:
            connection.execute(f"set tillwright.organisation = '{other}'")
            cursor = connection.execute(query)  # type: ignore[arg-type]
            while cursor.nextset():
                pass
            assert [row[0] for row in cursor.fetchall()] == ["cus_mine"], query
    with psycopg.connect(reader) as connection:
        connection.execute("set default_transaction_read_only = off")
        connection.commit()
        refused = [
            "update stripe.customers set id = 'x'",
            "insert into stripe._deleted (id) values ('x')",
            "delete from tillwright.mirror_objects",
            "update tillwright.mirror_objects set id = 'x'",
            "select * from tillwright.credentials",
            "select * from tillwright.stripe_events",
            "select * from tillwright.mirror_readers",
            "insert into tillwright.mirror_readers values ('org', 'me', now(), 'me')",
            "select * from tillwright.organisations_to_backfill(now())",
            "set role tillwright_app",
            "create table stripe.mine (id text)",
            "create table tillwright.mine (id text)",
        ]
        for query in refused:
            with pytest.raises(psycopg.Error) as raised:
                connection.execute(query)  # type: ignore[arg-type]
            assert raised.value.sqlstate in ("42501", "55000"), query  # not allowed, or a view that takes no writes
            connection.rollback()
    assert await mirror.readers.close(ada)
    with pytest.raises(psycopg.OperationalError):
        ask(reader, "select 1")
    assert not await mirror.readers.close(ada)


async def test_a_new_password_replaces_the_old_one_and_says_so_once(
    database: Database, mirror: Mirror, ada: Principal, reader: str
) -> None:
    again = await mirror.readers.open(ada)
    assert again.role in reader
    assert again.password.reveal() not in reader
    assert again.password.reveal() not in repr(again)
    async with database.tenant(ada.organisation_id) as tx:
        trail = [entry.action for entry in await audit.recent(tx, ada.organisation_id)]
        assert trail == [f"mirror:{again.role}:open_reader"] * 2
    with pytest.raises(Denied):
        await mirror.readers.open(replace(ada, role="EDITOR"))


def test_the_views_are_made_once_and_made_again_when_they_change(
    database_url: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not store.refresh(database_url), "the migration made them"
    monkeypatch.setattr(store, "_deleted", lambda: "create view stripe._deleted as select 1 as changed;")
    assert store.refresh(database_url)
    assert not store.refresh(database_url)
    assert ask(database_url.reveal(), "select changed from stripe._deleted") == [(1,)]


def test_a_view_is_named_like_its_list() -> None:
    assert BY_OBJECT["checkout.session"].view == "checkout_sessions"
    assert len({kind.view for kind in KINDS}) == len(KINDS)
