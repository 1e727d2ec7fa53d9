"""Sources, the payment methods of old: made, kept, used by customers that still have them."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic, pages, tables
from tillwright_sandbox.behaviours import behaviour, changes, methods, raw_cards, refs, tokens
from tillwright_sandbox.call import Call
from tillwright_sandbox.ids import random_text

_FLOWS = {"card": "none", "ach_credit_transfer": "receiver", "multibanco": "receiver", "sepa_debit": "none"}
_OWNER = ("email", "name", "phone")


@behaviour("PostSources")
def create(call: Call) -> dict[str, Any]:
    params = call.params
    type = params.get("type") or ("card" if params.get("token") else None)
    if type is None:
        raise refs.invalid("Missing required param: type.", "type", "parameter_missing")
    if f"source_type_{type}" not in tables.schemas():
        raise refs.invalid(f"Invalid source type: {type}.", "type")
    flow = params.get("flow") or _FLOWS.get(type, "redirect")
    source: dict[str, Any] = {
        "id": call.new_id("src"),
        "object": "source",
        "allow_redisplay": None,
        "amount": params.get("amount"),
        "client_secret": f"src_client_secret_{random_text(call.world.dice, 24)}",
        "created": call.now,
        "currency": (params.get("currency") or "").lower() or None,
        "flow": flow,
        "livemode": call.livemode,
        "metadata": dict(params.get("metadata") or {}),
        "owner": _owner(params.get("owner") or {}),
        "statement_descriptor": params.get("statement_descriptor"),
        "status": "chargeable" if flow == "none" else "pending",
        "type": type,
        "usage": params.get("usage") or "reusable",
        type: _part(call, type, params),
    }
    if flow == "redirect":
        source["redirect"] = _redirect(params, source["id"])
    if flow == "receiver":
        received = {"address": random_text(call.world.dice, 16), "refund_attributes_method": "email"}
        received |= {"amount_charged": 0, "amount_received": 0, "amount_returned": 0}
        source["receiver"] = received | {"refund_attributes_status": "missing"}
    call.objects.insert(source)
    if source["status"] == "chargeable":
        call.emit("source.chargeable", source)
    return source


def _redirect(params: dict[str, Any], id: str) -> dict[str, Any]:
    back = (params.get("redirect") or {}).get("return_url")
    if not back:
        name = "redirect[return_url]"
        raise refs.invalid(f"Missing required param: {name}.", name, "parameter_missing")
    url = f"https://hooks.stripe.com/redirect/authenticate/{id}"
    return {"failure_reason": None, "return_url": back, "status": "pending", "url": url}


def _owner(given: dict[str, Any]) -> dict[str, Any]:
    owner: dict[str, Any] = {"address": given.get("address")}
    if owner["address"]:
        owner["address"] = {**methods.EMPTY_ADDRESS, **owner["address"]}
    owner |= {key: given.get(key) for key in _OWNER}
    return owner | {f"verified_{key}": None for key in ("address", *_OWNER)}


def _part(call: Call, type: str, params: dict[str, Any]) -> dict[str, Any]:
    if type != "card":
        return generic.build(call, f"source_type_{type}")
    if params.get("token"):
        held = tokens.spend(call, params["token"], "token").get("card")
        if held is None:
            raise refs.invalid(f"Token {params['token']} does not hold a card.", "token")
    else:
        card, exp = raw_cards.read(call, params.get("card") or {}, "card")
        held = tokens.card_object(call, card, exp, params.get("card") or {})
    shown = tables.schemas()["source_type_card"]["properties"]
    return {key: value for key, value in held.items() if key in shown} | {"three_d_secure": "optional"}


@behaviour("PostSourcesSource")
def update(call: Call) -> dict[str, Any]:
    source = call.objects.get("source", call.path["source"])
    with changes.updating(call, source, "customer.source.updated"):
        if call.params.get("owner"):
            kept = source["owner"]
            source["owner"] = kept | {k: v for k, v in call.params["owner"].items() if k in kept}
        generic.apply(source, {key: call.params[key] for key in ("amount", "metadata") if key in call.params})
    return source


@behaviour("PostSourcesSourceVerify")
def verify(call: Call) -> dict[str, Any]:
    source = call.objects.get("source", call.path["source"])
    if source["status"] != "pending":
        raise refs.invalid(f"Source {source['id']} is {source['status']}; it needs no verification.", "source")
    source["status"] = "chargeable"
    call.objects.touch(source)
    call.emit("source.chargeable", source)
    return source


@behaviour("GetSourcesSourceSourceTransactions")
def transactions(call: Call) -> pages.Page:
    source = call.objects.get("source", call.path["source"])
    return pages.Page([], False, f"/v1/sources/{source['id']}/source_transactions")
