"""What does a payment method hold, and what does a parameter that names one mean?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import banks, cards
from tillwright_sandbox.behaviours.refs import invalid, missing
from tillwright_sandbox.call import Call

EMPTY_ADDRESS = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}
NO_BILLING = {"address": EMPTY_ADDRESS, "email": None, "name": None, "phone": None, "tax_id": None}


def billing(given: dict[str, Any] | None, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """Billing details with every key, the given ones put over those before; an empty string unsets."""
    details = {**NO_BILLING, **(before or {})}
    for key, value in (given or {}).items():
        if key == "address":
            old = details["address"] or EMPTY_ADDRESS
            details["address"] = {**old, **{k: v or None for k, v in (value or {}).items()}} if value else EMPTY_ADDRESS
        else:
            details[key] = value or None
    return details


def checks(card: cards.Card, details: dict[str, Any]) -> dict[str, Any]:
    """The answers of the issuer's checks: null for what was not given."""
    address = details.get("address") or {}
    return {
        "address_line1_check": card.line1_check if address.get("line1") else None,
        "address_postal_code_check": card.postal_check if address.get("postal_code") else None,
        "cvc_check": card.cvc_check,
    }


def card_part(card: cards.Card, exp: tuple[int, int], details: dict[str, Any]) -> dict[str, Any]:
    """payment_method.card"""
    return {
        "brand": card.brand,
        "checks": checks(card, details),
        "country": card.country,
        "display_brand": "american_express" if card.brand == "amex" else card.brand,
        "exp_month": exp[0],
        "exp_year": exp[1],
        "fingerprint": card.fingerprint,
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": card.brand != "amex"},
        "wallet": None,
    }


def bank_part(call: Call, bank: banks.Bank, given: dict[str, Any]) -> dict[str, Any]:
    """payment_method.us_bank_account, .sepa_debit and their like"""
    schema = "payment_method_" + bank.type
    values: dict[str, Any] = {"fingerprint": bank.fingerprint, "last4": bank.last4}
    if bank.type == "us_bank_account":
        values |= {
            "account_holder_type": given.get("account_holder_type") or "individual",
            "account_type": given.get("account_type") or "checking",
            "bank_name": "STRIPE TEST BANK",
            "networks": {"preferred": "ach", "supported": ["ach", "us_domestic_wire"]},
            "routing_number": given.get("routing_number") or banks.US_ROUTING,
        }
    elif bank.type == "sepa_debit":
        country = bank.number[:2] if bank.number[:2].isalpha() else bank.country
        values |= {"country": country, "bank_code": bank.number[4:9], "generated_from": {}}
        values["generated_from"] = {"charge": None, "setup_attempt": None}
    elif bank.type == "bacs_debit":
        values |= {"sort_code": given.get("sort_code") or "108800"}
    elif bank.type == "au_becs_debit":
        values |= {"bsb_number": given.get("bsb_number") or "000000"}
    elif bank.type == "acss_debit":
        values |= {
            "institution_number": given.get("institution_number") or "000",
            "transit_number": given.get("transit_number") or "11000",
            "bank_name": "STRIPE TEST BANK",
        }
    return generic.build(call, schema, **values)


def make(call: Call, type: str, part: dict[str, Any], details: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A stored payment method of any type, attached to nobody."""
    method = {
        "id": call.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": details,
        type: part,
        "created": call.now,
        "customer": None,
        "customer_account": None,
        "livemode": call.livemode,
        "metadata": {},
        "type": type,
    }
    return call.objects.insert(method | values)


def expiry(call: Call) -> tuple[int, int]:
    """Month and year a ready-made test card expires: far enough ahead on the virtual clock."""
    return 12, datetime.fromtimestamp(call.now, UTC).year + 4


def ready_made(call: Call, name: str) -> dict[str, Any] | None:
    """A fresh payment method for a test name such as pm_card_visa; None when the name is not one."""
    if call.livemode:
        return None
    card = cards.BY_NAME.get(name.removeprefix("pm_card_")) if name.startswith("pm_card_") else None
    if card:
        return make(call, "card", card_part(card, expiry(call), NO_BILLING), dict(NO_BILLING))
    if bank := banks.BY_NAME.get(name.removeprefix("pm_")):
        owner = billing({"name": "Jenny Rosen", "email": "jenny.rosen@example.com"})
        return make(call, bank.type, bank_part(call, bank, {}), owner)
    return None


def from_legacy(call: Call, source: dict[str, Any]) -> dict[str, Any]:
    """A card or source object seen as a payment method: same id, not stored a second time."""
    details = billing({"name": source.get("name"), "email": (source.get("owner") or {}).get("email")})
    held = source if source["object"] == "card" else source.get("card") or {}
    card = cards.by_fingerprint(held.get("fingerprint"))
    part = card_part(card, (held.get("exp_month") or 12, held.get("exp_year") or 2034), details)
    if held.get("last4"):
        part |= {"last4": held["last4"], "fingerprint": held.get("fingerprint")}
    return {
        "id": source["id"],
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": details,
        "card": part,
        "created": source.get("created") or call.now,
        "customer": source.get("customer"),
        "customer_account": None,
        "livemode": call.livemode,
        "metadata": source.get("metadata") or {},
        "type": "card",
    }


def resolve(call: Call, id: str, param: str = "payment_method") -> dict[str, Any]:
    """The payment method a parameter names: stored, ready-made test name, or legacy card or source."""
    if id.startswith("tok_"):
        text = "A token may not be passed in as a PaymentMethod. Instead, create a PaymentMethod or convert your token"
        raise invalid(f"{text} to a PaymentMethod by setting the `card[token]` parameter to {id}.", param)
    for kind in ("payment_method", "card", "source"):
        found = call.objects.maybe(kind, id)
        if found and not found.get("deleted"):
            return found if kind == "payment_method" else from_legacy(call, found)
    made = ready_made(call, id)
    if made is None:
        raise missing("PaymentMethod", id, param)
    return made


def card_of(method: dict[str, Any]) -> cards.Card | None:
    """The test card behind a payment method; None when it is not a card."""
    return cards.by_fingerprint(method["card"].get("fingerprint")) if method.get("card") else None
