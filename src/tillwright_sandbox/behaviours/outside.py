"""What buyers and banks do, as controls: pay at the checkout page, authenticate, dispute, let a refund fail.

Rows for the control API's table: (method, path, verb), a verb taking the control and the settings of the request.
Every verb takes `account` (default: the first) and `livemode` (default false).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tillwright_sandbox import render
from tillwright_sandbox.behaviours import (
    checkout_completion,
    disputes,
    intent_steps,
    payment_links,
    refunds,
    setup_intents,
)
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import StripeError

if TYPE_CHECKING:
    from tillwright_sandbox.control import Control

Settings = dict[str, Any]
Act = Callable[[Call, Settings], dict[str, Any]]


def _verb(act: Act) -> Callable[[Control, Settings], dict[str, Any]]:
    """The act as a control: in a call of its own, all or nothing; a decline keeps what it leaves behind."""

    def verb(control: Control, settings: Settings) -> dict[str, Any]:
        from tillwright_sandbox import pipeline
        from tillwright_sandbox.control import Refusal

        name = settings.get("account") or next(iter(control.world.accounts))
        if name not in control.world.accounts:
            raise LookupError(f"No such account: {name}.")
        livemode = str(settings.get("livemode", "false")).lower() == "true"
        refused: StripeError | None = None
        answer: dict[str, Any] = {}
        try:
            with pipeline.act(control.world, control.world.accounts[name], livemode) as call:
                try:
                    answer = render.render(call.objects, act(call, settings))
                except StripeError as error:
                    if not error.keep:
                        raise
                    refused = error
        except StripeError as error:
            raise Refusal(error.message, error.status) from error
        if refused is not None:
            raise Refusal(refused.message, refused.status)
        return answer

    return verb


def complete(call: Call, settings: Settings) -> dict[str, Any]:
    """payment_method (default pm_card_visa), email, name."""
    given = {key: settings[key] for key in ("payment_method", "email", "name") if settings.get(key)}
    return checkout_completion.complete(call, settings["id"], **given)


def follow(call: Call, settings: Settings) -> dict[str, Any]:
    """Open a payment link: answers the checkout session it made."""
    return payment_links.follow(call, settings["id"])


def authenticate(call: Call, settings: Settings) -> dict[str, Any]:
    """succeed: true (default) or false; for payment intents and setup intents."""
    succeed = str(settings.get("succeed", "true")).lower() != "false"
    if settings["id"].startswith("seti_"):
        return setup_intents.authenticate(call, call.objects.get("setup_intent", settings["id"]), succeed)
    return intent_steps.authenticate(call, call.objects.get("payment_intent", settings["id"]), succeed)


def dispute(call: Call, settings: Settings) -> dict[str, Any]:
    """Dispute any captured charge; reason: fraudulent (default), product_not_received, …, or inquiry."""
    charge = call.objects.get("charge", settings["id"])
    if not charge["captured"] or charge["disputed"]:
        why = "already disputed" if charge["disputed"] else "not captured"
        raise StripeError(400, "invalid_request_error", None, f"Charge {charge['id']} is {why}; it can't be disputed.")
    return disputes.open_dispute(call, charge, settings.get("reason") or "fraudulent")


def fail_refund(call: Call, settings: Settings) -> dict[str, Any]:
    """The bank sends a refund back; reason: Stripe's failure_reason (default expired_or_canceled_card)."""
    refunds.fail(call, settings["id"], settings.get("reason") or "expired_or_canceled_card")
    return call.objects.get("refund", settings["id"])


TABLE = (
    ("POST", "/checkout/{id}/complete", _verb(complete)),
    ("POST", "/payment_links/{id}/follow", _verb(follow)),
    ("POST", "/intents/{id}/authenticate", _verb(authenticate)),
    ("POST", "/charges/{id}/dispute", _verb(dispute)),
    ("POST", "/refunds/{id}/fail", _verb(fail_refund)),
)
