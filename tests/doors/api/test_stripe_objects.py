"""Stripe objects over HTTP: pages, one object whatever its id, and a file that comes as it is read."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import httpx
import pytest

from tests.contracts.published import Opened, published_clients
from tests.sandbox.conftest import Sandbox
from tillwright.domains.mirror import BackfillState
from tillwright.domains.mirror.library.service import Asked
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.gateways.stripe.facts import API_VERSION
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret
from tillwright.wiring import House


@pytest.fixture
async def opened(house: House):
    async with published_clients(house) as opened:
        yield opened


async def test_objects_are_listed_shown_and_exported(
    opened: Opened, house: House, stripe_sandbox: Sandbox, clock: ManualClock
) -> None:
    client = await opened(role="VIEWER")
    headers, base = {"Authorization": f"Key {client.key}"}, f"/org/{client.organisation_id}"

    async def get(path: str, **params: str) -> httpx.Response:
        return await client.http.get(base + path, headers=headers, params=params)

    assert (await get("/stripeObject")).json() == []
    assert (await get("/stripeObject/coupon")).json() == {"items": [], "nextCursor": None}
    assert (await get("/stripeObjectExport/coupon")).json()["code"] == "integration_absent"
    await house.integrations.connect(
        client.principal,
        publishable_key=stripe_sandbox.publishable_key,
        secret_key=Secret(stripe_sandbox.restricted_key),
    )
    at, organisation = stripe_sandbox.client.v1, client.organisation_id
    ids = ["=1+1", "query", "a/b", "spring"]
    made = [at.coupons.create({"id": i, "amount_off": 5, "currency": "jpy", "duration": "once"}) for i in ids]
    copies = [FetchedCopy(False, "coupon", c.id, stripe_sandbox.account, clock.now(), False, c.to_dict()) for c in made]
    async with house.database.tenant(organisation) as tx:
        await house.mirror.keep(tx, organisation, copies)
    types = {row["objectType"]: row["count"] for row in (await get("/stripeObject")).json()}
    assert types["coupon"] == 4
    seen: list[str] = []
    params = {"limit": "3"}
    while True:
        page = (await get("/stripeObject/coupon", **params)).json()
        seen += [item["id"] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        params["cursor"] = page["nextCursor"]
    assert sorted(seen) == sorted(ids)
    found = (await get("/stripeObject/coupon", q='(and (= currency "jpy") (= id "spring"))', search="SPR")).json()
    assert [item["stripeObject"]["amount_off"] for item in found["items"]] == [5]
    for i in ids:
        one = await get("/stripeObject/coupon/" + i)
        assert (one.status_code, one.json()["id"]) == (200, i)
    assert (await get("/stripeObject/coupon/none")).status_code == 404
    assert (await get("/stripeObject/nothing")).json()["code"] == "object_type_absent"
    assert (await get("/stripeObject/coupon", q="(= x 1)")).json()["code"] == "filter_column_unknown"
    file = await get("/stripeObjectExport/coupon", q="(> amount_off 1)")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert file.headers["content-disposition"] == 'attachment; filename="coupon.csv"'
    rows = list(csv.DictReader(io.StringIO(file.text, newline="")))
    assert {(row["id"], row["amount_off_major"]) for row in rows} == {
        ("'=1+1", "5"), ("query", "5"), ("a/b", "5"), ("spring", "5"),
    }  # fmt: skip
    lines = await get("/stripeObjectExport/coupon", format="ndjson", search="spring")
    assert lines.headers["content-type"].startswith("application/x-ndjson")
    assert lines.text.count("\n") == 1
    assert (await get("/stripeObjectExport/coupon", format="xlsx")).status_code == 400


async def test_subscription_items_are_those_that_stripe_lists(
    opened: Opened, house: House, stripe_sandbox: Sandbox, clock: ManualClock
) -> None:
    client = await opened(role="VIEWER")
    headers, base = {"Authorization": f"Key {client.key}"}, f"/org/{client.organisation_id}"
    at = stripe_sandbox.client.v1
    customer = at.customers.create({"email": "ann@example.com", "payment_method": "pm_card_visa"})
    prices = [
        at.prices.create(
            {"currency": "usd", "unit_amount": 100 + n, "recurring": {"interval": "month"},
             "product_data": {"name": f"Plan {n}"}}
        )
        for n in range(12)
    ]  # fmt: skip
    subscriptions = [
        at.subscriptions.create(
            {"customer": customer.id, "items": [{"price": price.id} for price in prices[:many]],
             "collection_method": "send_invoice", "days_until_due": 30}
        )
        for many in (1, 3, 12)
    ]  # fmt: skip
    await house.integrations.connect(
        client.principal,
        publishable_key=stripe_sandbox.publishable_key,
        secret_key=Secret(stripe_sandbox.restricted_key),
    )
    async with house.database.tenant(client.organisation_id) as tx:
        await house.mirror.start_backfill(tx, client.organisation_id, livemode=False)
    while await house.mirror.backfill_step():
        pass
    headers_there = {"Authorization": f"Bearer {stripe_sandbox.restricted_key}", "Stripe-Version": API_VERSION}
    listed: dict[str, Any] = {}
    async with httpx.AsyncClient(base_url=stripe_sandbox.url, headers=headers_there) as stripe:
        for each in subscriptions:
            asked = {"subscription": each.id, "limit": "100"}
            theirs = (await stripe.get("/v1/subscription_items", params=asked)).json()
            listed |= {item["id"]: item for item in theirs["data"]}
    assert len(listed) == 16
    ours: dict[str, Any] = {}
    params = {"limit": "5"}
    while True:
        answer = await client.http.get(f"{base}/stripeObject/subscription_item", headers=headers, params=params)
        page = answer.json()
        ours |= {item["id"]: item["stripeObject"] for item in page["items"]}
        if page["nextCursor"] is None:
            break
        params["cursor"] = page["nextCursor"]
    assert ours == listed
    file = await client.http.get(
        f"{base}/stripeObjectExport/subscription_item", headers=headers, params={"format": "ndjson"}
    )
    assert {body["id"]: body for body in map(json.loads, file.text.splitlines())} == listed
    types = (await client.http.get(f"{base}/stripeObject", headers=headers)).json()
    assert {row["objectType"]: row["count"] for row in types}["subscription_item"] == 16
    for name in (next(iter(listed)), list(listed)[-1]):
        one = await client.http.get(f"{base}/stripeObject/subscription_item/{name}", headers=headers)
        assert (one.status_code, one.json()["stripeObject"]) == (200, listed[name])
        found = await client.http.get(
            f"{base}/stripeObject/subscription_item", headers=headers, params={"search": name}
        )
        assert [item["id"] for item in found.json()["items"]] == [name]


async def test_what_is_listed_by_parents_is_what_stripe_lists(
    opened: Opened, house: House, stripe_sandbox: Sandbox, clock: ManualClock
) -> None:
    client = await opened(role="VIEWER")
    at = stripe_sandbox.client.v1
    customer = at.customers.create({"email": "ann@example.com"})
    at.customers.create({"email": "bob@example.com"})
    at.customers.balance_transactions.create(customer.id, {"amount": -500, "currency": "usd"})
    feature = at.entitlements.features.create({"name": "Reports", "lookup_key": "reports"})
    product = at.products.create({"name": "Pro"})
    at.products.features.create(product.id, {"entitlement_feature": feature.id})
    invoice = at.invoices.create({"customer": customer.id, "pending_invoice_items_behavior": "exclude"})
    for number in range(12):
        at.invoice_items.create(
            {"customer": customer.id, "invoice": str(invoice.id), "amount": 100 + number, "currency": "usd"}
        )
    await house.integrations.connect(
        client.principal,
        publishable_key=stripe_sandbox.publishable_key,
        secret_key=Secret(stripe_sandbox.secret_key),
    )
    async with house.database.tenant(client.organisation_id) as tx:
        await house.mirror.start_backfill(tx, client.organisation_id, livemode=False)
    while await house.mirror.backfill_step():
        pass
    for of, path, parent in (
        ("line_item", f"/v1/invoices/{invoice.id}/lines", str(invoice.id)),
        ("customer_balance_transaction", f"/v1/customers/{customer.id}/balance_transactions", customer.id),
        ("product_feature", f"/v1/products/{product.id}/features", product.id),
    ):
        theirs = stripe_sandbox.http("GET", path, params={"limit": 100}).json()["data"]
        page = await house.library.list(client.principal, of, Asked(q=f'(= parent "{parent}")'), limit=100)
        assert {row.id: row.body for row in page.items} == {body["id"]: body for body in theirs}, of
        assert {row.parent for row in page.items} == {parent}
    async with house.database.tenant(client.organisation_id) as tx:
        lists = {row.object: row for row in await house.mirror.backfill_progress(tx)}
    told = [(lists[of].state, lists[of].pages) for of in ("line_item", "customer_balance_transaction")]
    assert told == [(BackfillState.DONE, 1)] * 2, "one customer of two, and one invoice, were asked for"
