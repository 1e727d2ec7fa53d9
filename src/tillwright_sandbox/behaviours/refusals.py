"""The refusals billing gives most: Stripe's 400s for a parameter that is wrong or missing, or a state that forbids it."""

from tillwright_sandbox.errors import StripeError


def invalid(message: str, param: str | None = None, code: str | None = None) -> StripeError:
    """A parameter that makes no sense here, or a request the object's state forbids."""
    return StripeError(400, "invalid_request_error", code, message, param)


def missing(message: str, param: str) -> StripeError:
    """A parameter that must be there."""
    return StripeError(400, "invalid_request_error", "parameter_missing", message, param)


def absent(noun: str, id: str, param: str) -> StripeError:
    """An id in a parameter that names nothing."""
    return StripeError(400, "invalid_request_error", "resource_missing", f"No such {noun}: '{id}'", param)
