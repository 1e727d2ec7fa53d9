"""What an operation named by a verb (cancel, expire, approve …) does to an object when nothing finer is known."""

from __future__ import annotations

from typing import Any

from . import generic, tables
from .call import Call
from .shape import MISFIT, fit

# The verb -> states it may lead to, in order of preference; the first the object's schema knows is taken.
STATES: dict[str, tuple[str, ...]] = {
    "accept": ("accepted",),
    "activate": ("active",),
    "advance": ("ready",),
    "approve": ("approved", "closed"),
    "archive": ("archived", "inactive"),
    "cancel": ("canceled", "cancelled"),
    "capture": ("closed", "succeeded"),
    "close": ("closed", "lost"),
    "complete": ("complete", "completed"),
    "deactivate": ("inactive",),
    "decline": ("closed", "declined"),
    "deliver": ("delivered",),
    "disconnect": ("disconnected",),
    "expire": ("expired",),
    "fail": ("failed", "failure"),
    "finalize": ("open", "finalized"),
    "finalize_amount": ("pending",),
    "increment": ("pending",),
    "mark_uncollectible": ("uncollectible",),
    "post": ("posted",),
    "reactivate": ("active",),
    "reject": ("rejected",),
    "release": ("released",),
    "resume": ("active",),
    "return": ("returned",),
    "reverse": ("reversed",),
    "ship": ("shipped",),
    "submit": ("submitted",),
    "succeed": ("succeeded",),
    "unarchive": ("active",),
    "unreject": ("active",),
    "verify": ("verified", "chargeable", "succeeded"),
    "void": ("void", "voided"),
}
# Verbs that set a field other than `status`.
FIELDS: dict[tuple[str, str], dict[str, Any]] = {
    ("review", "approve"): {"open": False, "closed_reason": "approved", "reason": "approved"},
    ("issuing.authorization", "approve"): {"approved": True, "status": "pending"},
    ("issuing.authorization", "decline"): {"approved": False, "status": "closed"},
    ("issuing.authorization", "reverse"): {"status": "reversed"},
    ("application_fee", "refund"): {"refunded": True},
    ("financial_connections.account", "subscribe"): {"subscriptions": ["transactions"]},
    ("financial_connections.account", "unsubscribe"): {"subscriptions": []},
    ("identity.verification_session", "redact"): {"status": "canceled"},
    ("account", "reject"): {"charges_enabled": False, "payouts_enabled": False},
    ("account", "unreject"): {"charges_enabled": True, "payouts_enabled": True},
    ("billing.alert", "archive"): {"status": "archived"},
}
STAMPS = {"canceled": "canceled_at", "cancelled": "canceled_at", "void": "voided_at", "voided": "voided_at"}
EVENTS = {
    "canceled",
    "cancelled",
    "expired",
    "closed",
    "failed",
    "posted",
    "returned",
    "succeeded",
    "voided",
    "reversed",
}


def act(call: Call) -> dict[str, Any]:
    """Brings the object into the state the verb's name tells, puts the parameters that fit, emits what Stripe would."""
    record = generic.find(call)
    obj, verb = record.obj, call.operation.verb or ""
    schema = tables.schema(tables.schema_of_object(record.object) or call.operation.resource)
    properties = schema.get("properties", {})
    generic.apply(obj, call.params)
    for field, value in FIELDS.get((record.object, verb), {}).items():
        if field in properties and fit(properties[field], value, call.now) is not MISFIT:
            obj[field] = value
    reached = None
    if (record.object, verb) not in FIELDS:
        reached = _state(properties, verb)
        if reached:
            obj["status"] = reached
            stamp = STAMPS.get(reached)
            if stamp and stamp in properties:
                obj[stamp] = call.now
    if "shipping" in properties and "/shipping/" in call.operation.path and isinstance(obj.get("shipping"), dict):
        obj["shipping"]["status"] = STATES.get(verb, ("pending",))[0]
    call.objects.settle(record)
    generic.emit(call, obj, reached if reached in EVENTS else "updated")
    return obj


def _state(properties: dict[str, Any], verb: str) -> str | None:
    words = tables.resolve(properties.get("status", {})).get("enum", [])
    free = not words and "status" in properties and tables.resolve(properties["status"]).get("type") == "string"
    return next((one for one in STATES.get(verb, ()) if one in words or free), None)
