"""Every answer on record becomes the error it should, and no error repeats a key."""

from __future__ import annotations

import pytest

from tests.contracts.recorded import ANSWERS, Recorded
from tillwright.gateways.stripe import refusals, translate
from tillwright.gateways.stripe.errors import StripeFailure


@pytest.mark.parametrize("recorded", ANSWERS, ids=lambda recorded: recorded.name)
def test_each_recorded_answer_becomes_its_error(recorded: Recorded) -> None:
    failure = translate.failure(recorded.status, recorded.headers, recorded.raw)
    assert type(failure).__name__ == recorded.becomes
    assert isinstance(failure, StripeFailure)
    assert failure.code == recorded.code
    assert failure.unknown is recorded.unknown
    assert failure.status == recorded.status
    for name, value in recorded.facts.items():
        assert getattr(failure.facts, name) == value, name


@pytest.mark.parametrize(
    "message",
    [
        "Invalid API Key provided: sk_test_51Habcdefgh1234",
        "The provided key 'rk_live_***' lacks it",
        "Expired API Key provided: rk_test_****************Yc9x",
        "whsec_abcdef123456 is no key",
        "token sk_acct_1234567",
    ],
)
def test_no_part_of_a_key_is_repeated(message: str) -> None:
    failure = translate.failure(401, {}, ('{"error": {"message": "' + message + '"}}').encode())
    told = f"{failure} {failure!r} {failure.record()}"
    for part in ("51H", "***", "Yc9x", "abcdef", "1234"):
        assert part not in told


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Having the 'rak_charge_write' permission", "charge_write"),
        ("Enabling \"Prices Read\" ('plan_read') permissions", "plan_read"),
        ("No such charge: 'ch_none'", None),
        ("No such customer: 'cus_read'", None),
    ],
)
def test_the_named_right_is_read(text: str, right: str | None) -> None:
    assert refusals.named_right(text) == right
