"""A refusal in Stripe's own shape: status, type, code, message, parameter."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    """Raise it to refuse a call. The engine undoes what the call did, unless `keep` (a declined card leaves traces).

    `status` is HTTP's; `type` one of invalid_request_error, card_error, api_error, idempotency_error;
    `extra` goes into the error body (charge=, payment_intent=, payment_method=, …), `headers` into the
    answer's headers.
    """

    def __init__(
        self,
        status: int,
        type: str,
        code: str | None,
        message: str,
        param: str | None = None,
        decline_code: str | None = None,
        *,
        keep: bool = False,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.type = type
        self.code = code
        self.message = message
        self.param = param
        self.decline_code = decline_code
        self.keep = keep
        self.headers = headers or {}
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """{"error": {...}} as Stripe writes it; absent facts are left out."""
        error: dict[str, Any] = {
            "code": self.code,
            "decline_code": self.decline_code,
            "doc_url": f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}" if self.code else None,
            "message": self.message,
            "param": self.param,
            "type": self.type,
        }
        return {"error": {key: value for key, value in error.items() if value is not None} | self.extra}


def invalid(message: str, param: str | None = None, code: str | None = None, status: int = 400, **extra: Any):
    """An invalid_request_error, the usual refusal."""
    return StripeError(status, "invalid_request_error", code, message, param, **extra)


def missing_param(param: str) -> StripeError:
    return invalid(f"Missing required param: {param}.", param, "parameter_missing")


# How Stripe names an object when it cannot find it, where that differs from the object's own name.
NAMES = {
    "payment_method": "PaymentMethod",
    "setup_intent": "setupintent",
    "promotion_code": "promotion code",
    "webhook_endpoint": "webhook endpoint",
    "tax_rate": "tax rate",
    "test_helpers.test_clock": "test clock",
    "subscription_schedule": "subscription schedule",
    "credit_note": "credit note",
}


def no_such(object: str, id: str, param: str = "id", status: int | None = None, hint: str = "") -> StripeError:
    """404 for the id in the address (param "id"), 400 for an id in any other parameter."""
    text = f"No such {NAMES.get(object, object)}: '{id}'{hint}"
    return invalid(text, param, "resource_missing", status or (404 if param == "id" else 400))
