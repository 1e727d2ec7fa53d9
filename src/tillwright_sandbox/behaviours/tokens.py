"""Single-use tokens: a card or bank account as the browser hands it over, spent by the first who uses it."""

from __future__ import annotations

import re
from typing import Any

from tillwright_sandbox.behaviours import banks, behaviour, cards, methods, raw_cards, refs
from tillwright_sandbox.call import Call

BRANDS = {
    "visa": "Visa", "mastercard": "MasterCard", "amex": "American Express", "discover": "Discover",
    "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay",
}  # fmt: skip


def card_object(call: Call, card: cards.Card, exp: tuple[int, int], given: dict[str, Any]) -> dict[str, Any]:
    """A legacy card object (card_…), not stored."""
    address = {key: given.get(key) for key in ("line1", "line2", "city", "state", "zip", "country")}
    address = {f"address_{key}": given.get(f"address_{key}") for key in address}
    seen = methods.checks(card, {"address": {"line1": address["address_line1"], "postal_code": address["address_zip"]}})
    return {
        "id": call.new_id("card"),
        "object": "card",
        **address,
        "address_line1_check": seen["address_line1_check"],
        "address_zip_check": seen["address_postal_code_check"],
        "brand": BRANDS[card.brand],
        "country": card.country,
        "cvc_check": card.cvc_check if given.get("cvc") else None,
        "dynamic_last4": None,
        "exp_month": exp[0],
        "exp_year": exp[1],
        "fingerprint": card.fingerprint,
        "funding": card.funding,
        "last4": card.last4,
        "metadata": given.get("metadata") or {},
        "name": given.get("name"),
        "regulated_status": "unregulated",
        "tokenization_method": None,
    }


def bank_object(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    """A legacy bank account object (ba_…), not stored."""
    number = str(given.get("account_number") or "")
    if not number:
        name = "bank_account[account_number]"
        raise refs.invalid(f"Missing required param: {name}.", name, "parameter_missing")
    return {
        "id": call.new_id("ba"),
        "object": "bank_account",
        "account_holder_name": given.get("account_holder_name"),
        "account_holder_type": given.get("account_holder_type"),
        "account_type": given.get("account_type"),
        "bank_name": "STRIPE TEST BANK",
        "country": given.get("country") or "US",
        "currency": (given.get("currency") or "usd").lower(),
        "fingerprint": cards.fingerprint(number),
        "last4": number[-4:],
        "metadata": given.get("metadata") or {},
        "routing_number": given.get("routing_number") or banks.US_ROUTING,
        "status": "new",
    }


def make(call: Call, type: str, **held: Any) -> dict[str, Any]:
    token = {
        "id": call.new_id("btok" if type == "bank_account" else "tok"),
        "object": "token",
        **held,
        "client_ip": None,
        "created": call.now,
        "livemode": call.livemode,
        "type": type,
        "used": False,
    }
    return call.objects.insert(token)


def ready_made(call: Call, name: str) -> dict[str, Any] | None:
    """A fresh token for a test name such as tok_visa or btok_us_verified; None when the name is not one."""
    if call.livemode:
        return None
    if name.startswith("btok_us"):
        held = bank_object(call, {"account_number": "000123456789"})
        held["status"] = "verified" if name.endswith("_verified") else "new"
        return make(call, "bank_account", bank_account=held)
    key = name.removeprefix("tok_")
    # tok_visa_debit and tok_visaDebit, tok_chargeDeclined and tok_visa_chargeDeclined: both spellings are in use.
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower()
    card = cards.BY_NAME.get(key) or cards.BY_NAME.get(snake) if name.startswith("tok_") else None
    if card is None:
        return None
    exp = methods.expiry(call)
    return make(call, "card", card=card_object(call, card, exp, {"cvc": "123"}))


def spend(call: Call, id: str, param: str = "source") -> dict[str, Any]:
    """The token of an id, marked as used; a used or unknown one is refused."""
    token = call.objects.maybe("token", id) or ready_made(call, id)
    if token is None:
        raise refs.missing("token", id, param)
    if token["used"]:
        text = f"You cannot use a Stripe token more than once: {id}."
        raise refs.invalid(text, param, "token_already_used")
    token["used"] = True
    call.objects.touch(token)
    return token


@behaviour("PostTokens")
def create(call: Call) -> dict[str, Any]:
    params = call.params
    if given := params.get("card"):
        if isinstance(given, str):
            raise refs.invalid("The card parameter must hold a card's number, exp_month and exp_year.", "card")
        card, exp = raw_cards.read(call, given, "card")
        return make(call, "card", card=card_object(call, card, exp, given))
    if given := params.get("bank_account"):
        return make(call, "bank_account", bank_account=bank_object(call, given))
    if given := params.get("cvc_update"):
        if not str(given.get("cvc", "")).isdigit():
            raise refs.invalid("Your card's security code is invalid.", "cvc_update[cvc]", "invalid_cvc")
        return make(call, "cvc_update")
    for kind in ("pii", "account", "person"):
        if kind in params:
            return make(call, kind)
    names = "bank_account, card, customer, cvc_update, pii"
    raise refs.invalid(f"You must pass one of these parameters: {names}.", "card", "parameter_missing")


@behaviour("GetTokensToken")
def retrieve(call: Call) -> dict[str, Any]:
    id = call.path["token"]
    return ready_made(call, id) or call.objects.get("token", id)
