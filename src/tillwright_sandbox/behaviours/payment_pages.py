"""The buyer's side of a Checkout Session, as the hosted page and the Stripe CLI's fixtures talk to it."""

from typing import Any

from tillwright_sandbox.behaviours import behaviour, checkout_completion
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid


@behaviour("GetPaymentPagesSession")
def shown(call: Call) -> dict[str, Any]:
    return call.objects.get("checkout.session", call.path["session"])


@behaviour("PostPaymentPagesSessionConfirm")
def confirm(call: Call) -> dict[str, Any]:
    """Pays with a payment method made beforehand; the amount the buyer saw must still be the amount due."""
    session = call.objects.get("checkout.session", call.path["session"])
    expected = call.params.get("expected_amount")
    if expected is not None and expected != session["amount_total"]:
        raise invalid("The amount to be paid has changed since the page was loaded.", "expected_amount")
    method = call.params.get("payment_method") or "pm_card_visa"
    record = call.objects.record("payment_method", method)
    billing = record.obj["billing_details"] if record else {}
    return checkout_completion.complete(
        call, session["id"], payment_method=method, email=billing.get("email"), name=billing.get("name")
    )
