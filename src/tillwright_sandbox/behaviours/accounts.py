"""Accounts: the caller's own, and those connected to it."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import events, generic
from tillwright_sandbox.behaviours import behaviour
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid, no_such
from tillwright_sandbox.world import Account


def shown(call: Call, account: Account) -> dict[str, Any]:
    """The account's object, kept with its platform (or with itself), made at the first look."""
    keeper = call.world.accounts.get(account.platform or account.id, account)
    store = keeper.objects(call.livemode)
    found = store.maybe("account", account.id)
    if found is not None:
        return found
    values: dict[str, Any] = {
        "id": account.id,
        "country": account.country,
        "default_currency": account.currency,
        "email": account.email,
        "type": "standard",
        "business_profile": {"name": account.name},
        "settings": {"dashboard": {"display_name": account.name, "timezone": "Etc/UTC"}},
    }
    return store.insert(generic.build(call, "account", **(values | account.details)))


def named(call: Call) -> dict[str, Any]:
    """The account the address names: one's own or a connected one, else 404."""
    id_ = call.path["account"]
    generic.require_account(call, id_)
    return shown(call, call.world.accounts[id_])


@behaviour("GetAccount")
def own(call: Call) -> dict[str, Any]:
    return shown(call, call.account)


@behaviour("GetAccountsAccount")
def retrieve(call: Call) -> dict[str, Any]:
    return named(call)


@behaviour("GetAccounts")
def connected(call: Call) -> generic.Page:
    """The connected accounts, newest first; one's own is not among them."""
    connect, me = call.world.connect, call.account.id
    mine = [one for one in call.world.accounts.values() if one.id != me and connect.reaches(me, one.id, call.livemode)]
    rows = sorted((shown(call, one) for one in mine), key=lambda obj: obj["created"], reverse=True)
    return generic.listed(call, rows)


@behaviour("PostAccounts")
def create(call: Call) -> dict[str, Any]:
    """A connected account, with stores of its own; Stripe-Account reaches it."""
    params = call.params
    id_ = call.new_id("acct")
    profile = params.get("business_profile") or {}
    name = profile.get("name") or params.get("email") or id_
    country = params.get("country") or call.account.country
    currency = params.get("default_currency") or call.account.currency
    account = call.world.add_account(id_, name, country, currency, params.get("email"), platform=call.account.id)
    obj = generic.apply(shown(call, account), params)
    obj["type"] = params.get("type") or "standard"
    obj["capabilities"] = {name: "active" for name in params.get("capabilities") or {}}
    call.objects.touch(obj)
    return obj


@behaviour("PostAccountsAccount")
def update(call: Call) -> dict[str, Any]:
    obj = generic.apply(named(call), call.params)
    call.objects.touch(obj)
    generic.emit(call, obj, "updated")
    return obj


@behaviour("DeleteAccountsAccount")
def delete(call: Call) -> dict[str, Any]:
    """Only connected accounts can be deleted; their data goes with them."""
    obj = named(call)
    if obj["id"] == call.account.id:
        raise invalid("You cannot delete your own account through the API.", "account", status=403)
    stub = call.objects.delete("account", obj["id"])
    del call.world.accounts[obj["id"]]
    events.departure(call.world, call.account.id, call.livemode, obj["id"])
    return stub


@behaviour("PostAccountsAccountReject", "PostAccountsAccountUnreject")
def judge(call: Call) -> dict[str, Any]:
    """Rejected accounts can neither charge nor be paid out."""
    obj = named(call)
    good = call.operation.id.endswith("Unreject")
    obj["charges_enabled"] = obj["payouts_enabled"] = good
    call.objects.touch(obj)
    generic.emit(call, obj, "updated")
    return obj


@behaviour("GetAccountsAccountCapabilities")
def capabilities(call: Call) -> generic.Page:
    account = named(call)
    names = list(account.get("capabilities") or {})
    return generic.listed(call, [_capability(call, account, name) for name in names])


@behaviour("GetAccountsAccountCapabilitiesCapability")
def capability(call: Call) -> dict[str, Any]:
    account, name = named(call), call.path["capability"]
    if name not in (account.get("capabilities") or {}):
        raise no_such("capability", name)
    return _capability(call, account, name)


@behaviour("PostAccountsAccountCapabilitiesCapability")
def request_capability(call: Call) -> dict[str, Any]:
    account, name = named(call), call.path["capability"]
    wanted = call.params.get("requested", True)
    account["capabilities"] = (account.get("capabilities") or {}) | {name: "active" if wanted else "inactive"}
    call.objects.touch(account)
    return _capability(call, account, name)


def _capability(call: Call, account: dict[str, Any], name: str) -> dict[str, Any]:
    status = account["capabilities"][name]
    requested = status == "active"
    found = generic.build(call, "capability", id=name, account=account["id"], status=status, requested=requested)
    return found | {"requested_at": account["created"] if requested else None}
