"""Customers, payments and coupons as they came from Stripe."""

from __future__ import annotations

import re

import pytest

from tests.doors.console.conftest import PASSWORD, Person, text_of
from tests.sandbox.conftest import Sandbox
from tillwright.domains.mirror.model import FetchedCopy


@pytest.fixture
async def shop(ada: Person, stripe_sandbox: Sandbox) -> dict[str, str]:
    """A few objects at Stripe, and all of them in the mirror."""
    stripe = stripe_sandbox.client.v1
    grace = stripe.customers.create(
        {"name": "Grace <script>alert(1)</script> & Co", "email": "grace@example.com", "address": {"country": "DE"}}
    )
    for number in range(30):
        stripe.customers.create({"name": f"Customer {number:02}", "email": f"c{number}@example.com"})
    paid = stripe.payment_intents.create(
        {
            "amount": 5000,
            "currency": "jpy",
            "customer": grace.id,
            "payment_method": "pm_card_visa",
            "confirm": True,
            "description": "Tea & cakes",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    stripe.refunds.create({"payment_intent": paid.id, "amount": 2000})
    coupon = stripe.coupons.create(
        {"percent_off": 12.5, "duration": "repeating", "duration_in_months": 3, "name": "Spring", "max_redemptions": 9}
    )
    stripe.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING", "customer": grace.id}
    )
    stripe.coupons.create({"amount_off": 500, "currency": "eur", "duration": "once", "id": "FIVE%OFF?"})
    await ada.connect(stripe_sandbox)
    await ada.fill()
    return {"grace": grace.id, "paid": paid.id, "coupon": coupon.id}


async def test_before_anything_is_connected_each_list_says_what_to_do(ada: Person, stripe_sandbox: Sandbox) -> None:
    for path in ("/customers", "/payments", "/invoices", "/coupons", "/promotion-codes", "/events"):
        page = await ada.see(path)
        assert "Stripe is not connected yet" in text_of(page.text)
        assert 'href="/integrations"' in page.text
    await ada.connect(stripe_sandbox, verify=False)
    assert "Verify the connection first" in text_of((await ada.see("/customers")).text)
    await ada.house.verification.verify(ada.principal)
    async with ada.house.database.tenant(ada.principal.organisation_id) as tx:
        await ada.house.mirror.start_backfill(tx, ada.principal.organisation_id, livemode=False)
    assert "Reading from Stripe" in text_of((await ada.see("/customers")).text)
    await ada.fill()
    assert "No customers yet" in text_of((await ada.see("/customers")).text)


async def test_customers_page_by_page(ada: Person, shop: dict[str, str]) -> None:
    seen: list[str] = []
    path = "/customers"
    for _ in range(3):
        page = await ada.see(path)
        seen += re.findall(r'href="/customers/(cus_\w+)"', page.text)
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
        if not following:
            break
        path = following[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 31
    assert "First page" in text_of(page.text)


async def test_search_finds_by_name_mail_and_id(ada: Person, shop: dict[str, str]) -> None:
    for words in ("grace", "GRACE@example.com", shop["grace"]):
        page = await ada.client.get("/customers", params={"q": words})
        assert re.findall(r'href="/customers/(cus_\w+)"', page.text) == [shop["grace"]], words
    nothing = await ada.client.get("/customers", params={"q": "<b>nobody</b>"})
    assert "Nothing matches “<b>nobody</b>”" in text_of(nothing.text)
    assert "<b>nobody" not in nothing.text


async def test_what_a_search_finds_is_a_file_too(ada: Person, shop: dict[str, str]) -> None:
    page = await ada.client.get("/customers", params={"q": "grace"})
    (link,) = re.findall(r'href="(/export/customer\?q=[^"]+)"', page.text)
    file = await ada.see(link)
    assert file.headers["content-disposition"].startswith('attachment; filename="customer-')
    header, *rows = file.text.splitlines()
    assert header.startswith("id,livemode,created,")
    assert [row.split(",")[0] for row in rows] == [shop["grace"]]
    assert (await ada.see("/export/nothing")).status_code == 404


async def test_names_are_text_never_markup(ada: Person, shop: dict[str, str]) -> None:
    for path in ("/customers?q=grace", f"/customers/{shop['grace']}", "/payments", f"/payments/{shop['paid']}"):
        page = await ada.see(path)
        assert "<script>alert" not in page.text
        assert "Grace <script>alert(1)</script> & Co" in text_of(page.text)


async def test_a_payment_in_yen_with_its_charge_and_refund(ada: Person, shop: dict[str, str]) -> None:
    assert "5,000 JPY Succeeded" in text_of((await ada.see("/payments")).text)
    words = text_of((await ada.see(f"/payments/{shop['paid']}")).text)
    assert "Tea & cakes" in words
    assert "Visa •••• 4242" in words
    assert "2,000 JPY" in words
    of_customer = text_of((await ada.see(f"/customers/{shop['grace']}")).text)
    assert "5,000 JPY" in of_customer
    assert "No subscriptions." in of_customer


@pytest.fixture
async def regular(ada: Person, stripe_sandbox: Sandbox) -> dict[str, str]:
    """A customer of long standing, who was given everything before Stripe was connected."""
    stripe = stripe_sandbox.client.v1
    coupon = stripe.coupons.create({"percent_off": 10, "duration": "forever", "id": "LOYAL"})
    stripe.coupons.create({"amount_off": 100, "currency": "eur", "duration": "once", "id": "ONCE"})
    otto = stripe.customers.create({"name": "Otto", "email": "otto@example.com", "source": "tok_visa"})
    price = stripe.prices.create(
        {"currency": "eur", "unit_amount": 900, "recurring": {"interval": "month"}, "product_data": {"name": "Pro"}}
    )
    subscription = stripe.subscriptions.create(
        {"customer": otto.id, "items": [{"price": price.id}], "discounts": [{"coupon": coupon.id}]}
    )
    invoice = stripe.invoices.create({"customer": otto.id, "currency": "eur", "discounts": [{"coupon": "ONCE"}]})
    for number in range(12):
        stripe.charges.create({"amount": 1000 + number, "currency": "eur", "customer": otto.id})
    part = stripe.charges.create({"amount": 700, "currency": "kwd", "customer": otto.id, "capture": False})
    stripe.charges.capture(part.id, {"amount": 600})
    await ada.connect(stripe_sandbox)
    await ada.fill()
    return {"otto": otto.id, "part": part.id, "subscription": subscription.id, "invoice": invoice.id}


async def test_a_charge_without_a_payment_intent_is_among_the_payments(ada: Person, regular: dict[str, str]) -> None:
    seen = text_of((await ada.see("/payments")).text)
    assert "0.600 KWD of 0.700 KWD Succeeded Otto" in seen
    assert seen.count("8.10 EUR") == 1, "a payment intent's charge is no payment of its own"
    for words in ("otto@example.com", "0.7 KWD", regular["part"]):
        page = await ada.client.get("/payments", params={"q": words})
        assert regular["part"] in page.text, words
    one = text_of((await ada.see(f"/payments/{regular['part']}")).text)
    assert "0.600 KWD of 0.700 KWD" in one
    assert "Otto" in one
    assert "after" in one
    assert "fees" in one
    (intent,) = re.findall(r'href="/payments/(pi_\w+)"', (await ada.client.get("/payments", params={"q": "pi_"})).text)
    page = (await ada.see(f"/payments/{intent}")).text
    (charge,) = set(re.findall(r"\bch_\w+", text_of(page)))
    led = await ada.see(f"/payments/{charge}")
    assert (led.status_code, led.headers["location"]) == (303, f"/payments/{intent}")


async def test_payments_of_both_kinds_page_by_page(ada: Person, stripe_sandbox: Sandbox) -> None:
    stripe = stripe_sandbox.client.v1
    otto = stripe.customers.create({"name": "Otto", "source": "tok_visa"})
    for number in range(20):
        stripe.charges.create({"amount": 1000 + number, "currency": "eur", "customer": otto.id})
        stripe.payment_intents.create({"amount": 2000 + number, "currency": "eur", "customer": otto.id})
    await ada.connect(stripe_sandbox)
    await ada.fill()
    for start in ("/payments", f"/customers/{otto.id}/payments"):
        seen: list[str] = []
        path = start
        while path:
            page = (await ada.see(path)).text
            seen += re.findall(r'href="/payments/(\w+)"', page)
            following = re.search(r'rel="next" href="([^"]+)"', page)
            path = following[1].replace("&amp;", "&") if following else ""
        assert len(seen) == len(set(seen)) == 40, start
        assert {name[:2] for name in seen} == {"ch", "pi"}


async def test_a_customers_whole_story(ada: Person, regular: dict[str, str], stripe_sandbox: Sandbox) -> None:
    asked = stripe_sandbox.world.requests
    page = await ada.see(f"/customers/{regular['otto']}")
    words = text_of(page.text)
    assert f"LOYAL Subscription {regular['subscription']} Active" in words
    assert f"ONCE Invoice {regular['invoice']}" in words
    assert "All payments" in words
    assert len(set(re.findall(r'href="/payments/(\w+)"', page.text))) == 10
    everything = await ada.see(f"/customers/{regular['otto']}/payments")
    assert len(set(re.findall(r'href="/payments/(\w+)"', everything.text))) == 14
    assert "Payments Of Otto, newest first." in text_of(everything.text)
    for part in ("subscriptions", "invoices"):
        assert (await ada.see(f"/customers/{regular['otto']}/{part}")).status_code == 200
    assert (await ada.see(f"/customers/{regular['otto']}/secrets")).status_code == 404
    assert (await ada.see("/customers/cus_none/payments")).status_code == 404
    # What was learnt from Stripe is kept: the page asks once.
    once = stripe_sandbox.world.requests
    assert once > asked
    ada.house.clock.move(1)  # type: ignore[attr-defined]
    assert text_of((await ada.see(f"/customers/{regular['otto']}")).text).count("LOYAL") == 1
    assert stripe_sandbox.world.requests == once


async def test_a_story_is_told_while_stripe_is_down(
    ada: Person, regular: dict[str, str], stripe_sandbox: Sandbox
) -> None:
    stripe_sandbox.world.faults.add(kind="status", method="GET", path="/v1/*", status=400)
    words = text_of((await ada.see(f"/customers/{regular['otto']}")).text)
    assert "Stripe names only the discount, di_" in words
    assert f"Subscription {regular['subscription']}" in words


async def test_a_coupon_with_its_codes(ada: Person, shop: dict[str, str]) -> None:
    page = await ada.see("/coupons")
    words = text_of(page.text)
    assert "12.5 % off for 3 months" in words
    assert "0 of 9" in words
    assert "5.00 EUR off once" in words
    one = text_of((await ada.see(f"/coupons/{shop['coupon']}")).text)
    assert "SPRING" in one
    assert "Grace" in one
    odd = re.search(r'href="(/coupons/FIVE[^"]*)"', page.text)
    assert odd
    assert "No promotion code gives this coupon." in text_of((await ada.see(odd[1])).text)


async def test_another_organisation_sees_none_of_it(ada: Person, shop: dict[str, str], stripe_sandbox: Sandbox) -> None:
    eve = await ada.house.tenancy.create_organisation("Acme", "eve@example.com", PASSWORD)
    await ada.send("/sign-out")
    assert (await ada.sign_in("eve@example.com")).status_code == 303
    ada.principal = eve
    for path in (f"/customers/{shop['grace']}", f"/payments/{shop['paid']}", f"/coupons/{shop['coupon']}"):
        assert (await ada.see(path)).status_code == 404, "not even that it exists"
    await ada.connect(stripe_sandbox)
    for path in (f"/customers/{shop['grace']}", f"/payments/{shop['paid']}", f"/coupons/{shop['coupon']}"):
        assert (await ada.see(path)).status_code == 404, "nor with the same account, before its own reading"


@pytest.mark.parametrize("path", ["/customers?cursor=nonsense", "/runs?state=nonsense", "/mails?cursor=%00"])
async def test_a_bad_address_is_told_what_to_do(ada: Person, stripe_sandbox: Sandbox, path: str) -> None:
    await ada.connect(stripe_sandbox)
    answer = await ada.see(path)
    assert answer.status_code == 422
    assert "Overview" in answer.text


async def test_the_overview_counts_and_leads_on(ada: Person, stripe_sandbox: Sandbox) -> None:
    page = await ada.see("/")
    assert "0 of 5 done" in text_of(page.text)
    assert re.search(r'href="/integrations" class="btn btn-primary btn-sm">Connect Stripe', page.text)
    stripe_sandbox.client.v1.customers.create({"name": "Grace"})
    await ada.connect(stripe_sandbox)
    await ada.fill()
    words = text_of((await ada.see("/")).text)
    assert "3 of 5 done" in words
    assert "Customers 1" in words
    assert "No payment succeeded." in words


async def test_payments_are_found_by_amount_and_by_the_customers_mail(ada: Person, shop: dict[str, str]) -> None:
    for words in ("5000 JPY", "jpy 5000", "5000", "grace@example.com", "tea &"):
        page = await ada.client.get("/payments", params={"q": words})
        assert re.findall(r'href="/payments/(pi_\w+)"', page.text) == [shop["paid"]], words
    for words in ("50.00 EUR", "5000 EUR", "4999", "c1@example.com"):
        page = await ada.client.get("/payments", params={"q": words})
        assert "Nothing matches" in text_of(page.text), words


async def test_an_invoice_with_its_lines_and_payment(
    ada: Person, shop: dict[str, str], stripe_sandbox: Sandbox
) -> None:
    at = stripe_sandbox.client.v1
    card = at.payment_methods.attach("pm_card_visa", {"customer": shop["grace"]})
    at.customers.update(shop["grace"], {"invoice_settings": {"default_payment_method": card.id}})
    invoice = at.invoices.create({"customer": shop["grace"], "currency": "eur", "description": "<i>Thanks</i>"})
    at.invoice_items.create(
        {
            "customer": shop["grace"],
            "invoice": invoice.id,
            "amount": 4950,
            "currency": "eur",
            "description": "Hours & more",
        }
    )
    at.invoices.finalize_invoice(invoice.id)
    at.invoices.pay(invoice.id)
    ada.house.clock.move(2)  # type: ignore[attr-defined]
    async with ada.house.database.tenant(ada.principal.organisation_id) as tx:
        await ada.house.mirror.start_backfill(tx, ada.principal.organisation_id, livemode=False, again=True)
    while await ada.house.mirror.backfill_step():
        pass
    assert "49.50 EUR" in text_of((await ada.see("/invoices")).text)
    page = await ada.see(f"/invoices/{invoice.id}")
    words = text_of(page.text)
    assert "Hours & more" in words
    assert "<i>Thanks</i>" in words
    (payment,) = re.findall(r'href="/payments/(pi_\w+)"', page.text)
    assert f'href="/invoices/{invoice.id}"' in (await ada.see(f"/payments/{payment}")).text
    assert f'href="/invoices/{invoice.id}"' in (await ada.see(f"/customers/{shop['grace']}")).text
    assert "49.50 EUR" in text_of((await ada.see("/?days=365&currency=eur")).text)


async def test_who_redeemed_a_coupon(ada: Person, shop: dict[str, str]) -> None:
    codes = await ada.see("/promotion-codes?q=spring")
    assert re.findall(r'href="/coupons/([^"]+)"', codes.text.split("<tbody>")[1]) == [shop["coupon"]]
    discount = {
        "id": "di_1", "object": "discount", "customer": shop["grace"], "subscription": "sub_1", "start": 1_790_000_000,
        "source": {"type": "coupon", "coupon": shop["coupon"]}, "end": None, "promotion_code": None,
    }  # fmt: skip
    organisation = ada.principal.organisation_id
    copy = FetchedCopy(False, "discount", "di_1", None, ada.house.clock.now(), False, discount)
    async with ada.house.database.tenant(organisation) as tx:
        await ada.house.mirror.keep(tx, organisation, [copy])
    words = text_of((await ada.see(f"/coupons/{shop['coupon']}")).text)
    assert "Subscription sub_1" in words
    assert f'href="/coupons/{shop["coupon"]}"' in (await ada.see(f"/customers/{shop['grace']}")).text
