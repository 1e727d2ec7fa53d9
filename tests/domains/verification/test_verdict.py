"""What each answer to a probe proves, from recorded texts."""

from __future__ import annotations

import pytest

from tests.contracts.recorded import ANSWERS
from tillwright.domains.verification.verdict import judge
from tillwright.gateways.stripe import translate
from tillwright.gateways.stripe.answer import Answer

VERDICTS = {
    "a missing right, the rak wording": "missing",
    "a missing right, the enabling wording": "missing",
    "a missing right, as a 401": "missing",
    "a missing right, as a 400": "missing",
    "a right no restricted key can have": "absent",
    "a restricted key without Connect rights": "missing",
    "a foreign account": "dead",
    "a forbidden network address": "dead",
    "an unknown key": "dead",
    "an expired key": "dead",
    "a public key where a secret one is needed": "missing",
    "no such object": "granted",
    "no such address": "absent",
    "an unknown parameter": "granted",
    "a declined card": "unproven",
    "an idempotency key used for something else": "unproven",
    "a request still under way": "unproven",
    "too many requests": "unknown",
    "an error of Stripe's own": "unknown",
    "a proxy's page": "unknown",
    "a redirection": "unknown",
    "an error without a body": "granted",
    "an error that is a list": "granted",
}


@pytest.mark.parametrize("recorded", ANSWERS, ids=lambda recorded: recorded.name)
def test_each_recorded_answer_is_judged(recorded) -> None:
    failure = translate.failure(recorded.status, recorded.headers, recorded.raw)
    assert judge(failure, write=True) == VERDICTS[recorded.name]


def test_a_read_that_succeeds_proves_and_a_write_that_succeeds_does_not() -> None:
    assert judge(Answer(200, b"{}"), write=False) == "granted"
    assert judge(Answer(200, b"{}"), write=True) == "unproven"


def test_no_answer_proves_nothing() -> None:
    assert judge(translate.unreachable("reset"), write=False) == "unknown"


@pytest.mark.parametrize("text", ["Sources is deprecated.", "This is no longer supported.", "x no longer available y"])
def test_a_resource_that_is_gone_is_not_a_missing_permission(text: str) -> None:
    body = b'{"error": {"message": "' + text.encode() + b'", "type": "invalid_request_error"}}'
    assert judge(translate.failure(400, {}, body), write=True) == "absent"
