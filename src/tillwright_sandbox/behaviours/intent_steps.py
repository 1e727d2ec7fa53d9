"""The steps a payment intent takes: tried, authenticated, settled, failed, paid. Stripe's state machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tillwright_sandbox import generic, tables
from tillwright_sandbox.behaviours import (
    bank_transfers,
    banks,
    charging,
    declines,
    disputes,
    intent_errors,
    later,
    methods,
    payment_methods,
)
from tillwright_sandbox.behaviours.cards import Card
from tillwright_sandbox.behaviours.declines import DECLINES, Decline
from tillwright_sandbox.call import Call

# Told when an intent came to another state outside of `pay`: invoices and checkout sessions listen here.
LISTENERS: list[Callable[[Call, dict[str, Any]], None]] = []

# Types paid at another address: the buyer is sent there first.
REDIRECTING = frozenset([
    "affirm", "afterpay_clearpay", "alipay", "alma", "amazon_pay", "bancontact", "billie", "bizum", "blik",
    "cashapp", "crypto", "eps", "fpx", "giropay", "grabpay", "ideal", "kakao_pay", "klarna", "kr_card", "mobilepay",
    "mb_way", "naver_pay", "p24", "pay_by_bank", "payco", "paypal", "payto", "revolut_pay", "samsung_pay",
    "satispay", "scalapay", "sofort", "sunbit", "swish", "twint", "upi", "wechat_pay", "zip",
])  # fmt: skip
# Types paid by a voucher or a code that the buyer is shown, by the next_action that shows it.
DISPLAYED = {
    "boleto": "boleto_display_details",
    "konbini": "konbini_display_details",
    "multibanco": "multibanco_display_details",
    "oxxo": "oxxo_display_details",
    "paynow": "paynow_display_qr_code",
    "pix": "pix_display_qr_code",
    "promptpay": "promptpay_display_qr_code",
}
AUTHENTICATED = {
    "authentication_flow": "challenge",
    "electronic_commerce_indicator": "05",
    "exemption_indicator": None,
    "result": "authenticated",
    "result_reason": None,
    "transaction_id": "3f2a6a52-7c0b-4f0d-9c1f-0d8a4e2b7c11",
    "version": "2.2.0",
}


def tell(call: Call, intent: dict[str, Any]) -> None:
    """Let invoices and sessions know that an intent is in another state."""
    for listener in LISTENERS:
        listener(call, intent)


def needs_authentication(call: Call, card: Card | None, method: dict[str, Any], off_session: bool) -> bool:
    """Must the buyer authenticate for this use of the card?"""
    if card is None or not card.authentication:
        return False
    if not off_session or card.authentication == "always":
        return True
    return card.authentication == "setup" and call.objects.maybe("_authorized", method["id"]) is None


def authorize_for_later(call: Call, method: dict[str, Any]) -> None:
    """Remember that the buyer allowed off-session payments with this card."""
    call.objects.insert({"object": "_authorized", "id": method["id"]})


def attempt(
    call: Call, intent: dict[str, Any], method: dict[str, Any], *, off_session: bool = False, no_action: bool = False
) -> dict[str, Any] | None:
    """Try to pay with a method. Answers the stored error of a decline, None when the intent moved on.

    `no_action`: fail instead of asking for authentication (error_on_requires_action).
    """
    intent |= {"payment_method": method["id"], "last_payment_error": None, "next_action": None}
    card = methods.card_of(method)
    if needs_authentication(call, card, method, off_session):
        if off_session or no_action:
            return fail(call, intent, method, DECLINES["authentication_required"], charged=off_session)
        return ask(call, intent, method)
    if method["type"] in REDIRECTING or method["type"] in DISPLAYED:
        return ask(call, intent, method)
    if method["type"] in banks.DELAYED:
        return debit(call, intent, method)
    if method["type"] == "customer_balance":
        return transfer(call, intent, method)
    return finish(call, intent, method)


def ask(call: Call, intent: dict[str, Any], method: dict[str, Any]) -> None:
    """requires_action: the buyer has to authenticate, or pay on another page."""
    place = f"https://hooks.stripe.com/redirect/authenticate/{call.new_id('src')}"
    if shown := DISPLAYED.get(method["type"]):
        schema = tables.schema("payment_intent_next_action")["properties"][shown]["ref"]
        intent["next_action"] = {"type": shown, shown: generic.build(call, schema)}
    elif url := intent.get("_return_url"):
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": url, "url": f"{place}?client_secret={intent['client_secret']}"},
        }
    else:
        sdk = {"type": "three_d_secure_redirect", "stripe_js": place, "source": place.rsplit("/", 1)[1]}
        intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": sdk}
    intent["status"] = "requires_action"
    call.objects.touch(intent)
    if intent["object"] == "payment_intent":
        call.emit("payment_intent.requires_action", intent)
    else:
        call.emit("setup_intent.requires_action", intent)


def transfer(call: Call, intent: dict[str, Any], method: dict[str, Any]) -> dict[str, Any] | None:
    """Paid from the customer's cash balance, or requires_action until the rest of the money is sent."""
    intent["payment_method"] = method["id"]
    if bank_transfers.apply(call, intent):
        return finish(call, intent, method)
    intent |= {"status": "requires_action", "next_action": bank_transfers.instructions(call, intent)}
    call.objects.touch(intent)
    call.emit("payment_intent.requires_action", intent)
    return None


def debit(call: Call, intent: dict[str, Any], method: dict[str, Any]) -> None:
    """processing: the money of a bank debit comes, or fails to, later."""
    bank = charging.debit_of(method)
    charge = charging.make(call, method=method, status="pending", **_facts(intent))
    intent |= {"status": "processing", "latest_charge": charge["id"], "next_action": None}
    call.objects.touch(intent)
    call.emit("payment_intent.processing", intent)
    later.plan(call, bank.seconds if bank else 0, "settle_intent", intent["id"])


def _facts(intent: dict[str, Any]) -> dict[str, Any]:
    """What a charge takes over from its intent."""
    copied = (
        "amount",
        "currency",
        "customer",
        "description",
        "receipt_email",
        "shipping",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "transfer_group",
        "on_behalf_of",
        "application_fee_amount",
        "transfer_data",
    )
    facts = {key: intent.get(key) for key in copied}
    return facts | {"metadata": dict(intent["metadata"]), "payment_intent": intent["id"]}


def finish(
    call: Call, intent: dict[str, Any], method: dict[str, Any], *, authenticated: bool = False
) -> dict[str, Any] | None:
    """Ask the issuer: the charge is made, captured or only authorized, or declined (answers the stored error)."""
    card = methods.card_of(method)
    if card and (decline := card.declines(charging=True)):
        return fail(call, intent, method, decline)
    manual = _capture_method(intent) == "manual"
    options = (intent.get("payment_method_options") or {}).get("card") or {}
    asked = {"incremental": options.get("request_incremental_authorization") == "if_available"}
    if authenticated:
        asked["three_d_secure"] = dict(AUTHENTICATED)
    charge = charging.make(call, method=method, captured=not manual, asked=asked, **_facts(intent))
    intent |= {"latest_charge": charge["id"], "next_action": None}
    if intent["setup_future_usage"] and intent["customer"] and not method["customer"]:
        payment_methods.attach_to(call, method, call.objects.get("customer", intent["customer"]))
    elif not method["customer"] and call.objects.maybe("payment_method", method["id"]):
        call.objects.insert({"object": "_spent", "id": method["id"]})
    if intent["setup_future_usage"] == "off_session":
        authorize_for_later(call, method)
    if manual:
        intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        call.objects.touch(intent)
        call.emit("payment_intent.amount_capturable_updated", intent)
        return None
    paid(call, intent, intent["amount"])
    if card and card.dispute:
        disputes.open_dispute(call, charge, card.dispute)
    return None


def _capture_method(intent: dict[str, Any]) -> str:
    options = (intent.get("payment_method_options") or {}).get("card") or {}
    return options.get("capture_method") or intent["capture_method"]


def paid(call: Call, intent: dict[str, Any], amount: int) -> None:
    """succeeded, with `amount` received."""
    intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
    call.objects.touch(intent)
    call.emit("payment_intent.succeeded", intent)


def fail(
    call: Call, intent: dict[str, Any], method: dict[str, Any], decline: Decline, *, charged: bool = True
) -> dict[str, Any]:
    """Back to requires_payment_method, with the error kept on the intent and a failed charge; answers the error."""
    charge = None
    if charged:
        charge = charging.make(call, method=method, decline=decline, **_facts(intent))
        intent["latest_charge"] = charge["id"]
    error = declines.stored(decline, intent_errors.shown(method), charge["id"] if charge else None)
    intent |= {"status": "requires_payment_method", "payment_method": None, "last_payment_error": error}
    intent["next_action"] = None
    call.objects.touch(intent)
    call.emit("payment_intent.payment_failed", intent)
    return error


def authenticate(call: Call, intent: dict[str, Any], succeed: bool = True) -> dict[str, Any]:
    """The buyer did what requires_action asked for, or failed to. Answers the intent."""
    if intent["status"] != "requires_action":
        text = f"This PaymentIntent has a status of {intent['status']}; there is nothing to authenticate."
        raise intent_errors.unexpected(intent, text)
    method = methods.resolve(call, intent["payment_method"])
    if succeed:
        finish(call, intent, method, authenticated=methods.card_of(method) is not None)
    else:
        fail(call, intent, method, DECLINES["authentication_failed"], charged=False)
    tell(call, intent)
    return intent


@later.action("settle_intent")
def settle(call: Call, id: str) -> None:
    """The outcome of a bank debit came in."""
    intent = call.objects.get("payment_intent", id)
    if intent["status"] != "processing":
        return
    charge = call.objects.get("charge", intent["latest_charge"])
    method = methods.resolve(call, intent["payment_method"])
    bank = charging.debit_of(method)
    decline = DECLINES[bank.fails] if bank and bank.fails else None
    charging.settle(call, charge, decline)
    if decline:
        error = declines.stored(decline, intent_errors.shown(method), charge["id"])
        intent |= {"status": "requires_payment_method", "payment_method": None, "last_payment_error": error}
        call.objects.touch(intent)
        call.emit("payment_intent.payment_failed", intent)
    else:
        paid(call, intent, intent["amount"])
    tell(call, intent)
