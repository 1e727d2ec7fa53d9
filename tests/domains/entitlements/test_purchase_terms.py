"""What a purchase grants by a setting: chosen, checked, and gone back over the purchases there are."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.domains.entitlements.conftest import DAY, Firm
from tillwright.domains.entitlements.purchases import PurchaseTerm, choosing
from tillwright.domains.entitlements.purchases.model import BEGINNING
from tillwright.domains.entitlements.terms import Length
from tillwright.domains.tenancy import Principal
from tillwright.kit.errors import Absent, Denied, Invalid

PAID = datetime(2027, 3, 1, tzinfo=UTC)
YEAR, MONTH, BY_METADATA = Length(12, 0), Length(1, 0), Length(0, 90)


def row(object_id: str | None, term: str | None, since: datetime = BEGINNING) -> PurchaseTerm:
    return PurchaseTerm("pte_1", False, object_id, term, since, "Ada", PAID)


LATER = PAID + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("said", "metadata", "granted"),
    [
        ([], None, None),
        ([], BY_METADATA, BY_METADATA),
        ([row("prod_1", "P1Y")], None, YEAR),
        ([row("prod_1", "P1Y")], BY_METADATA, YEAR),
        ([row("prod_1", "P1Y"), row("price_1", "P1M")], BY_METADATA, MONTH),
        ([row("prod_1", None)], BY_METADATA, None),
        ([row("prod_2", "P1Y"), row("price_2", "P1Y")], None, None),
        ([row(None, "P1M")], None, MONTH),
        ([row(None, "P1M")], BY_METADATA, BY_METADATA),
        ([row(None, "P1M"), row("prod_1", None)], None, None),
        ([row("prod_1", "P1Y", PAID)], None, YEAR),
        ([row("prod_1", "P1Y", LATER)], None, None),
        ([row("prod_1", "P1Y", LATER)], BY_METADATA, BY_METADATA),
        ([row("prod_1", "P1Y"), row("prod_1", "P1M", PAID)], None, MONTH),
        ([row("prod_1", "P1Y"), row("prod_1", "P1M", LATER)], None, YEAR),
        ([row("prod_1", "P1Y"), row("price_1", "P1M", LATER)], None, YEAR),
        ([row("prod_1", "P1Y"), row("price_1", None, PAID)], None, None),
    ],
)
def test_the_price_weighs_more_than_the_product_than_metadata_than_the_default(
    said: list[PurchaseTerm], metadata: Length | None, granted: Length | None
) -> None:
    assert choosing.length(said, "price_1", "prod_1", PAID, metadata) == granted


def test_the_default_does_not_mean_an_amount_that_somebody_typed() -> None:
    assert choosing.length([row(None, "P1M")], None, None, PAID, None) is None


def buy(firm: Firm, price: Any, customer: Any = None) -> Any:
    v1 = firm.sandbox.client.v1
    customer = customer or firm.shop.customer()
    v1.invoice_items.create({"customer": customer.id, "pricing": {"price": price.id}})
    invoice = v1.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})
    return v1.invoices.pay(v1.invoices.finalize_invoice(invoice.id).id)


def offer(firm: Firm, name: str = "Audit", **more: Any) -> Any:
    v1 = firm.sandbox.client.v1
    product = v1.products.create({"name": name, **more})  # type: ignore[typeddict-item]
    return v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 9900})


async def test_a_setting_goes_back_over_what_was_bought_and_is_followed_from_then_on(firm: Firm) -> None:
    room, price = firm.house.entitlements.purchase_terms, offer(firm)
    buy(firm, price)
    await firm.keep_up()
    assert await firm.all() == []

    made = await room.put(firm.principal, object_id=price.product, term="p1y")
    assert (made.term, made.always, made.by) == ("P1Y", True, firm.principal.name)
    await firm.follow()
    first = await firm.one()
    assert first.end == first.start.replace(year=first.start.year + 1)
    assert await firm.told() == ["create"]

    # From now on half a year: what was bought before keeps its year.
    firm.shop.pass_days(1)
    firm.clock.move(DAY)
    await room.put(firm.principal, object_id=price.product, term="P6M", since=firm.clock.now().isoformat())
    buy(firm, price)
    await firm.keep_up()
    one, other = sorted(await firm.all(), key=lambda e: e.start)
    assert (one.end, one.version) == (first.end, first.version)
    assert other.end is not None
    assert first.end is not None
    assert other.end < first.end
    assert await firm.told() == ["create", "create"]

    # The same object and time is the same row; the review tells the one that is changed, once.
    again = await room.put(firm.principal, object_id=price.product, term="P2Y")
    assert again.id == made.id
    await firm.follow()
    one, same = sorted(await firm.all(), key=lambda e: e.start)
    assert one.end == one.start.replace(year=one.start.year + 2)
    assert same.version == other.version
    assert (await firm.told())[2:] == ["update"]

    # Nothing from now on; and taken away, what followed from it ends.
    for term in await room.list(firm.principal):
        await room.remove(firm.principal, term.id)
    await firm.follow()
    assert {e.status for e in await firm.all()} == {"CANCELLED"}
    assert (await firm.told())[3:] == ["cancel", "cancel"]
    with pytest.raises(Absent):
        await room.remove(firm.principal, made.id)


async def test_a_payment_that_names_a_product_has_that_products_term(firm: Firm) -> None:
    v1, price = firm.sandbox.client.v1, offer(firm)
    paying: Any = {
        "amount": 9900, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa",
        "customer": firm.shop.customer().id, "metadata": {"entitlement_product": price.product},
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }  # fmt: skip
    v1.payment_intents.create(paying)
    await firm.keep_up()
    assert await firm.all() == []
    await firm.house.entitlements.purchase_terms.put(firm.principal, object_id=None, term="P30D")
    await firm.follow()
    one = await firm.one()
    assert (one.product_name, one.end) == ("Audit", one.start + timedelta(days=30))


async def test_what_is_shown_names_things_counts_them_and_tells_what_stripe_says(firm: Firm) -> None:
    room = firm.house.entitlements.purchase_terms
    assert await room.shown(firm.principal) == ([], [], False)
    price, silent = offer(firm), offer(firm, "Support", metadata={"entitlement_term": "P90D"})
    buy(firm, price)
    await firm.keep_up()
    await room.put(firm.principal, object_id=None, term="P1M")
    await room.put(firm.principal, object_id=price.id, term=None)
    await room.put(firm.principal, object_id=price.product, term="P1Y", since="2027-01-01")
    set_here, at_stripe, reviewing = await room.shown(firm.principal)
    assert reviewing
    assert [(one.kind, one.name, one.term, one.running) for one in set_here] == [
        ("price", "Audit", None, 0), ("product", "Audit", "P1Y", 0), ("default", "", "P1M", None),
    ]  # fmt: skip
    assert [(one.object_id, one.name, one.term) for one in at_stripe] == [(silent.product, "Support", "P90D")]
    await firm.follow()
    assert not (await room.shown(firm.principal))[2]
    await room.put(firm.principal, object_id=price.id, term="P2W")
    await firm.follow()
    assert [one.running for one in (await room.shown(firm.principal))[0]] == [1, 1, None]


async def test_what_is_refused_changes_nothing(firm: Firm) -> None:
    room = firm.house.entitlements.purchase_terms
    recurring = firm.shop.price(4900)
    await firm.keep_up()
    wrong: list[tuple[dict[str, Any], set[str]]] = [
        ({"object_id": 7, "term": "soon", "since": "then"}, {"id_malformed", "term_malformed", "time_malformed"}),
        ({"object_id": "prod_none", "term": "P1Y"}, {"object_unknown"}),
        ({"object_id": recurring.id, "term": "P1Y"}, {"price_recurring"}),
        ({"object_id": None, "term": "P0D"}, {"term_malformed"}),
        ({"object_id": None, "term": 30}, {"term_malformed"}),
        ({"object_id": None, "term": "P1Y", "since": "0001-01-01"}, {"time_out_of_range"}),
        ({"object_id": None, "term": "P1Y", "since": "9999-12-31T23:59:59Z"}, {"time_out_of_range"}),
    ]
    for given, codes in wrong:
        with pytest.raises(Invalid) as refused:
            await room.put(firm.principal, **given)
        assert {problem.code for problem in refused.value.problems} == codes
    viewer = Principal(firm.organisation_id, "USER", "usr_1", "Vera", "VIEWER")
    with pytest.raises(Denied):
        await room.put(viewer, object_id=None, term="P1Y")
    assert await room.list(viewer) == []


async def test_an_edit_is_in_the_trail_and_the_spine(firm: Firm) -> None:
    room = firm.house.entitlements.purchase_terms
    made = await room.put(firm.principal, object_id=None, term="P1Y")
    await room.remove(firm.principal, made.id)
    async with firm.house.database.tenant(firm.organisation_id) as tx:
        rows = await tx.execute("select name, data from spine_events where name like 'purchase_term:%' order by id")
        told = [(row["name"], row["data"]["term"]) for row in await rows.fetchall()]
        rows = await tx.execute("select action from audit_entries where subject_id = %s order by number", (made.id,))
        trail = [row["action"] for row in await rows.fetchall()]
    assert told == [("purchase_term:STRIPE:updated", "P1Y"), ("purchase_term:STRIPE:deleted", "P1Y")]
    assert trail == ["entitlements:purchase_term:updated", "entitlements:purchase_term:deleted"]


async def test_many_workers_going_back_page_by_page_while_it_is_edited_again_agree(firm: Firm) -> None:
    room, follower, price = firm.house.entitlements.purchase_terms, firm.house.entitlements._follower, offer(firm)
    for _ in range(5):
        buy(firm, price)
    await firm.keep_up()
    await room.put(firm.principal, object_id=price.product, term="P1Y")
    for _ in range(3):
        await follower.review_step(limit=1)
    assert 0 < len(await firm.all()) < 5, "not all of them yet"
    await room.put(firm.principal, object_id=price.product, term="P6M")

    async def work() -> None:
        while (await room.shown(firm.principal))[2]:
            await asyncio.gather(follower.review_step(limit=2), follower.step())

    await asyncio.gather(*(work() for _ in range(4)))
    assert [e.end for e in await firm.all()] == [Length(6, 0).after(e.start) for e in await firm.all()]
    assert len(await firm.all()) == 5
    assert (await firm.told()).count("create") == 5
