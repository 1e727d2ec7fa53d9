"""`expand` and sub-lists: what may be expanded, how deep, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.conftest import Sandbox

Validate = Any


@pytest.fixture
def charge(sandbox: Sandbox) -> Any:
    """A paid PaymentIntent's charge, of a customer."""
    v1 = sandbox.client.v1
    customer = v1.customers.create({"name": "Ada"})
    intent = v1.payment_intents.create(
        {
            "amount": 2000,
            "currency": "usd",
            "customer": customer.id,
            "payment_method": "pm_card_visa",
            "confirm": True,
            "payment_method_types": ["card"],
        }
    )
    return v1.charges.retrieve(str(intent.latest_charge))


def test_a_field_is_an_id_until_it_is_expanded(sandbox: Sandbox, charge: Any, validate: Validate) -> None:
    assert isinstance(charge.customer, str)
    shown = validate(sandbox.client.v1.charges.retrieve(charge.id, {"expand": ["customer", "balance_transaction"]}))
    assert shown.customer.name == "Ada"
    assert shown.balance_transaction.amount == 2000
    assert isinstance(sandbox.client.v1.charges.retrieve(charge.id).customer, str)


def test_four_levels_and_lists(sandbox: Sandbox, charge: Any, validate_operation: Validate) -> None:
    page = sandbox.client.v1.charges.list({"expand": ["data.payment_intent.latest_charge.customer"]})
    validate_operation("GetCharges", page)
    assert page.data[0].payment_intent.latest_charge.customer.name == "Ada"


def test_five_levels_are_refused(sandbox: Sandbox, charge: Any) -> None:
    path = "data.payment_intent.latest_charge.payment_intent.customer"
    with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
        sandbox.client.v1.charges.list({"expand": [path]})


@pytest.mark.parametrize("path", ["nope", "amount", "customer.nope", "customer.name.x", "refunds.data.nope"])
def test_what_cannot_be_expanded_is_refused(sandbox: Sandbox, charge: Any, path: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded") as refusal:
        sandbox.client.v1.charges.retrieve(charge.id, {"expand": [path]})
    assert refusal.value.http_status == 400


def test_a_list_is_expanded_from_its_data(sandbox: Sandbox, charge: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=r"try expanding 'data\.customer' instead"):
        sandbox.client.v1.charges.list({"expand": ["customer"]})


def test_a_refused_expand_undoes_the_write(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        sandbox.client.v1.customers.create({"name": "Ada", "expand": ["nope"]})
    assert sandbox.objects.count("customer") == 0


def test_sub_lists_are_given_when_asked_for(sandbox: Sandbox, charge: Any, validate: Validate) -> None:
    v1 = sandbox.client.v1
    refund = v1.refunds.create({"charge": charge.id, "amount": 500})
    assert "refunds" not in v1.charges.retrieve(charge.id).to_dict()
    shown = validate(v1.charges.retrieve(charge.id, {"expand": ["refunds", "refunds.data.balance_transaction"]}))
    assert [one.id for one in shown.refunds.data] == [refund.id]
    assert shown.refunds.data[0].balance_transaction.amount == -500
    assert shown.refunds.url == f"/v1/charges/{charge.id}/refunds"
    customer = validate(v1.customers.retrieve(charge.customer, {"expand": ["subscriptions", "sources", "tax_ids"]}))
    assert customer.subscriptions.data == []
    assert customer.tax_ids.url == f"/v1/customers/{charge.customer}/tax_ids"


def test_an_embedded_object_follows_its_changes(sandbox: Sandbox, validate: Validate) -> None:
    """A price inside a subscription's item is the price as it is now, also from the kept bytes of a list."""
    v1 = sandbox.client.v1
    customer = v1.customers.create({"name": "Ada"})
    product = v1.products.create({"name": "Chair"})
    price = v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 900, "recurring": {"interval": "month"}}
    )
    subscription = v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "collection_method": "send_invoice",
            "days_until_due": 9,
        }
    )
    for nickname in ("first", "second"):
        v1.prices.update(price.id, {"nickname": nickname})
        listed = v1.subscriptions.list().data[0]
        validate(listed)
        assert listed["items"].data[0].price.nickname == nickname
    assert [one.id for one in v1.subscription_items.list({"subscription": subscription.id}).data] == [
        subscription["items"].data[0].id
    ]


def test_a_deleted_customer_is_expanded_as_its_stub(sandbox: Sandbox, charge: Any, validate: Validate) -> None:
    sandbox.client.v1.customers.delete(charge.customer)
    shown = validate(sandbox.client.v1.charges.retrieve(charge.id, {"expand": ["customer"]}))
    assert shown.customer.to_dict() == {"id": charge.customer, "object": "customer", "deleted": True}
