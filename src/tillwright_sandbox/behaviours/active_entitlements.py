"""What a customer is entitled to now: the features of the products on its living subscriptions."""

from typing import Any

from tillwright_sandbox import generic, pages
from tillwright_sandbox.behaviours import behaviour, lists
from tillwright_sandbox.call import Call

Obj = dict[str, Any]
_ENTITLING = ("active", "trialing", "past_due")


def _features(call: Call, customer: str) -> set[str]:
    features: set[str] = set()
    for subscription in call.objects.select("subscription", customer=customer):
        if subscription.obj["status"] not in _ENTITLING:
            continue
        for item in call.objects.select("subscription_item", subscription=subscription.id):
            price = call.objects.maybe("price", item.obj["price"])
            if price:
                features |= {
                    f.obj["entitlement_feature"]
                    for f in call.objects.children("product", price["product"], "product_feature")
                }
    return features


def refresh(call: Call, customer: str) -> None:
    """Bring the active entitlements up to the subscriptions, with one summary event if anything changed."""
    held = {one["feature"]: one for one in call.objects.find("entitlements.active_entitlement", customer=customer)}
    held |= {
        one["feature"]: one
        for one in (r.obj for r in call.objects.children("customer", customer, "entitlements.active_entitlement"))
    }
    wanted = _features(call, customer)
    if wanted == set(held):
        return
    for feature in sorted(wanted - set(held)):
        values = {
            "id": call.new_id("ent"),
            "feature": feature,
            "lookup_key": call.objects.get("entitlements.feature", feature)["lookup_key"],
        }
        entitlement = generic.build(call, "entitlements.active_entitlement", **values)
        call.objects.insert(entitlement, parent=("customer", customer))
    for feature in set(held) - wanted:
        call.objects.delete("entitlements.active_entitlement", held[feature]["id"])
    summary = {
        "object": "entitlements.active_entitlement_summary",
        "customer": customer,
        "entitlements": _as_list(call, customer),
        "livemode": call.livemode,
    }
    call.emit(
        "entitlements.active_entitlement_summary.updated", summary, {"entitlements": {"data": list(held.values())}}
    )


def _as_list(call: Call, customer: str) -> Obj:
    rows = [r.obj for r in call.objects.children("customer", customer, "entitlements.active_entitlement")]
    return {
        "object": "list",
        "data": rows[:10],
        "has_more": len(rows) > 10,
        "url": f"/v1/customer/{customer}/entitlements",
    }


@behaviour("GetEntitlementsActiveEntitlements")
def list_all(call: Call) -> pages.Page:
    customer = call.objects.get("customer", call.params["customer"], param="customer")
    kind = "entitlements.active_entitlement"
    return lists.of_records(call, (kind,), call.objects.children("customer", customer["id"], kind))
