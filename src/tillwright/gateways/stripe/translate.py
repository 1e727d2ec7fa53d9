"""Turns an answer that is no success into one typed error: pure, the same for the sandbox and recorded texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from tillwright.gateways.stripe import refusals
from tillwright.gateways.stripe.errors import (
    AccountRefused,
    CardDeclined,
    Facts,
    InFlight,
    KeyMisused,
    KeyRefused,
    NoSuchEndpoint,
    PermissionMissing,
    RateLimited,
    RequestRefused,
    StripeAbsent,
    StripeBroken,
    StripeFailure,
    StripeUnreachable,
)


def failure(status: int, headers: Mapping[str, str], raw: bytes) -> StripeFailure:
    """The error for an answer outside 2xx, or a 2xx whose body is no JSON object. Header names in lower case."""
    facts = read(status, headers, raw)
    if status >= 500 or status < 400:
        return StripeBroken(
            "stripe_broken",
            f"Stripe answered with an error of its own (status {status}), so the outcome is not known.",
            facts,
            remedy="Nothing needs to be done: it is tried again, or settled by looking at Stripe.",
        )
    if status == 429:
        return RateLimited("stripe_rate_limited", "Stripe asks us to slow down.", facts, remedy="Try again shortly.")
    if status == 409:
        return InFlight("stripe_in_flight", "Stripe is still working on the same request or object.", facts)
    if status in (401, 403) or (status == 400 and refusals.lacks_permission(facts.message)):
        return _denied(status, facts)
    return _refused(status, facts)


def unreachable(reason: str) -> StripeUnreachable:
    """The error for a request that got no answer. `reason`: the kind of fault, in a word or two."""
    return StripeUnreachable(
        "stripe_unreachable",
        f"Stripe could not be reached ({reason}).",
        Facts(message=reason),
        remedy="Check the network connection and status.stripe.com, then try again.",
    )


def read(status: int, headers: Mapping[str, str], raw: bytes) -> Facts:
    """Stripe's error body and the headers that tell what to do about it."""
    error = _error_of(raw)
    message = str(error.get("message") or "")
    return Facts(
        status=status,
        type=_text(error, "type"),
        code=_text(error, "code"),
        param=_text(error, "param"),
        decline_code=_text(error, "decline_code"),
        message=refusals.masked(message)[:2000],
        request_id=headers.get("request-id"),
        replayed=headers.get("idempotent-replayed") == "true",
        should_retry={"true": True, "false": False}.get(headers.get("stripe-should-retry", "")),
        retry_after=_seconds(headers.get("retry-after")),
        right=refusals.named_right(message),
        account=refusals.named_account(message),
    )


def _denied(status: int, facts: Facts) -> StripeFailure:
    if facts.code == "account_invalid":
        return AccountRefused(
            "stripe_account_refused",
            "Stripe says this key has no access to the account, or its access was withdrawn.",
            facts,
            remedy="Connect the account again with a key of its own.",
        )
    if refusals.forbids_address(facts.message):
        return KeyRefused(
            "stripe_key_address",
            "Stripe refuses the key from this server's network address.",
            facts,
            remedy="Add this server's address to the key's allowed IP addresses in Stripe's Dashboard.",
        )
    if facts.code == "api_key_expired":
        return KeyRefused(
            "stripe_key_expired",
            "This Stripe key has expired.",
            facts,
            remedy="Make a new key in Stripe's Dashboard under Developers › API keys, and enter it here.",
        )
    if facts.code == "secret_key_required":
        return PermissionMissing("stripe_secret_key_needed", "Stripe wants a secret or restricted key for this.", facts)
    if status == 403 or refusals.lacks_permission(facts.message):
        named = f" (rak_{facts.right})" if facts.right else ""
        return PermissionMissing(
            "stripe_permission_missing",
            f"The Stripe key lacks a permission that this needs{named}.",
            facts,
            remedy="Edit the key's permissions in Stripe's Dashboard, then press VERIFY.",
        )
    return KeyRefused(
        "stripe_key_refused",
        "Stripe does not accept this key: it is mistyped, or it was rolled or revoked.",
        facts,
        remedy="Copy the key again from Stripe's Dashboard under Developers › API keys.",
    )


def _refused(status: int, facts: Facts) -> StripeFailure:
    said = facts.message or f"status {status}"
    if status == 402 or facts.type == "card_error":
        return CardDeclined("stripe_card_declined", f"The card was declined: {said}", facts)
    if facts.type == "idempotency_error":
        return KeyMisused("stripe_key_misused", "This idempotency key was used for another request before.", facts)
    if status == 404 and facts.message.startswith("Unrecognized request URL"):
        return NoSuchEndpoint("stripe_no_such_endpoint", "This account or API version has no such resource.", facts)
    if status == 404:
        return StripeAbsent("stripe_absent", f"Stripe has no such object: {said}", facts)
    return RequestRefused("stripe_request_refused", f"Stripe refused the request: {said}", facts)


def _error_of(raw: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(raw)
    except ValueError:
        return {}
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _text(error: dict[str, Any], name: str) -> str | None:
    value = error.get(name)
    return value if isinstance(value, str) else None


def _seconds(value: str | None) -> float | None:
    try:
        return max(0.0, float(value)) if value is not None else None
    except ValueError:
        return None
