"""What a payment or setup intent is asked for: its types, its options, its client secret."""

from __future__ import annotations

from typing import Any

from tillwright_sandbox import tables
from tillwright_sandbox.behaviours import refs
from tillwright_sandbox.call import Call
from tillwright_sandbox.ids import random_text

CARD_OPTIONS = {
    "payment_intent": {
        "installments": None,
        "mandate_options": None,
        "network": None,
        "request_three_d_secure": "automatic",
    },
    "setup_intent": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"},
}


def client_secret(call: Call, id: str) -> str:
    return f"{id}_secret_{random_text(call.world.dice, 25)}"


def types(call: Call) -> tuple[list[str], dict[str, Any] | None]:
    """(payment_method_types, automatic_payment_methods) of a new intent: named, or the account's default set."""
    named = call.params.get("payment_method_types")
    automatic = call.params.get("automatic_payment_methods")
    if named and automatic and automatic.get("enabled"):
        text = "You may only specify one of these parameters: automatic_payment_methods, payment_method_types."
        raise refs.invalid(text, "payment_method_types")
    if named:
        return list(named), None
    if automatic is not None and not automatic.get("enabled"):
        return ["card"], None
    redirects = (automatic or {}).get("allow_redirects") or "always"
    left_out = call.params.get("excluded_payment_method_types") or []
    usual = [type for type in ("card", "link") if type not in left_out]
    return usual, {"allow_redirects": redirects, "enabled": True}


def options(kind: str, types: list[str], given: dict[str, Any] | None, before: dict[str, Any] | None = None):
    """payment_method_options as the answer shows them: defaults for cards, what was given, nothing it doesn't show."""
    shown = dict(before or {})
    if "card" in types:
        shown.setdefault("card", dict(CARD_OPTIONS[kind]))
    if "link" in types:
        shown.setdefault("link", {})
    for type, values in (given or {}).items():
        schema = tables.schemas().get(f"{kind}_payment_method_options_{type}") or tables.schemas().get(
            f"payment_method_options_{type}", {}
        )
        known = schema.get("properties", {})
        if isinstance(values, dict):
            scalars = {k: v for k, v in values.items() if k in known and not isinstance(v, dict | list)}
            shown[type] = {**shown.get(type, {}), **scalars}
    return shown


def check_type(intent: dict[str, Any], method: dict[str, Any]) -> None:
    """Is the method of a type this intent takes? An intent with automatic methods takes every type."""
    if intent["automatic_payment_methods"]:
        if method["type"] not in intent["payment_method_types"]:
            intent["payment_method_types"] = [*intent["payment_method_types"], method["type"]]
        return
    if method["type"] not in intent["payment_method_types"]:
        kind = "PaymentIntent" if intent["object"] == "payment_intent" else "SetupIntent"
        text = (
            f"The PaymentMethod provided ({method['type']}) is not allowed for this {kind}. Please attach a "
            f"PaymentMethod of one of the following types: {', '.join(intent['payment_method_types'])}. "
            f"Alternatively update the allowed payment_method_types for this {kind} to include {method['type']}."
        )
        raise refs.invalid(text, "payment_method", "payment_intent_incompatible_payment_method")
