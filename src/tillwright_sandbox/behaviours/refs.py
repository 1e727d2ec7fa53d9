"""How does a parameter that names another object find it, with Stripe's refusal when there is none?"""

from __future__ import annotations

from typing import Any

from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import StripeError


def invalid(message: str, param: str | None = None, code: str | None = None, **extra: Any) -> StripeError:
    """A 400 invalid_request_error."""
    return StripeError(400, "invalid_request_error", code, message, param, **extra)


def missing(what: str, id: str, param: str) -> StripeError:
    """The 400 for a parameter that names an object that is not there (a path that does answers 404)."""
    return invalid(f"No such {what}: '{id}'", param, "resource_missing")


def named(call: Call, object: str, id: str, param: str, what: str | None = None) -> dict[str, Any]:
    """The stored object a parameter names; deleted ones count as absent."""
    found = call.objects.maybe(object, id)
    if found is None or found.get("deleted"):
        raise missing(what or object, id, param)
    return found


def customer(call: Call, id: str | None, param: str = "customer") -> dict[str, Any] | None:
    """The customer a parameter names, or None when it is left out."""
    return None if not id else named(call, "customer", id, param)


def in_path(call: Call, object: str, id: str, what: str | None = None) -> dict[str, Any]:
    """The living object the path names: 404 when absent or deleted."""
    found = call.objects.get(object, id)
    if found.get("deleted"):
        raise StripeError(404, "invalid_request_error", "resource_missing", f"No such {what or object}: '{id}'", "id")
    return found
