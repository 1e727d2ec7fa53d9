"""A customer's legacy cards and bank accounts under /v1/customers/…/sources, /cards and /bank_accounts."""

from __future__ import annotations

import itertools
from typing import Any

from tillwright_sandbox import generic, pages
from tillwright_sandbox.behaviours import (
    behaviour,
    cards,
    changes,
    lists,
    payment_methods,
    raw_cards,
    refs,
    tokens,
)
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import StripeError

KINDS = ("card", "bank_account", "source")


def add(call: Call, customer: dict[str, Any], given: Any, *, told: bool = False) -> dict[str, Any]:
    """Save a token, a source or a typed-in card to a customer; the first becomes the default.

    `told`: the caller tells customer.updated itself.
    """
    if isinstance(given, dict):
        card, exp = raw_cards.read(call, given, "source")
        held = tokens.card_object(call, card, exp, given)
    elif given.startswith("src_"):
        held = refs.named(call, "source", given, "source")
        if held.get("customer"):
            raise refs.invalid("The source you provided has already been attached to a customer.", "source")
    else:
        token = tokens.spend(call, given, "source")
        held = dict(token.get("card") or token.get("bank_account") or {})
        if not held:
            raise refs.invalid(f"A {token['type']} token cannot be attached to a customer.", "source")
    if held["object"] != "bank_account":
        part = held if held["object"] == "card" else held.get("card") or {}
        if decline := cards.by_fingerprint(part.get("fingerprint")).declines(charging=False):
            raise payment_methods.declined(decline)
    held["customer"] = customer["id"]
    held["_created"] = call.now
    if held["object"] == "source":
        call.objects.touch(held)
    else:
        call.objects.insert(held, parent=("customer", customer["id"]))
    call.emit("customer.source.created", held)
    if customer["default_source"] is None and not told:
        with changes.updating(call, customer, "customer.updated"):
            customer["default_source"] = held["id"]
    return held


def find(call: Call, customer: str, id: str) -> dict[str, Any] | None:
    """The source of that id, if it is this customer's."""
    found = (call.objects.maybe(kind, id) for kind in KINDS)
    return next((one for one in found if one and one.get("customer") == customer), None)


def check_owner(call: Call, customer: dict[str, Any], id: str) -> None:
    if find(call, customer["id"], id) is None:
        raise refs.invalid(f"No such source: '{id}'", "default_source", "resource_missing")


def _in_path(call: Call) -> tuple[dict[str, Any], dict[str, Any]]:
    customer = refs.in_path(call, "customer", call.path["customer"])
    found = find(call, customer["id"], call.path["id"])
    if found is None:
        text = f"No such source: '{call.path['id']}'"
        raise StripeError(404, "invalid_request_error", "resource_missing", text, "id")
    return customer, found


@behaviour("PostCustomersCustomerSources", "PostCustomersCustomerCards", "PostCustomersCustomerBankAccounts")
def create(call: Call) -> dict[str, Any]:
    customer = refs.in_path(call, "customer", call.path["customer"])
    given = call.params.get("source") or call.params.get("card") or call.params.get("bank_account")
    if not given:
        raise refs.invalid("Missing required param: source.", "source", "parameter_missing")
    if isinstance(given, dict) and (given.get("account_number") or given.get("object") == "bank_account"):
        held = tokens.bank_object(call, given)
        given = tokens.make(call, "bank_account", bank_account=held)["id"]
    added = add(call, customer, given)
    if call.params.get("metadata"):
        generic.apply(added, {"metadata": call.params["metadata"]})
    return added


@behaviour("GetCustomersCustomerSourcesId", "GetCustomersCustomerCardsId", "GetCustomersCustomerBankAccountsId")
def retrieve(call: Call) -> dict[str, Any]:
    return _in_path(call)[1]


@behaviour("GetCustomersCustomerSources")
def list_all(call: Call) -> pages.Page:
    wanted = call.params.get("object")
    return _list(call, (wanted,) if wanted else KINDS)


@behaviour("GetCustomersCustomerCards")
def list_cards(call: Call) -> pages.Page:
    return _list(call, ("card",))


@behaviour("GetCustomersCustomerBankAccounts")
def list_bank_accounts(call: Call) -> pages.Page:
    return _list(call, ("bank_account",))


def _list(call: Call, kinds: tuple[str, ...]) -> pages.Page:
    customer = refs.in_path(call, "customer", call.path["customer"])
    found = itertools.chain(*(call.objects.select(kind, customer=customer["id"]) for kind in kinds))
    return lists.of_records(call, kinds, sorted(found, key=lambda one: one.key, reverse=True))


@behaviour("PostCustomersCustomerSourcesId", "PostCustomersCustomerCardsId", "PostCustomersCustomerBankAccountsId")
def update(call: Call) -> dict[str, Any]:
    _, found = _in_path(call)
    params = {key: value for key, value in call.params.items() if key != "owner"}
    for key in ("exp_month", "exp_year"):
        if key in params:
            params[key] = int(params[key])
    with changes.updating(call, found, "customer.source.updated"):
        generic.apply(found, params)
    return found


@behaviour(
    "DeleteCustomersCustomerSourcesId", "DeleteCustomersCustomerCardsId", "DeleteCustomersCustomerBankAccountsId"
)
def delete(call: Call) -> dict[str, Any]:
    """Cards and bank accounts are deleted; a source is only detached, and comes back as it is."""
    customer, found = _in_path(call)
    answer = found
    if found["object"] == "source":
        found |= {"status": "consumed"}
        found.pop("customer")
        call.objects.touch(found)
        call.emit("customer.source.deleted", found)
    else:
        call.emit("customer.source.deleted", dict(found))
        answer = {**call.objects.delete(found["object"], found["id"]), "deleted": True}
    if customer["default_source"] == found["id"]:
        left = [one for kind in KINDS for one in call.objects.find(kind, customer=customer["id"])]
        with changes.updating(call, customer, "customer.updated"):
            customer["default_source"] = left[0]["id"] if left else None
    return answer


@behaviour("PostCustomersCustomerSourcesIdVerify", "PostCustomersCustomerBankAccountsIdVerify")
def verify(call: Call) -> dict[str, Any]:
    """The two test deposits are 32 and 45 cents."""
    _, found = _in_path(call)
    if found["object"] != "bank_account":
        raise refs.invalid("Only bank accounts can be verified by deposits.", "id")
    if found["status"] == "verified":
        raise refs.invalid("This bank account has already been verified.", None, "bank_account_exists")
    if sorted(call.params.get("amounts") or []) != [32, 45]:
        text = "The amounts provided do not match the amounts that were sent to the bank account."
        raise refs.invalid(text, "amounts", "incorrect_amounts")
    found["status"] = "verified"
    call.objects.touch(found)
    call.emit("customer.source.updated", found, {"status": "new"})
    return found
