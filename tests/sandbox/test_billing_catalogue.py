"""Products, prices, plans, tax rates: what can be sold, and what Stripe refuses about it."""

import pytest
import stripe

from tests.sandbox.shop import Shop, valid


@pytest.fixture
def shop(sandbox):
    return Shop(sandbox)


def test_a_product_with_its_default_price(shop):
    product = valid(
        shop.v1.products.create(
            {
                "id": "gold",
                "name": "Gold",
                "default_price_data": {"currency": "eur", "unit_amount": 990, "recurring": {"interval": "year"}},
            }
        )
    )
    price = valid(shop.v1.prices.retrieve(product.default_price))
    assert (price.product, price.unit_amount, str(price.unit_amount_decimal)) == ("gold", 990, "990")
    assert price.recurring.interval == "year"
    assert set(shop.told("product", "price", "plan")) == {"product.created", "price.created", "plan.created"}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.products.create({"id": "gold", "name": "Again"})
    assert refused.value.code == "resource_already_exists"
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.products.delete("gold")
    changed = valid(shop.v1.products.update("gold", {"name": "Golden", "metadata": {"a": "1"}}))
    assert changed.name == "Golden"
    previous = shop.events("product.updated")[-1].data.previous_attributes
    assert previous.name == "Gold"


def test_a_product_without_prices_can_go_and_then_answers_404(shop):
    product = shop.v1.products.create({"name": "Brief"})
    assert valid(shop.v1.products.delete(product.id), "deleted_product").deleted is True
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.products.retrieve(product.id)
    assert refused.value.http_status == 404


@pytest.mark.parametrize(
    ("values", "param"),
    [
        ({}, "unit_amount"),
        ({"unit_amount": 5, "unit_amount_decimal": "5"}, "unit_amount"),
        ({"unit_amount": -5}, "unit_amount"),
        ({"unit_amount": 5, "currency": "xyz"}, "currency"),
        ({"unit_amount": 5, "product": "prod_none"}, "product"),
        ({"billing_scheme": "tiered"}, "tiers"),
    ],
)
def test_prices_stripe_refuses(shop, values, param):
    base = {"currency": "usd", "product_data": {"name": "P"}}
    if "product" in values:
        del base["product_data"]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.prices.create({**base, **values})
    assert refused.value.param == param


def test_a_lookup_key_belongs_to_one_price(shop):
    first = shop.price(lookup_key="monthly")
    with pytest.raises(stripe.InvalidRequestError):
        shop.price(lookup_key="monthly")
    second = shop.price(lookup_key="monthly", transfer_lookup_key=True)
    assert shop.v1.prices.retrieve(first.id).lookup_key is None
    assert [one.id for one in shop.v1.prices.list({"lookup_keys": ["monthly"]}).data] == [second.id]


def test_a_price_and_its_plan_change_together(shop):
    price = shop.price(1500)
    plan = valid(shop.v1.plans.retrieve(price.id))
    assert (plan.amount, plan.interval, plan.product) == (1500, "month", price.product)
    shop.v1.prices.update(price.id, {"nickname": "Fifteen", "active": False})
    after = shop.v1.plans.retrieve(price.id)
    assert (after.nickname, after.active) == ("Fifteen", False)
    made = valid(
        shop.v1.plans.create({"currency": "usd", "amount": 700, "interval": "week", "product": {"name": "Weekly"}})
    )
    assert shop.v1.prices.retrieve(made.id).unit_amount == 700


def test_tiers_are_billed_graduated_and_by_volume(shop):
    tiers = [{"up_to": 5, "unit_amount": 100, "flat_amount": 300}, {"up_to": "inf", "unit_amount": 50}]
    wanted = {"graduated": 300 + 500 + 150, "volume": 8 * 50}
    for mode, total in wanted.items():
        price = valid(
            shop.v1.prices.create(
                {
                    "currency": "usd",
                    "product_data": {"name": mode},
                    "recurring": {"interval": "month"},
                    "billing_scheme": "tiered",
                    "tiers_mode": mode,
                    "tiers": tiers,
                    "expand": ["tiers"],
                }
            )
        )
        made = shop.subscribe(
            shop.customer(), price, items=[{"price": price.id, "quantity": 8}], expand=["latest_invoice"]
        )
        assert made.latest_invoice.total == total


@pytest.mark.parametrize("code", ["ugx", "jpy"])
def test_zero_decimal_amounts_stay_whole(shop, code):
    made = shop.subscribe(shop.customer(), shop.price(50_000, currency=code), expand=["latest_invoice"])
    assert (made.currency, made.latest_invoice.total) == (code, 50_000)


@pytest.mark.parametrize(("inclusive", "total", "tax"), [(False, 2400, 400), (True, 2000, 333)])
def test_tax_rates_are_put_on_top_or_found_inside(shop, inclusive, total, tax):
    rate = valid(shop.v1.tax_rates.create({"display_name": "VAT", "percentage": 20, "inclusive": inclusive}))
    made = shop.subscribe(shop.customer(), shop.price(), default_tax_rates=[rate.id], expand=["latest_invoice"])
    invoice = made.latest_invoice
    assert (invoice.total, invoice.total_taxes[0].amount) == (total, tax)
    assert invoice.total_excluding_tax == total - tax
    assert invoice.lines.data[0].taxes[0].tax_rate_details.tax_rate == rate.id
