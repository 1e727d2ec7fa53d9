"""Addresses the published page leaves out but Stripe's own tools call: the checkout page's, a test authorization."""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string", "maxLength": 5000}
WHOLE = {"type": "integer"}


def _row(id: str, method: str, path: str, answer: str, properties: dict[str, Any]) -> dict[str, Any]:
    expand = {"expand": {"type": "array", "items": TEXT}}
    return {
        "id": id,
        "method": method,
        "path": path,
        "params": {"type": "object", "properties": {**properties, **expand}},
        "answer": {"ref": answer},
        "media": "application/json",
        "upload": False,
    }


ROWS: list[dict[str, Any]] = [
    _row("GetPaymentPagesSession", "GET", "/v1/payment_pages/{session}", "checkout.session", {}),
    _row(
        "PostPaymentPagesSessionConfirm",
        "POST",
        "/v1/payment_pages/{session}/confirm",
        "checkout.session",
        {"payment_method": TEXT, "expected_amount": WHOLE},
    ),
    _row(
        "PostIssuingCardsCardTestAuthorizations",
        "POST",
        "/v1/issuing/cards/{card}/test/authorizations",
        "issuing.authorization",
        {"held_amount": WHOLE, "held_currency": TEXT, "authorization_method": TEXT},
    ),
]
