"""Features that products grant, and their attachment to products."""

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import active_entitlements, behaviour
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]


@behaviour("PostEntitlementsFeatures")
def create(call: Call) -> Obj:
    key = call.params["lookup_key"]
    if call.objects.find("entitlements.feature", lookup_key=key):
        text = f"A feature with the lookup_key `{key}` already exists."
        raise invalid(text, "lookup_key", "resource_already_exists")
    return generic.create(call)


@behaviour("PostProductsProductFeatures")
def attach(call: Call) -> Obj:
    """From now on every subscriber of the product has the feature."""
    product = call.objects.get("product", call.path["product"], param="product", status=404)
    feature = call.objects.get("entitlements.feature", call.params["entitlement_feature"], param="entitlement_feature")
    known = call.objects.children("product", product["id"], "product_feature")
    if any(record.obj["entitlement_feature"] == feature["id"] for record in known):
        raise invalid(
            "This feature is already attached to this product.", "entitlement_feature", "resource_already_exists"
        )
    attached = generic.build(call, "product_feature", id=call.new_id("prodft"), entitlement_feature=feature["id"])
    call.objects.insert(attached, parent=("product", product["id"]))
    _refresh_subscribers(call, product["id"])
    return attached


@behaviour("DeleteProductsProductFeaturesId")
def detach(call: Call) -> Obj:
    known = call.objects.children("product", call.path["product"], "product_feature")
    if not any(record.id == call.path["id"] for record in known):
        raise invalid(f"No such product_feature: '{call.path['id']}'", "id", "resource_missing", status=404)
    stub = call.objects.delete("product_feature", call.path["id"])
    _refresh_subscribers(call, call.path["product"])
    return stub


def _refresh_subscribers(call: Call, product: str) -> None:
    customers: set[str] = set()
    for price in call.objects.select("price", product=product):
        for item in call.objects.select("subscription_item", price=price.id):
            subscription = call.objects.maybe("subscription", item.obj["subscription"])
            if subscription:
                customers.add(subscription["customer"])
    for customer in sorted(customers):
        active_entitlements.refresh(call, customer)
