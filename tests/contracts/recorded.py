"""Answers in Stripe's own words: what our translation must understand, whoever gives them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True)
class Recorded:
    """An HTTP answer, and what it must become: the class's name, our code, and the facts that matter."""

    name: str
    status: int
    body: dict[str, Any] | bytes
    becomes: str
    code: str
    unknown: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)


def error(message: str, type: str = "invalid_request_error", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": type, **more}}


_RAK = (
    "The provided key 'rk_test_***' does not have the required permissions for this endpoint on account "
    "'acct_1032D82eZvKYlo2C'. Having the 'rak_subscription_read' permission would allow this request to continue."
)
_ENABLING = (
    "Permission denied. The provided key 'rk_test_***' does not have the required permissions for this endpoint on "
    "account 'acct_1032D82eZvKYlo2C'. Enabling \"Prices Read\" ('plan_read') permissions on this key would allow this "
    "request to continue. You can edit permissions at https://dashboard.stripe.com/b/acct_1032D82eZvKYlo2C"
)

ANSWERS = (
    Recorded(
        "a missing right, the rak wording",
        403,
        error(_RAK),
        "PermissionMissing",
        "stripe_permission_missing",
        facts={"right": "subscription_read", "account": "acct_1032D82eZvKYlo2C", "code": None},
    ),
    Recorded(
        "a missing right, the enabling wording",
        403,
        error(_ENABLING, code="more_permissions_required"),
        "PermissionMissing",
        "stripe_permission_missing",
        facts={"right": "plan_read", "account": "acct_1032D82eZvKYlo2C", "code": "more_permissions_required"},
    ),
    Recorded("a missing right, as a 401", 401, error(_RAK), "PermissionMissing", "stripe_permission_missing"),
    Recorded("a missing right, as a 400", 400, error(_RAK), "PermissionMissing", "stripe_permission_missing"),
    Recorded(
        "a right no restricted key can have",
        403,
        error(
            "This is a restricted API key, but the required permissions are not available for use by restricted keys. "
            "Please use a secret key instead."
        ),
        "PermissionMissing",
        "stripe_permission_missing",
        facts={"right": None, "account": None},
    ),
    Recorded(
        "a restricted key without Connect rights",
        403,
        error(
            "You passed a restricted API key with the Stripe-Account header, but the restricted API key does not have "
            "any Connect permissions."
        ),
        "PermissionMissing",
        "stripe_permission_missing",
    ),
    Recorded(
        "a foreign account",
        403,
        error(
            "The provided key 'sk_test_***Yc9x' does not have access to account 'acct_1032D82eZvKYlo2C' (or that "
            "account does not exist). Application access may have been revoked.",
            code="account_invalid",
        ),
        "AccountRefused",
        "stripe_account_refused",
    ),
    Recorded(
        "a forbidden network address",
        403,
        error("The API key provided does not allow requests from your IP address."),
        "KeyRefused",
        "stripe_key_address",
    ),
    Recorded(
        "an unknown key",
        401,
        error("Invalid API Key provided: sk_test_********************Yc9x"),
        "KeyRefused",
        "stripe_key_refused",
    ),
    Recorded(
        "an expired key",
        401,
        error("Expired API Key provided: rk_test_*****************Yc9x", code="api_key_expired"),
        "KeyRefused",
        "stripe_key_expired",
    ),
    Recorded(
        "a public key where a secret one is needed",
        403,
        error(
            "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list "
            "of your API keys at https://dashboard.stripe.com/account/apikeys.",
            code="secret_key_required",
        ),
        "PermissionMissing",
        "stripe_secret_key_needed",
    ),
    Recorded(
        "no such object",
        404,
        error("No such customer: 'cus_none'", code="resource_missing", param="id"),
        "StripeAbsent",
        "stripe_absent",
        facts={"code": "resource_missing", "param": "id"},
    ),
    Recorded(
        "no such address",
        404,
        error("Unrecognized request URL (GET: /v1/orders). Please see https://stripe.com/docs or we can help at x."),
        "NoSuchEndpoint",
        "stripe_no_such_endpoint",
    ),
    Recorded(
        "an unknown parameter",
        400,
        error("Received unknown parameter: invoice_settings[nope]", code="parameter_unknown"),
        "RequestRefused",
        "stripe_request_refused",
    ),
    Recorded(
        "a declined card",
        402,
        error("Your card was declined.", "card_error", code="card_declined", decline_code="generic_decline"),
        "CardDeclined",
        "stripe_card_declined",
        facts={"decline_code": "generic_decline"},
    ),
    Recorded(
        "an idempotency key used for something else",
        400,
        error(
            "Keys for idempotent requests can only be used with the same parameters they were first used with.",
            "idempotency_error",
        ),
        "KeyMisused",
        "stripe_key_misused",
    ),
    Recorded(
        "a request still under way",
        409,
        error(
            "There is currently another in-progress request using this Idempotent Key.",
            "idempotency_error",
            code="idempotency_key_in_use",
        ),
        "InFlight",
        "stripe_in_flight",
    ),
    Recorded(
        "too many requests",
        429,
        error("Request rate limit exceeded.", code="rate_limit"),
        "RateLimited",
        "stripe_rate_limited",
        headers={"retry-after": "2", "stripe-should-retry": "true"},
        facts={"retry_after": 2.0, "should_retry": True},
    ),
    Recorded(
        "an error of Stripe's own",
        500,
        error("An unknown error occurred.", "api_error"),
        "StripeBroken",
        "stripe_broken",
        unknown=True,
        headers={"request-id": "req_123", "idempotent-replayed": "true"},
        facts={"request_id": "req_123", "replayed": True},
    ),
    Recorded("a proxy's page", 502, b"<html>Bad Gateway</html>", "StripeBroken", "stripe_broken", unknown=True),
    Recorded("a redirection", 302, b"", "StripeBroken", "stripe_broken", unknown=True),
    Recorded("an error without a body", 400, b"", "RequestRefused", "stripe_request_refused"),
    Recorded("an error that is a list", 400, b"[1]", "RequestRefused", "stripe_request_refused"),
)
