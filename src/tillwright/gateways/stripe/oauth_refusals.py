"""Turns OAuth's own error bodies into the same typed errors as the API's: pure."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from tillwright.gateways.stripe import refusals, translate
from tillwright.gateways.stripe.errors import Facts, KeyRefused, RequestRefused, StripeFailure

_REMEDIES = {
    "invalid_grant": "Start again with Connect Stripe; a code works once and for a few minutes.",
    "invalid_scope": "Set the scope to one that Stripe allows your platform.",
    "invalid_client": "Check the Connect client id and that the key is of the same platform and mode.",
}


def failure(status: int, headers: Mapping[str, str], raw: bytes) -> StripeFailure:
    """The error for an OAuth answer outside 2xx: `{error, error_description}`, or anything else at all."""
    code, said = _told(raw)
    if code is None or status >= 500:
        return translate.failure(status, headers, raw)
    facts = Facts(status=status, type="oauth_error", code=code, message=refusals.masked(said)[:2000])
    if status in (401, 403):
        return KeyRefused("stripe_oauth_client_refused", _sentence(said), facts, remedy=_REMEDIES["invalid_client"])
    return RequestRefused(f"stripe_oauth_{code}", _sentence(said), facts, remedy=_REMEDIES.get(code))


def _sentence(said: str) -> str:
    return f"Stripe refused the connection: {refusals.masked(said)[:500] or 'it gave no reason.'}"


def _told(raw: bytes) -> tuple[str | None, str]:
    try:
        body = orjson.loads(raw)
    except ValueError:
        return None, ""
    code = body.get("error") if isinstance(body, dict) else None
    said = body.get("error_description") if isinstance(body, dict) else None
    return (code if isinstance(code, str) else None), (said if isinstance(said, str) else "")
