"""Products: what is sold; a default price may be made in the same call."""

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour, prices
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid


@behaviour("PostProducts")
def create(call: Call) -> dict[str, Any]:
    return make(call, dict(call.params))


def make(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """A product from its parameters; the id may be chosen."""
    price_data = values.pop("default_price_data", None)
    if values.get("id") and call.objects.maybe("product", values["id"]):
        raise invalid(f"Product already exists: {values['id']}.", "id", "resource_already_exists")
    if not values.get("name"):
        raise invalid("Missing required param: name.", "name", "parameter_missing")
    values.setdefault("id", call.new_id("prod"))
    values.setdefault("active", True)
    product = call.objects.insert(generic.build(call, "product", **values, updated=call.now))
    if price_data:
        product["default_price"] = prices.make(call, {**price_data, "product": product["id"]}, "default_price_data")[
            "id"
        ]
        call.objects.touch(product)
    call.emit("product.created", product)
    return product


@behaviour("PostProductsId")
def update(call: Call) -> dict[str, Any]:
    product = call.objects.get("product", call.path["id"])
    if default := call.params.get("default_price"):
        price = call.objects.get("price", default, param="default_price")
        if price["product"] != product["id"]:
            raise invalid(f"Price {default} does not belong to product {product['id']}.", "default_price")
        if not price["active"]:
            raise invalid("An inactive price cannot be a product's default price.", "default_price")
    with updating(call, product, "product.updated"):
        generic.apply(product, call.params)
        product["updated"] = call.now
    return product


@behaviour("DeleteProductsId")
def delete(call: Call) -> dict[str, Any]:
    """Only a product that never had a price can go."""
    product = call.objects.get("product", call.path["id"])
    if call.objects.find("price", product=product["id"]):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.")
    stub = call.objects.delete("product", product["id"])
    call.emit("product.deleted", product)
    return stub
