"""How does Stripe word a refused card, and how is it stored on the object that was refused?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DOCS = "https://stripe.com/docs/error-codes/"


@dataclass(frozen=True)
class Decline:
    """One way to be refused: the error's code, the issuer's decline_code, the message, and the network's advice."""

    code: str
    decline_code: str | None
    message: str
    network_code: str = "01"
    advice: str = "try_again_later"
    reason: str | None = None  # charge.outcome.reason, where it is not the decline code


_PLAIN = "Your card was declined."
DECLINES = {
    "generic_decline": Decline("card_declined", "generic_decline", _PLAIN),
    "insufficient_funds": Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.", "51"),
    "lost_card": Decline("card_declined", "lost_card", _PLAIN, "41", "do_not_try_again"),
    "stolen_card": Decline("card_declined", "stolen_card", _PLAIN, "43", "do_not_try_again"),
    "fraudulent": Decline("card_declined", "fraudulent", _PLAIN, "59", "do_not_try_again", "merchant_blacklist"),
    "expired_card": Decline("expired_card", None, "Your card has expired.", "54", "confirm_card_data", "expired_card"),
    "incorrect_cvc": Decline(
        "incorrect_cvc", None, "Your card's security code is incorrect.", "N7", "confirm_card_data", "incorrect_cvc"
    ),
    "processing_error": Decline(
        "processing_error",
        None,
        "An error occurred while processing your card. Try again in a little bit.",
        "96",
        reason="processing_error",
    ),
    "card_velocity_exceeded": Decline(
        "card_declined",
        "card_velocity_exceeded",
        "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
        "65",
    ),
    "authentication_required": Decline(
        "authentication_required",
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
        "1A",
        "confirm_card_data",
        "authentication_required",
    ),
    # Not refused by the issuer: the buyer failed or gave up the authentication.
    "authentication_failed": Decline(
        "payment_intent_authentication_failure",
        None,
        "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new "
        "PaymentMethod to attempt to fulfill this PaymentIntent again.",
    ),
    "debit_failed": Decline(
        "payment_method_provider_decline", None, "The bank account could not be debited.", "R01", reason="declined"
    ),
    "no_account": Decline(
        "bank_account_unusable", None, "The bank account could not be found or is closed.", "R03", reason="declined"
    ),
}


def stored(decline: Decline, payment_method: dict[str, Any] | None, charge: str | None = None) -> dict[str, Any]:
    """The api_errors object kept as last_payment_error or last_setup_error."""
    issuer = decline.decline_code is not None or decline.code in ("expired_card", "incorrect_cvc", "processing_error")
    kind = "card_error" if issuer else "invalid_request_error"
    error: dict[str, Any] = {"code": decline.code, "doc_url": DOCS + decline.code.replace("_", "-")}
    error |= {"message": decline.message, "type": kind}
    if issuer:
        error |= {"advice_code": decline.advice, "network_decline_code": decline.network_code}
    if decline.decline_code:
        error["decline_code"] = decline.decline_code
    if charge:
        error["charge"] = charge
    if payment_method:
        error["payment_method"] = dict(payment_method)
    return error
