"""Older API versions: parameters that were dropped since still work there, and only there."""

import httpx
import pytest
import stripe

OLD = "2025-06-30.basil"


def old(sandbox) -> stripe.StripeClient:
    return sandbox.client_with(sandbox.secret_key, stripe_version=OLD)


def test_a_promotion_code_named_its_coupon_directly(sandbox, validate):
    coupon = sandbox.client.v1.coupons.create({"percent_off": 20})
    code = old(sandbox).v1.promotion_codes.create({"coupon": coupon.id, "code": "OLD20"})
    validate(code)
    assert code.promotion.coupon == coupon.id
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter: coupon"):
        sandbox.client.v1.promotion_codes.create({"coupon": coupon.id})
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: coupon"):
        old(sandbox).v1.promotion_codes.create({"code": "NOTHING"})


def test_a_customer_had_a_coupon(sandbox, validate):
    first, second = (sandbox.client.v1.coupons.create({"percent_off": off}).id for off in (10, 30))
    customer = old(sandbox).v1.customers.create({"name": "Old", "coupon": first})
    discount = sandbox.http("GET", f"/v1/customers/{customer.id}/discount").json()
    assert discount["source"]["coupon"] == first
    old(sandbox).v1.customers.update(customer.id, {"coupon": second})
    discount = sandbox.http("GET", f"/v1/customers/{customer.id}/discount").json()
    assert discount["source"]["coupon"] == second
    old(sandbox).v1.customers.update(customer.id, {"coupon": ""})
    assert sandbox.http("GET", f"/v1/customers/{customer.id}/discount").status_code == 404
    told = [row.type for row in sandbox.client.v1.events.list({"limit": 100, "type": "customer.discount.*"}).data]
    assert set(told) == {"customer.discount.created", "customer.discount.updated", "customer.discount.deleted"}
    assert sandbox.client.v1.coupons.retrieve(second).times_redeemed == 1


def test_a_phase_counted_iterations(sandbox, validate):
    price = sandbox.client.v1.prices.create(
        {"currency": "usd", "unit_amount": 500, "recurring": {"interval": "month"}, "product_data": {"name": "P"}}
    )
    customer = sandbox.client.v1.customers.create({"name": "Old"})
    start = sandbox.world.clock.now() + 86_400
    phases = [{"items": [{"price": price.id}], "iterations": 3}]
    params = {"customer": customer.id, "start_date": start, "phases": phases}
    schedule = old(sandbox).v1.subscription_schedules.create(params)
    validate(schedule)
    months = (schedule.phases[0].end_date - start) / 86_400
    assert 89 <= months <= 92
    with pytest.raises(stripe.InvalidRequestError, match=r"unknown parameter: phases\[0\]\[iterations\]"):
        sandbox.client.v1.subscription_schedules.create(params)


def test_an_account_has_a_version_of_its_own(sandbox):
    def version(word: str, **headers: str) -> str:
        answer = httpx.get(
            f"{sandbox.url}/v1/balance",
            headers={"Authorization": f"Bearer sk_test_sandbox_{word}", **headers},
            trust_env=False,
        )
        return answer.headers["Stripe-Version"]

    assert version("northwind") == "2026-08-26.dahlia"
    assert version("oldmill") == OLD
    assert version("oldmill", **{"Stripe-Version": "2026-08-26.dahlia"}) == "2026-08-26.dahlia"
