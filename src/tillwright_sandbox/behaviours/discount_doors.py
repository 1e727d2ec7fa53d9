"""The addresses that read and remove the discount of a customer or a subscription."""

from typing import Any

from tillwright_sandbox.behaviours import behaviour, discounts
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid


@behaviour("GetCustomersCustomerDiscount")
def of_customer(call: Call) -> dict[str, Any]:
    customer = call.objects.get("customer", call.path["customer"], param="customer", status=404)
    if not customer.get("discount"):
        raise _none("customer", customer["id"])
    return call.objects.get("discount", customer["discount"])


@behaviour("DeleteCustomersCustomerDiscount")
def strip_customer(call: Call) -> dict[str, Any]:
    customer = call.objects.get("customer", call.path["customer"], param="customer", status=404)
    if not customer.get("discount"):
        raise _none("customer", customer["id"])
    discount = customer["discount"]
    with updating(call, customer, "customer.updated"):
        customer["discount"] = None
    return discounts.remove(call, discount)


def give_customer(call: Call, customer: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """Put a discount on a customer, in place of the one there (no address of this version does it)."""
    replaced = customer.get("discount")
    if replaced:
        call.objects.delete("discount", replaced)
    currency = customer.get("currency") or "usd"
    given = discounts.give(call, [entry], customer=customer["id"], currency=currency)
    with updating(call, customer, "customer.updated"):
        customer["discount"] = given[0]
    discount = call.objects.get("discount", given[0])
    if replaced:
        call.emit("customer.discount.updated", discount)
    return discount


@behaviour("GetCustomersCustomerSubscriptionsSubscriptionExposedIdDiscount")
def of_subscription(call: Call) -> dict[str, Any]:
    subscription = _subscription(call)
    if not subscription["discounts"]:
        raise _none("subscription", subscription["id"])
    return call.objects.get("discount", subscription["discounts"][0])


@behaviour(
    "DeleteSubscriptionsSubscriptionExposedIdDiscount",
    "DeleteCustomersCustomerSubscriptionsSubscriptionExposedIdDiscount",
)
def strip_subscription(call: Call) -> dict[str, Any]:
    """All of the subscription's discounts go; the answer is the first of them."""
    subscription = _subscription(call)
    if not subscription["discounts"]:
        raise _none("subscription", subscription["id"])
    removed = [discounts.remove(call, id) for id in subscription["discounts"]]
    with updating(call, subscription, "customer.subscription.updated"):
        subscription["discounts"] = []
    return removed[0]


def _subscription(call: Call) -> dict[str, Any]:
    return call.objects.get("subscription", call.path["subscription_exposed_id"])


def _none(noun: str, id: str) -> Exception:
    return invalid(f"No active discount for {noun}: {id}", code="resource_missing", status=404)
