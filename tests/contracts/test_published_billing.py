"""The published client, unchanged: buyers, wallets, invoices, payments and refunds, from the mirror and at Stripe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import stripe
from suger_sdk_python.exceptions import ApiException, BadRequestException, ConflictException, NotFoundException

from tests.contracts.published import Published
from tests.sandbox.conftest import Sandbox
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret
from tillwright.wiring import House


@dataclass
class Shop:
    """An organisation whose account has a paying buyer with two invoices, one paid, one a draft."""

    client: Published
    sandbox: Sandbox
    house: House
    clock: ManualClock
    customer: Any
    paid: Any
    draft: Any

    @property
    def stripe(self) -> stripe.StripeClient:
        return self.sandbox.client

    async def call(self, family: str, operation: str, *given: Any, **named: Any) -> Any:
        self.clock.move(1)  # what is fetched at one moment can't be told from what was fetched just before
        return await self.client.call(family, operation, self.client.organisation_id, *given, **named)

    async def read_all(self) -> None:
        """Bring the mirror up to date with the account."""
        self.clock.move(1)
        organisation = self.client.organisation_id
        async with self.house.database.tenant(organisation) as tx:
            await self.house.mirror.start_backfill(tx, organisation, livemode=False, again=True)
        while await self.house.mirror.backfill_step():
            pass


@pytest.fixture
async def shop(client: Published, house: House, clock: ManualClock, stripe_sandbox: Sandbox) -> Shop:
    at = stripe_sandbox.client
    customer = at.v1.customers.create(
        {"name": "Ada Example", "email": "ada@acme.example", "address": {"city": "Berlin"}}
    )
    card = at.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    at.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": card.id}})
    invoices = []
    for memo in ("first", "second"):
        invoice = at.v1.invoices.create({"customer": customer.id, "description": memo, "currency": "eur"})
        at.v1.invoice_items.create(
            {"customer": customer.id, "invoice": invoice.id, "amount": 4950, "currency": "eur", "description": "Hours"}
        )
        invoices.append(invoice)
    at.v1.invoices.finalize_invoice(invoices[0].id)
    at.v1.invoices.pay(invoices[0].id)
    await house.integrations.connect(
        client.principal,
        publishable_key=stripe_sandbox.publishable_key,
        secret_key=Secret(stripe_sandbox.restricted_key),
    )
    made = Shop(client, stripe_sandbox, house, clock, customer, *invoices)
    await made.read_all()
    return made


async def test_nothing_is_listed_while_nothing_is_connected(client: Published) -> None:
    for family, operation in (
        ("BuyerApi", "list_buyers"),
        ("BillingApi", "list_invoices"),
        ("BillingApi", "list_payment_transactions"),
    ):
        assert await client.call(family, operation, client.organisation_id) == []
    with pytest.raises(NotFoundException):
        await client.call("BillingApi", "get_invoice", client.organisation_id, "in_none")


async def test_buyers_are_listed_queried_and_shown(shop: Shop) -> None:
    (listed,) = await shop.call("BuyerApi", "list_buyers", partner="STRIPE", email_domain="acme.example")
    assert (listed.id, listed.name, listed.partner) == (shop.customer.id, "Ada Example", "STRIPE")
    assert listed.info.stripe_buyer.email == "ada@acme.example"
    assert listed.info.company_info.city == "Berlin"
    assert await shop.call("BuyerApi", "list_buyers", partner="AWS") == []
    assert await shop.call("BuyerApi", "list_buyers", email_domain="a_me.example") == []
    page = await shop.call(
        "BuyerApi", "query_buyers", q='(and (= partner "STRIPE") (ilike name "ada"))', s="-creation_time,name"
    )
    assert (page.total_count, page.page_number, [buyer.id for buyer in page.data]) == (1, 1, [shop.customer.id])
    with pytest.raises(BadRequestException, match="filter_column_unknown"):
        await shop.call("BuyerApi", "query_buyers", q="(= password x)")
    shown = await shop.call("BuyerApi", "get_buyer", shop.customer.id)
    assert shown.info.payment_config.default_wallet_id


async def test_a_buyer_is_made_linked_and_changed_at_stripe(shop: Shop) -> None:
    made = await shop.call("BuyerApi", "create_buyer", {"partner": "STRIPE", "name": "Bo", "customerId": "crm-1"})
    at_stripe = shop.stripe.v1.customers.retrieve(made.id)
    assert (at_stripe.name, at_stripe.metadata["customer_id"]) == ("Bo", "crm-1")
    linked = await shop.call("BuyerApi", "create_buyer", {"partner": "STRIPE", "stripeCustomerId": shop.customer.id})
    assert (linked.id, linked.name) == (shop.customer.id, "Ada Example")
    changed = await shop.call(
        "BuyerApi", "update_buyer", made.id, {"name": "Bo Ltd", "companyInfo": {"city": "Kiel", "country": "DE"}}
    )
    assert (changed.name, changed.info.company_info.city, changed.info.customer_id) == ("Bo Ltd", "Kiel", "crm-1")
    assert shop.stripe.v1.customers.retrieve(made.id).address.city == "Kiel"
    with pytest.raises(NotFoundException):
        await shop.call("BuyerApi", "create_buyer", {"partner": "STRIPE", "stripeCustomerId": "cus_none"})
    with pytest.raises(BadRequestException, match="buyer_is_its_customer"):
        await shop.call("BuyerApi", "update_buyer", made.id, {"stripeCustomerId": shop.customer.id})


async def test_wallets_are_listed_made_the_default_and_deleted(shop: Shop) -> None:
    other = shop.stripe.v1.payment_methods.attach("pm_card_mastercard", {"customer": shop.customer.id})
    await shop.read_all()
    wallets = await shop.call("BuyerApi", "list_buyer_wallets", shop.customer.id)
    assert {wallet.type for wallet in wallets} == {"card"}
    assert {wallet.status for wallet in wallets} == {"ACTIVE"}
    assert len(wallets) == 2
    buyer = await shop.call("BuyerApi", "set_buyer_default_wallet", shop.customer.id, other.id)
    assert buyer.info.payment_config.default_wallet_id == other.id
    assert await shop.call("BuyerApi", "delete_buyer_wallet", shop.customer.id, other.id) == ""
    assert len(await shop.call("BuyerApi", "list_buyer_wallets", shop.customer.id)) == 1
    with pytest.raises(NotFoundException):
        await shop.call("BuyerApi", "delete_buyer_wallet", shop.customer.id, "pm_none")


async def test_a_credit_wallet_is_made_filled_spent_and_closed(shop: Shop) -> None:
    """The client sends no body with these; what it can't say is sent as a body of ours."""
    made = await shop.call("BuyerApi", "create_credit_wallet", shop.customer.id)
    assert (made.type, made.status, made.total_amount, made.used_amount) == ("credit", "ACTIVE", 0, 0)
    path = f"/org/{shop.client.organisation_id}/buyer/{shop.customer.id}/wallet/{made.id}"
    headers = {"Authorization": f"Key {shop.client.key}"}
    shop.clock.move(1)
    filled = await shop.client.http.patch(
        path, json={"totalAmount": 40.5, "currency": "EUR", "name": "Prepaid"}, headers=headers
    )
    assert (filled.status_code, filled.json()["totalAmount"]) == (200, 40.5)
    assert (await shop.call("BuyerApi", "update_credit_wallet", shop.customer.id, made.id)).total_amount == 40.5
    assert shop.stripe.v1.customers.retrieve(shop.customer.id).balance == -4050
    await shop.call("BillingApi", "issue_invoice", shop.draft.id)
    wallets = await shop.call("BuyerApi", "list_buyer_wallets", shop.customer.id)
    assert {wallet.type for wallet in wallets} == {"card", "credit"}
    (credit,) = [wallet for wallet in wallets if wallet.type == "credit"]
    assert (credit.name, credit.total_amount, credit.used_amount) == ("Prepaid", 40.5, 40.5)
    closed = await shop.call("BuyerApi", "close_credit_wallet", shop.customer.id, made.id)
    assert (closed.status, closed.used_amount) == ("CLOSED", 40.5)
    assert closed.info.close_date
    with pytest.raises(ConflictException, match="wallet_is_credit"):
        await shop.call("BuyerApi", "set_buyer_default_wallet", shop.customer.id, made.id)
    assert await shop.call("BuyerApi", "delete_buyer_wallet", shop.customer.id, made.id) == ""
    (card,) = await shop.call("BuyerApi", "list_buyer_wallets", shop.customer.id)
    assert (await shop.call("BuyerApi", "close_credit_wallet", shop.customer.id, card.id)).status == "CLOSED"
    assert await shop.call("BuyerApi", "list_buyer_wallets", shop.customer.id) == []


async def test_invoices_are_listed_and_shown(shop: Shop) -> None:
    listed = await shop.call("BillingApi", "list_invoices", buyer_id=shop.customer.id)
    by_id = {invoice.id: invoice for invoice in listed}
    paid, draft = by_id[shop.paid.id], by_id[shop.draft.id]
    assert (paid.status, paid.payment_status, paid.info.due_amount) == ("FINALIZED", "SUCCESS", 49.5)
    assert (draft.status, draft.payment_status) == ("DRAFT", "PENDING")
    assert [i.id for i in await shop.call("BillingApi", "list_invoices", status="DRAFT")] == [shop.draft.id]
    assert await shop.call("BillingApi", "list_invoices", limit=1, offset=2) == []
    shown = await shop.call("BillingApi", "get_invoice", shop.paid.id)
    assert shown.info.memo == "first"
    with pytest.raises(BadRequestException, match="status_unknown"):
        await shop.call("BillingApi", "list_invoices", status="PAID")


async def test_an_invoice_is_annotated_issued_and_paid(shop: Shop) -> None:
    info = await shop.call("BillingApi", "update_invoice_info", shop.draft.id, {"memo": "<b>Thanks</b>"})
    assert info.memo == "<b>Thanks</b>"
    preview = await shop.call("BillingApi", "preview_invoice_email", shop.draft.id)
    assert "&lt;b&gt;Thanks&lt;/b&gt;" in preview
    assert "49.50 EUR" in preview
    issued = await shop.call("BillingApi", "issue_invoice", shop.draft.id)
    assert (issued.status, issued.payment_status) == ("FINALIZED", "PENDING")
    with pytest.raises(ConflictException, match="invoice_not_draft"):
        await shop.call("BillingApi", "issue_invoice", shop.draft.id)
    with pytest.raises(BadRequestException, match="contact_absent"):
        await shop.call("BillingApi", "issue_invoice", shop.draft.id, contact_ids=["con_1"])
    (contact,) = await shop.house.notices.contacts.create(
        shop.client.principal, [{"name": "Finance", "email": "finance@acme.example"}]
    )
    again = await shop.call("BillingApi", "issue_invoice", shop.draft.id, contact_ids=[contact.id])
    assert again.status == "FINALIZED"
    async with shop.house.database.tenant(shop.client.organisation_id) as tx:
        (mail,) = await (
            await tx.execute("select recipient, subject, text, html from notification_messages")
        ).fetchall()
    assert mail["recipient"] == "finance@acme.example"
    assert "49.50 EUR" in mail["subject"]
    assert "Hours: 49.50 EUR" in mail["text"]
    assert "&lt;b&gt;Thanks&lt;/b&gt;" in mail["html"]
    paid = await shop.call("BillingApi", "pay_invoice", shop.draft.id)
    assert paid.payment_status == "SUCCESS"
    with pytest.raises(ConflictException):
        await shop.call("BillingApi", "void_invoice", shop.draft.id)


async def test_an_invoice_and_its_payment_name_their_entitlement(shop: Shop) -> None:
    at = shop.stripe.v1
    price = at.prices.create(
        {"currency": "eur", "unit_amount": 900, "recurring": {"interval": "month"}, "product_data": {"name": "Pro"}}
    )
    subscription = at.subscriptions.create({"customer": shop.customer.id, "items": [{"price": price.id}]})
    await shop.read_all()
    while await shop.house.entitlements.follow_step():
        pass
    (entitlement,) = await shop.call("EntitlementApi", "list_entitlements")
    for asked in (entitlement.id, subscription.id):
        (invoice,) = await shop.call("BillingApi", "list_invoices", entitlement_id=asked)
        assert invoice.entitlement_id == entitlement.id
    assert (await shop.call("BillingApi", "get_invoice", invoice.id)).entitlement_id == entitlement.id
    assert (await shop.call("BillingApi", "get_invoice", shop.paid.id)).entitlement_id is None
    (payment,) = await shop.call("BillingApi", "list_payment_transactions", entitlement_id=entitlement.id)
    assert (payment.invoice_id, payment.amount) == (invoice.id, 9)
    assert await shop.call("BillingApi", "list_payment_transactions", entitlement_id="ent_none") == []


async def test_an_invoice_is_voided(shop: Shop) -> None:
    await shop.call("BillingApi", "issue_invoice", shop.draft.id)
    voided = await shop.call("BillingApi", "void_invoice", shop.draft.id)
    assert voided.status == "CANCELED"
    assert shop.stripe.v1.invoices.retrieve(shop.draft.id).status == "void"


async def test_partial_refunds_never_above_what_remains(shop: Shop) -> None:
    (payment,) = await shop.call("BillingApi", "list_payment_transactions", type="CHARGE", invoice_id=shop.paid.id)
    assert (payment.status, payment.amount, payment.currency) == ("SUCCESS", 49.5, "EUR")
    assert (payment.buyer_id, payment.invoice_id, payment.wallet_type) == (shop.customer.id, shop.paid.id, "card")
    where = ("BillingApi", "create_refund", shop.customer.id, payment.id)
    first = await shop.call(*where, 10)
    assert (first.type, first.amount, first.parent_id, first.status) == ("REFUND", 10, payment.id, "SUCCESS")
    second = await shop.call(*where, 20.5)
    with pytest.raises(ApiException) as caught:
        await shop.call(*where, 19.01)
    assert caught.value.status in (400, 409)
    for wrong in (0, -1, 0.001):
        with pytest.raises(BadRequestException, match="amount_invalid"):
            await shop.call(*where, wrong)
    refunds = await shop.call("BillingApi", "list_refund_of_payment_transaction", shop.customer.id, payment.id)
    assert {refund.id for refund in refunds} == {first.id, second.id}
    assert sum(refund.amount for refund in shop.stripe.v1.refunds.list().data) == 3050
    await shop.read_all()
    (payment,) = await shop.call("BillingApi", "list_payment_transactions", type="CHARGE", status="SUCCESS")
    assert payment.info.refund_exists
    with pytest.raises(BadRequestException, match=r"at most 19\.00"):
        await shop.call(*where, 19.01)


async def test_a_charge_that_no_payment_intent_made_is_a_payment_too(shop: Shop) -> None:
    at = shop.stripe.v1
    buyer = at.customers.create({"name": "Old Ways", "source": "tok_visa"})
    whole = at.charges.create({"amount": 700, "currency": "usd", "customer": buyer.id, "description": "Whole"})
    part = at.charges.create({"amount": 700, "currency": "usd", "customer": buyer.id, "capture": False})
    held = at.charges.create({"amount": 700, "currency": "usd", "customer": buyer.id, "capture": False})
    at.charges.capture(part.id, {"amount": 600})
    await shop.read_all()
    listed = {row.id: row for row in await shop.call("BillingApi", "list_payment_transactions", buyer_id=buyer.id)}
    shown = {id: (row.type, row.status, row.amount, row.currency) for id, row in listed.items()}
    assert shown == {
        whole.id: ("CHARGE", "SUCCESS", 7, "USD"),
        part.id: ("CHARGE", "SUCCESS", 6, "USD"),
        held.id: ("CHARGE", "PENDING", 7, "USD"),
    }
    for status, ids in (("SUCCESS", {whole.id, part.id}), ("PENDING", {held.id}), ("FAILED", set())):
        found = await shop.call("BillingApi", "list_payment_transactions", buyer_id=buyer.id, status=status)
        assert {row.id for row in found} == ids
    everything = await shop.call("BillingApi", "list_payment_transactions", type="CHARGE")
    assert len(everything) == len({row.id for row in everything}) == 4, "a payment intent's charge is no second payment"
    where = ("BillingApi", "create_refund", buyer.id)
    first = await shop.call(*where, part.id, 2.5)
    assert (first.type, first.amount, first.parent_id, first.buyer_id) == ("REFUND", 2.5, part.id, buyer.id)
    with pytest.raises(BadRequestException, match=r"at most 3\.50"):
        await shop.call(*where, part.id, 3.51)
    await shop.call(*where, part.id, 3.5)
    with pytest.raises(ConflictException, match="payment_not_paid"):
        await shop.call(*where, held.id, 1)
    refunds = await shop.call("BillingApi", "list_refund_of_payment_transaction", buyer.id, part.id)
    assert sorted(refund.amount for refund in refunds) == [2.5, 3.5]
    intent = next(row for row in everything if row.id not in listed)
    charge = at.payment_intents.retrieve(intent.id).latest_charge
    with pytest.raises(NotFoundException):
        await shop.call("BillingApi", "create_refund", shop.customer.id, charge, 1)


async def test_a_transaction_says_what_it_did_to_the_balance(shop: Shop) -> None:
    (payment,) = await shop.call("BillingApi", "list_payment_transactions", type="CHARGE", invoice_id=shop.paid.id)
    await shop.call("BillingApi", "create_refund", shop.customer.id, payment.id, 10)
    charge = shop.stripe.v1.charges.list({"payment_intent": payment.id}).data[0]
    at_stripe = shop.stripe.v1.balance_transactions.retrieve(str(charge.balance_transaction))
    moved = payment.info.stripe_balance_transaction
    assert (moved.id, moved.amount, moved.fee, moved.net) == (at_stripe.id, 4950, at_stripe.fee, 4950 - at_stripe.fee)
    assert (moved.type, moved.charge_id, moved.exchange_rate) == ("charge", charge.id, None)
    assert [detail.amount for detail in moved.fee_details] == [at_stripe.fee]
    await shop.read_all()
    (refund,) = await shop.call("BillingApi", "list_payment_transactions", type="REFUND")
    back = refund.info.stripe_balance_transaction
    assert (back.amount, back.fee, back.net, back.type) == (-1000, 0, -1000, "refund")
    # Booked in another currency than the buyer paid in.
    booked = shop.sandbox.objects.get("balance_transaction", at_stripe.id)
    booked.update(currency="usd", amount=5445, net=5445 - at_stripe.fee, exchange_rate=1.1)
    shop.sandbox.objects.touch(booked)
    await shop.read_all()
    (payment,) = await shop.call("BillingApi", "list_payment_transactions", type="CHARGE", invoice_id=shop.paid.id)
    moved = payment.info.stripe_balance_transaction
    assert (payment.amount, moved.amount, moved.exchange_rate) == (49.5, 5445, 1.1)


async def test_memo_and_due_date_are_set_and_read_back(shop: Shop) -> None:
    invoice = shop.stripe.v1.invoices.create(
        {"customer": shop.customer.id, "collection_method": "send_invoice", "days_until_due": 30, "currency": "eur"}
    )
    await shop.read_all()
    due = (shop.clock.now() + timedelta(days=45)).replace(microsecond=0)
    asked = {"memo": "Net 45", "dueDate": due.isoformat()}
    info = await shop.call("BillingApi", "update_invoice_info", invoice.id, asked)
    shown = await shop.call("BillingApi", "get_invoice", invoice.id)
    (listed,) = [row for row in await shop.call("BillingApi", "list_invoices") if row.id == invoice.id]
    for said in (info, shown.info, listed.info):
        assert (said.memo, said.due_date) == ("Net 45", due)
    at_stripe = shop.stripe.v1.invoices.retrieve(invoice.id)
    assert (at_stripe.description, at_stripe.due_date) == ("Net 45", int(due.timestamp()))
    # What is left out stays.
    info = await shop.call("BillingApi", "update_invoice_info", invoice.id, {"memo": "Thank you"})
    assert (info.memo, info.due_date) == ("Thank you", due)
    with pytest.raises(BadRequestException, match="due_date_malformed"):
        await shop.call("BillingApi", "update_invoice_info", invoice.id, {"dueDate": "tomorrow"})


async def test_money_without_minor_units_and_with_thousandths(shop: Shop) -> None:
    for currency, minor, major, part, too_fine in (
        ("jpy", 4950, 4950, 950, 0.5),
        ("kwd", 12340, 12.34, 2.34, 0.0005),
    ):
        await _billed_paid_and_given_back(shop, currency, minor, major, part, too_fine)


async def _billed_paid_and_given_back(
    shop: Shop, currency: str, minor: int, major: float, part: float, too_fine: float
) -> None:
    at = shop.stripe.v1
    invoice = at.invoices.create({"customer": shop.customer.id, "currency": currency})
    at.invoice_items.create(
        {"customer": shop.customer.id, "invoice": invoice.id, "amount": minor, "currency": currency}
    )
    await shop.read_all()
    issued = await shop.call("BillingApi", "issue_invoice", invoice.id)
    assert (issued.info.currency, issued.info.due_amount, issued.info.subtotal_amount) == (
        currency.upper(),
        major,
        major,
    )
    assert (await shop.call("BillingApi", "pay_invoice", invoice.id)).payment_status == "SUCCESS"
    await shop.read_all()
    assert (await shop.call("BillingApi", "get_invoice", invoice.id)).info.due_amount == major
    (payment,) = await shop.call("BillingApi", "list_payment_transactions", type="CHARGE", invoice_id=invoice.id)
    assert (payment.amount, payment.currency) == (major, currency.upper())
    where = ("BillingApi", "create_refund", shop.customer.id, payment.id)
    with pytest.raises(BadRequestException, match="amount_invalid"):
        await shop.call(*where, too_fine)
    refund = await shop.call(*where, part)
    assert (refund.amount, refund.currency) == (part, currency.upper())
    with pytest.raises(BadRequestException, match="refund_above_remainder"):
        await shop.call(*where, major)
    await shop.call(*where, round(major - part, 3))
    assert sum(one.amount for one in at.refunds.list({"payment_intent": payment.id}).data) == minor


async def test_the_same_operation_takes_effect_once(shop: Shop) -> None:
    (payment,) = await shop.call("BillingApi", "list_payment_transactions", type="CHARGE")
    path = f"/org/{shop.client.organisation_id}/buyer/{shop.customer.id}/paymentTransaction/{payment.id}/refund"
    headers = {"Authorization": f"Key {shop.client.key}", "Idempotency-Key": "refund-4711"}
    answers = [await shop.client.http.post(path, params={"amount": "49.50"}, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200], answers[-1].text
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(shop.stripe.v1.refunds.list().data) == 1
    other = await shop.client.http.post(path, params={"amount": "1"}, headers=headers)
    assert other.status_code == 409, "the key was used for another amount"


async def test_a_declined_payment_is_a_conflict_with_stripes_words(shop: Shop) -> None:
    card = shop.stripe.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": shop.customer.id})
    await shop.read_all()
    await shop.call("BuyerApi", "set_buyer_default_wallet", shop.customer.id, card.id)
    await shop.call("BillingApi", "issue_invoice", shop.draft.id)
    with pytest.raises(ConflictException, match="declined"):
        await shop.call("BillingApi", "pay_invoice", shop.draft.id)


async def test_a_viewer_may_read_and_not_write(shop: Shop) -> None:
    _, key = await shop.house.tenancy.create_api_client(shop.client.principal, "Reader", "VIEWER")
    viewer = shop.client.with_key(key.reveal())
    assert await viewer.call("BuyerApi", "list_buyers", viewer.organisation_id)
    writes = len(shop.sandbox.world.ledger.writes)
    with pytest.raises(ApiException) as caught:
        await viewer.call("BillingApi", "pay_invoice", viewer.organisation_id, shop.draft.id)
    assert caught.value.status == 403
    assert len(shop.sandbox.world.ledger.writes) == writes
