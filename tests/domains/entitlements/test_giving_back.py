"""A purchase ends when all that was paid for it has gone back, and not before."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from tests.domains.entitlements.conftest import Firm
from tillwright.domains.entitlements.giving_back import given_back
from tillwright.kit.clock import from_unix


def refund(amount: int, created: int = 100, status: str = "succeeded", currency: str = "usd") -> dict[str, Any]:
    return {"id": f"re_{created}", "amount": amount, "created": created, "status": status, "currency": currency}


def dispute(amount: int, created: int = 200, status: str = "lost") -> dict[str, Any]:
    return {"id": f"dp_{created}", "amount": amount, "created": created, "status": status, "currency": "usd"}


CASES = [
    ("nothing went back", [], [], None),
    ("a part of it", [refund(9899)], [], None),
    ("all of it", [refund(9900)], [], ("refund", 100)),
    ("parts that add up, whatever their order", [refund(4900, 300), refund(5000, 100)], [], ("refund", 300)),
    ("parts that do not", [refund(4900, 300), refund(4999, 100)], [], None),
    ("one that failed", [refund(9900, status="failed")], [], None),
    ("one that waits", [refund(9900, status="pending")], [], None),
    ("one that was called off", [refund(9900, status="canceled")], [], None),
    ("other money", [refund(9900, currency="eur")], [], None),
    ("a dispute that was lost", [], [dispute(9900)], ("dispute", 200)),
    ("a dispute that was won", [], [dispute(9900, status="won")], None),
    ("a dispute that goes on", [], [dispute(9900, status="needs_response")], None),
    ("a part refunded, the rest lost", [refund(900)], [dispute(9000)], ("dispute", 200)),
]


@pytest.mark.parametrize(("refunds", "disputes", "back"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_what_adds_up(refunds: list[dict[str, Any]], disputes: list[dict[str, Any]], back: Any) -> None:
    found = given_back(9900, "usd", refunds, disputes)
    assert (found and (found.by, found.at)) == (back and (back[0], from_unix(back[1])))


def test_what_cost_nothing_is_never_given_back() -> None:
    assert given_back(0, "usd", [refund(0)], []) is None
    assert given_back(None, "usd", [refund(1)], []) is None


def test_random_parts_end_it_exactly_when_they_are_the_whole() -> None:
    dice = random.Random(7)
    for _ in range(2_000):
        paid = dice.randint(1, 500)
        parts = [refund(dice.randint(1, 200), number) for number in range(1, dice.randint(1, 9))]
        shuffled = dice.sample(parts, len(parts))
        whole = [one["created"] for n, one in enumerate(parts) if sum(p["amount"] for p in parts[: n + 1]) >= paid]
        found = given_back(paid, "usd", shuffled, [])
        assert (found.at if found else None) == (from_unix(whole[0]) if whole else None), "seed 7"


async def bought(firm: Firm) -> str:
    """A purchase by invoice that grants 90 days; the payment intent that paid for it."""
    v1, customer = firm.sandbox.client.v1, firm.shop.customer()
    product = v1.products.create({"name": "Audit", "metadata": {"entitlement_term": "P90D"}})
    price = v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 9900})
    v1.invoice_items.create({"customer": customer.id, "pricing": {"price": price.id}})
    invoice = v1.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "include"})
    v1.invoices.pay(v1.invoices.finalize_invoice(invoice.id).id)
    await firm.keep_up()
    (payment,) = v1.invoice_payments.list({"invoice": invoice.id}).data
    return str(payment.payment.payment_intent)


async def paid_alone(firm: Firm, method: str = "pm_card_visa") -> str:
    """A payment whose own metadata grants 30 days."""
    paid = firm.sandbox.client.v1.payment_intents.create(
        {
            "amount": 5000, "currency": "usd", "payment_method": method, "confirm": True, "customer": None,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "metadata": {"entitlement_term": "P30D"},
        }  # type: ignore[typeddict-item]
    )  # fmt: skip
    await firm.keep_up()
    return paid.id


async def test_a_purchase_by_invoice_ends_with_its_last_part(firm: Firm) -> None:
    await firm.warn(60)
    intent, v1 = await bought(firm), firm.sandbox.client.v1
    one = await firm.one()
    await firm.pass_days(10)
    v1.refunds.create({"payment_intent": intent, "amount": 4000})
    await firm.keep_up()
    assert ((await firm.one()).status, (await firm.one()).end) == ("ACTIVE", one.end), "a part ends nothing"
    await firm.pass_days(1)
    v1.refunds.create({"payment_intent": intent, "amount": 5900})
    await firm.keep_up()
    over = await firm.one()
    assert (over.status, over.end) == ("CANCELLED", firm.clock.now().replace(microsecond=0))
    assert over.info["endedBy"] == "refund"
    assert over.check is None, "no notice goes out of it any more"
    assert await firm.told() == ["create", "cancel"]
    await firm.pass_days(90)
    assert await firm.told() == ["create", "cancel"]
    await firm.house.entitlements.derive_again(firm.principal)
    await firm.follow()
    assert await firm.told() == ["create", "cancel"]


async def test_a_payment_of_its_own_ends_too_even_where_its_end_was_moved(firm: Firm) -> None:
    intent = await paid_alone(firm)
    one = await firm.one()
    assert one.end == one.start + timedelta(days=30)
    await firm.house.entitlements.set_end(firm.principal, one.id, (one.end + timedelta(days=30)).isoformat())
    firm.sandbox.client.v1.refunds.create({"payment_intent": intent})
    await firm.keep_up()
    assert (await firm.one()).status == "CANCELLED"
    assert await firm.told() == ["create", "update", "cancel"]


async def test_a_lost_dispute_ends_it_and_a_won_one_does_not(firm: Firm) -> None:
    await paid_alone(firm, "pm_card_createDispute")
    v1 = firm.sandbox.client.v1
    (dispute,) = v1.disputes.list({}).data
    await firm.keep_up()
    assert (await firm.one()).status == "ACTIVE", "as long as it goes on, nothing is lost"
    v1.disputes.close(dispute.id)
    await firm.keep_up()
    one = await firm.one()
    assert (one.status, one.info["endedBy"]) == ("CANCELLED", "dispute")
    assert await firm.told() == ["create", "cancel"]


async def test_money_that_went_back_before_the_purchase_was_read(firm: Firm) -> None:
    """The mirror is read in any order: the link between invoice and payment may come last."""
    intent = await bought(firm)
    firm.sandbox.client.v1.refunds.create({"payment_intent": intent})
    async with firm.house.database.tenant(firm.organisation_id) as tx:
        await firm.house.entitlements.forget(tx, firm.organisation_id)
        await tx.execute("create temporary table held as select * from mirror_objects where object = 'invoice_payment'")
        await tx.execute("delete from mirror_objects where object = 'invoice_payment'")
        await firm.house.mirror.follow_again(tx, firm.organisation_id, "entitlements")
        held = await (await tx.execute("select * from held")).fetchall()
        await tx.execute("drop table held")
    await firm.keep_up()
    assert (await firm.one()).status == "ACTIVE", "nothing says yet what the refund was of"
    async with firm.house.database.tenant(firm.organisation_id) as tx:
        from psycopg.types.json import Jsonb

        for row in held:
            row = {name: Jsonb(v) if isinstance(v, dict | list) else v for name, v in row.items() if name != "changed"}
            names, places = ", ".join(row), ", ".join(["%s"] * len(row))
            await tx.execute(f"insert into mirror_objects ({names}) values ({places})", list(row.values()))
    await firm.follow()
    assert (await firm.one()).status == "CANCELLED"


async def test_a_term_that_is_over_stays_over_when_its_payment_changes(firm: Firm) -> None:
    intent = await paid_alone(firm)
    await firm.pass_days(31)
    assert await firm.told() == ["create", "terminate"]
    firm.sandbox.client.v1.payment_intents.update(intent, {"metadata": {"note": "kept"}})
    await firm.keep_up()
    firm.sandbox.client.v1.refunds.create({"payment_intent": intent})
    await firm.keep_up()
    assert (await firm.one()).status == "CANCELLED"
    assert await firm.told() == ["create", "terminate"]


async def test_a_refund_that_fails_after_all_gives_it_back(firm: Firm) -> None:
    intent = await paid_alone(firm)
    one = await firm.one()
    made = firm.sandbox.client.v1.refunds.create({"payment_intent": intent})
    await firm.keep_up()
    assert (await firm.one()).status == "CANCELLED"
    async with firm.house.database.tenant(firm.organisation_id) as tx:
        await tx.execute(
            "update mirror_objects set body = jsonb_set(body::jsonb, '{status}', '\"failed\"'), "
            "changed = pg_current_xact_id() where id = %s",
            (made.id,),
        )
    await firm.follow()
    again = await firm.one()
    assert (again.status, again.end) == ("ACTIVE", one.end)
    assert await firm.told() == ["create", "cancel", "reinstate"]
