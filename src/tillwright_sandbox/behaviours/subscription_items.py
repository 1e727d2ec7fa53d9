"""Subscription items by their own addresses: one price and quantity of a subscription."""

import copy
from typing import Any

from tillwright_sandbox.behaviours import behaviour, item_changes, subscription_states
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]


def _apply(call: Call, subscription_id: str, entry: Obj, params: Obj) -> None:
    subscription = call.objects.get("subscription", subscription_id, param="subscription")
    if subscription["status"] in subscription_states.ENDED:
        raise invalid(f"Subscription {subscription_id} is canceled; its items can't change.", "subscription")
    with updating(call, subscription, "customer.subscription.updated"):
        item_changes.apply(call, subscription, [entry], params)


@behaviour("PostSubscriptionItems")
def create(call: Call) -> Obj:
    params = copy.deepcopy(call.params)
    known = {item["id"] for item in call.objects.find("subscription_item", subscription=params["subscription"])}
    _apply(call, params["subscription"], params, params)
    found = call.objects.find("subscription_item", subscription=params["subscription"])
    return next(item for item in found if item["id"] not in known)


@behaviour("PostSubscriptionItemsItem")
def update(call: Call) -> Obj:
    item = call.objects.get("subscription_item", call.path["item"])
    params = copy.deepcopy(call.params)
    _apply(call, item["subscription"], {**params, "id": item["id"]}, params)
    return item


@behaviour("DeleteSubscriptionItemsItem")
def delete(call: Call) -> Obj:
    item = call.objects.get("subscription_item", call.path["item"])
    _apply(call, item["subscription"], {"id": item["id"], "deleted": True}, dict(call.params))
    return {"id": call.path["item"], "object": "subscription_item", "deleted": True}
