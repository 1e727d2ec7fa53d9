"""Reads that name their object by something else than its id: a secret's name, a payment's tax, a quote's PDF."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import no_such

PDF = (
    b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"%% %s\n%%%%EOF\n"
)


def _secret(call: Call) -> dict[str, Any]:
    name, scope = call.params["name"], call.params["scope"]
    for obj in call.objects.find("apps.secret"):
        if obj["name"] == name and _same_scope(obj["scope"], scope):
            return obj
    raise no_such("secret", name, "name", status=404)


def _same_scope(held: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return held.get("type") == wanted.get("type") and held.get("user") == wanted.get("user")


@behaviour("PostAppsSecrets")
def set_secret(call: Call) -> dict[str, Any]:
    """A secret of the same name and scope is replaced."""
    for obj in call.objects.find("apps.secret"):
        if obj["name"] == call.params["name"] and _same_scope(obj["scope"], call.params["scope"]):
            call.objects.forget("apps.secret", obj["id"])
    secret = generic.create(call)
    secret["_payload"], secret["payload"] = call.params["payload"], None
    call.objects.touch(secret)
    return secret


@behaviour("GetAppsSecretsFind")
def find_secret(call: Call) -> dict[str, Any]:
    """The payload is shown only where it is asked for by `expand`."""
    found = _secret(call)
    if "payload" in call.expand:
        call.expand = [path for path in call.expand if path != "payload"]
        return found | {"payload": found["_payload"]}
    return found


@behaviour("PostAppsSecretsDelete")
def delete_secret(call: Call) -> dict[str, Any]:
    found = _secret(call)
    call.objects.forget("apps.secret", found["id"])
    return found | {"deleted": True}


@behaviour("GetTaxAssociationsFind")
def find_association(call: Call) -> dict[str, Any]:
    intent = call.objects.get("payment_intent", call.params["payment_intent"], "payment_intent")
    found = call.objects.find("tax.association", payment_intent=intent["id"])
    if not found:
        raise no_such("tax association", intent["id"], "payment_intent", status=404)
    return found[0]


@behaviour("GetQuotesQuotePdf")
def quote_pdf(call: Call) -> bytes:
    """A PDF without pages that carries the quote's id."""
    quote = call.objects.get("quote", call.path["quote"])
    return PDF % quote["id"].encode()


@behaviour("PostSigmaSavedQueriesId")
def save_query(call: Call) -> dict[str, Any]:
    """Queries are written in the Dashboard; here the first update of an id makes it."""
    id_ = call.path["id"]
    found = call.objects.maybe("sigma.sigma_api_query", id_)
    if found is None:
        found = call.objects.insert(generic.build(call, "sigma.sigma_api_query", id=id_, name=id_))
    generic.apply(found, call.params)
    call.objects.touch(found)
    return found
