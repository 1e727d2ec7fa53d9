"""Coupons, promotion codes and the discounts they give: terms, limits, and what they take off."""

import pytest
import stripe

from tests.sandbox.shop import DAY, Shop, valid


@pytest.fixture
def shop(sandbox):
    return Shop(sandbox)


def code_of(shop, coupon, **more):
    return valid(shop.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, **more}))


@pytest.mark.parametrize(
    ("values", "param"),
    [
        ({}, "percent_off"),
        ({"percent_off": 10, "amount_off": 10, "currency": "usd"}, "amount_off"),
        ({"amount_off": 10}, "currency"),
        ({"percent_off": 101}, "percent_off"),
        ({"percent_off": 10, "duration": "repeating"}, "duration_in_months"),
        ({"percent_off": 10, "duration": "once", "duration_in_months": 3}, "duration_in_months"),
        ({"percent_off": 10, "redeem_by": 1_000_000}, "redeem_by"),
        ({"percent_off": 10, "max_redemptions": 0}, "max_redemptions"),
    ],
)
def test_coupons_stripe_refuses(shop, values, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.coupons.create(values)
    assert refused.value.param == param


def test_a_coupons_terms_never_change(shop):
    coupon = valid(shop.v1.coupons.create({"id": "SPRING", "percent_off": 10, "duration": "forever", "name": "Spring"}))
    for values in ({"percent_off": 20}, {"duration": "once"}, {"max_redemptions": 3}):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.v1.coupons.update(coupon.id, values)
        assert refused.value.code == "parameter_unknown"
    after = valid(shop.v1.coupons.update(coupon.id, {"name": "Late spring", "metadata": {"k": "v"}}))
    assert (after.name, after.percent_off, after.metadata["k"]) == ("Late spring", 10, "v")
    assert shop.events("coupon.updated")[-1].data.previous_attributes.name == "Spring"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.coupons.create({"id": "SPRING", "percent_off": 10})
    assert refused.value.code == "resource_already_exists"


def test_deleting_a_coupon_strips_no_applied_discount(shop):
    coupon = shop.v1.coupons.create({"percent_off": 50, "duration": "forever"})
    made = shop.subscribe(shop.customer(), shop.price(), discounts=[{"coupon": coupon.id}], expand=["discounts"])
    assert valid(made.discounts[0]).source.coupon == coupon.id
    assert valid(shop.v1.coupons.delete(coupon.id), "deleted_coupon").deleted is True
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.coupons.retrieve(coupon.id)
    assert refused.value.http_status == 404
    shop.pass_days(32)
    newest = shop.v1.invoices.list({"subscription": made.id}).data[0]
    assert (newest.billing_reason, newest.total) == ("subscription_cycle", 1000)
    with pytest.raises(stripe.InvalidRequestError):
        shop.subscribe(shop.customer(), shop.price(), discounts=[{"coupon": coupon.id}])


def test_max_redemptions_is_settled_when_applied(shop):
    coupon = shop.v1.coupons.create({"percent_off": 10, "duration": "forever", "max_redemptions": 1})
    price = shop.price()
    shop.subscribe(shop.customer(), price, discounts=[{"coupon": coupon.id}])
    used = shop.v1.coupons.retrieve(coupon.id)
    assert (used.valid, used.times_redeemed) == (False, 1)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.subscribe(shop.customer(), price, discounts=[{"coupon": coupon.id}])
    assert refused.value.code == "coupon_expired"
    assert shop.v1.coupons.retrieve(coupon.id).times_redeemed == 1


def test_a_coupon_is_not_valid_after_its_date(shop):
    now = shop.sandbox.world.clock.now()
    coupon = shop.v1.coupons.create({"percent_off": 10, "redeem_by": now + DAY})
    assert coupon.valid is True
    shop.pass_days(2)
    assert shop.v1.coupons.list().data[0].valid is False
    assert shop.v1.coupons.retrieve(coupon.id).valid is False


def test_a_code_is_one_of_a_kind_among_the_active(shop):
    coupon = shop.v1.coupons.create({"percent_off": 10})
    first = code_of(shop, coupon, code="Save10")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        code_of(shop, coupon, code="SAVE10")
    assert refused.value.param == "code"
    shop.v1.promotion_codes.update(first.id, {"active": False})
    second = code_of(shop, coupon, code="SAVE10")
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.promotion_codes.update(first.id, {"active": True})
    assert [one.id for one in shop.v1.promotion_codes.list({"code": "SAVE10"}).data] == [second.id]
    generated = code_of(shop, coupon)
    assert len(generated.code) == 8


def test_an_exhausted_or_expired_code_turns_inactive(shop):
    coupon = shop.v1.coupons.create({"percent_off": 10, "duration": "forever"})
    price, now = shop.price(), shop.sandbox.world.clock.now()
    once = code_of(shop, coupon, max_redemptions=1)
    brief = code_of(shop, coupon, expires_at=now + DAY)
    shop.subscribe(shop.customer(), price, discounts=[{"promotion_code": once.id}])
    after = shop.v1.promotion_codes.retrieve(once.id)
    assert (after.active, after.times_redeemed) == (False, 1)
    with pytest.raises(stripe.InvalidRequestError):
        shop.subscribe(shop.customer(), price, discounts=[{"promotion_code": once.id}])
    shop.pass_days(2)
    assert shop.v1.promotion_codes.list({"active": True}).data == []
    assert shop.v1.promotion_codes.retrieve(brief.id).active is False
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.promotion_codes.update(brief.id, {"active": True})
    assert len(shop.events("promotion_code.updated")) == 2


def test_first_time_codes_refuse_a_customer_who_has_paid(shop):
    coupon = shop.v1.coupons.create({"percent_off": 10})
    code = code_of(shop, coupon, restrictions={"first_time_transaction": True})
    customer, price = shop.customer(), shop.price()
    shop.subscribe(customer, price)
    with pytest.raises(stripe.InvalidRequestError):
        shop.subscribe(customer, shop.price(), discounts=[{"promotion_code": code.id}])
    shop.subscribe(shop.customer(), price, discounts=[{"promotion_code": code.id}])


def test_once_repeating_and_forever(shop):
    customer, price = shop.customer(), shop.price()
    totals = {}
    for duration, more in (("once", {}), ("repeating", {"duration_in_months": 2}), ("forever", {})):
        coupon = shop.v1.coupons.create({"amount_off": 500, "currency": "usd", "duration": duration, **more})
        made = shop.subscribe(customer, price, discounts=[{"coupon": coupon.id}])
        totals[made.id] = duration
    shop.pass_days(32)
    assert shop.told("customer.discount.deleted") == ["customer.discount.deleted"]
    for _ in range(2):
        shop.pass_days(31)
    found = {}
    for id, duration in totals.items():
        found[duration] = [one.total for one in shop.v1.invoices.list({"subscription": id}).data][::-1]
    assert found["once"][:3] == [1500, 2000, 2000]
    assert found["repeating"][:4] == [1500, 1500, 2000, 2000]
    assert set(found["forever"]) == {1500}


def test_discounts_stack_and_keep_to_their_products(shop):
    cheap, dear = shop.price(1000), shop.price(3000)
    products = {"applies_to": {"products": [dear.product]}}
    only = shop.v1.coupons.create({"percent_off": 50, "duration": "forever", **products})
    all_ = shop.v1.coupons.create({"amount_off": 250, "currency": "usd", "duration": "forever"})
    made = shop.subscribe(
        shop.customer(),
        cheap,
        items=[{"price": cheap.id}, {"price": dear.id}],
        discounts=[{"coupon": only.id}, {"coupon": all_.id}],
        expand=["latest_invoice"],
    )
    invoice = made.latest_invoice
    assert (invoice.subtotal, invoice.total) == (4000, 2250)
    assert {part.amount for part in invoice.total_discount_amounts} == {1500, 250}
    assert sum(part.amount for line in invoice.lines.data for part in line.discount_amounts) == 1750


def test_a_subscriptions_discount_can_be_taken_away(shop):
    coupon = shop.v1.coupons.create({"percent_off": 10, "duration": "forever"})
    made = shop.subscribe(shop.customer(), shop.price(), discounts=[{"coupon": coupon.id}])
    gone = valid(shop.v1.subscriptions.delete_discount(made.id), "deleted_discount")
    assert gone.deleted is True
    after = shop.v1.subscriptions.retrieve(made.id)
    assert after.discounts == []
    assert {"customer.discount.created", "customer.discount.deleted"} <= set(shop.told("customer.discount"))
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.subscriptions.delete_discount(made.id)


def test_a_customers_discount_reaches_the_invoice_and_can_be_removed(shop):
    from tillwright_sandbox import pipeline
    from tillwright_sandbox.behaviours import discount_doors

    coupon = shop.v1.coupons.create({"percent_off": 30, "duration": "forever"})
    customer = shop.customer()
    world = shop.sandbox.world
    with pipeline.act(world, world.accounts[shop.sandbox.account], False) as call:
        stored = call.objects.get("customer", customer.id)
        discount_doors.give_customer(call, stored, {"coupon": coupon.id})
    assert valid(shop.v1.customers.retrieve(customer.id)).discount.source.coupon == coupon.id
    made = shop.subscribe(customer, shop.price(), expand=["latest_invoice"])
    assert made.latest_invoice.total == 1400
    valid(shop.v1.customers.delete_discount(customer.id), "deleted_discount")
    assert shop.v1.customers.retrieve(customer.id).discount is None
