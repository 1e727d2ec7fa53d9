"""Decides from Stripe's answer to a probe what it proves: pure.

| answer to a probe | proves |
|---|---|
| 2xx to a read | granted |
| 404 or 400 to a write aimed at nothing | granted |
| a text that names a missing permission, with whatever status | missing |
| "not available for use by restricted keys" | absent: no such key can have it |
| 404 "Unrecognized request URL", or 400 that the resource is gone | absent: not offered to this account or version |
| 401, a foreign account, a forbidden address | dead: the key itself, not this permission |
| 429, 5xx, no answer | unknown |
| anything else, a 2xx to a write among them | unproven |
"""

from __future__ import annotations

from typing import Literal

from tillwright.gateways.stripe import refusals
from tillwright.gateways.stripe.answer import Answer
from tillwright.gateways.stripe.errors import (
    AccountRefused,
    KeyRefused,
    NoSuchEndpoint,
    PermissionMissing,
    RequestRefused,
    StripeAbsent,
    StripeFailure,
)
from tillwright.kit.errors import Upstream

Verdict = Literal["granted", "missing", "absent", "dead", "unknown", "unproven"]

_GONE = ("deprecated", "no longer supported", "no longer available", "not supported in this api version")


def judge(outcome: Answer | StripeFailure, *, write: bool) -> Verdict:
    """What one answer proves of the permission its probe is for."""
    if isinstance(outcome, Answer):
        return "unproven" if write else "granted"
    if isinstance(outcome, KeyRefused | AccountRefused):
        return "dead"
    if isinstance(outcome, PermissionMissing):
        return "absent" if refusals.UNAVAILABLE in outcome.facts.message.lower() else "missing"
    if isinstance(outcome, NoSuchEndpoint) or _gone(outcome):
        return "absent"
    if isinstance(outcome, StripeAbsent):
        return "granted"
    if isinstance(outcome, RequestRefused) and outcome.status == 400:
        return "granted"
    if isinstance(outcome, Upstream):
        return "unknown"
    return "unproven"


def _gone(failure: StripeFailure) -> bool:
    said = failure.facts.message.lower()
    return isinstance(failure, RequestRefused) and any(words in said for words in _GONE)
