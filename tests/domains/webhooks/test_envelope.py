"""What is read from a signed body, and which bodies are refused."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from tillwright.domains.webhooks import envelope
from tillwright.kit.errors import Invalid

EVENT: dict[str, Any] = {
    "id": "evt_1",
    "object": "event",
    "type": "customer.updated",
    "api_version": "2026-08-26.dahlia",
    "created": 1_800_000_000,
    "livemode": False,
    "data": {"object": {"id": "cus_1", "object": "customer", "name": "Ann"}, "previous_attributes": {"name": "An"}},
}


def read(**changes: Any) -> envelope.Envelope:
    return envelope.read(orjson.dumps({**EVENT, **changes}))


def test_an_event_says_what_it_is_about() -> None:
    got = read()
    assert (got.id, got.type, got.livemode) == ("evt_1", "customer.updated", False)
    assert got.api_version == "2026-08-26.dahlia"
    assert got.created == datetime(2027, 1, 15, 8, 0, tzinfo=UTC)
    assert (got.object_type, got.object_id, got.account_id) == ("customer", "cus_1", None)
    assert got.snapshot == EVENT["data"]["object"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"type": "nobody.ever.saw", "data": {"object": {"id": "new_1", "object": "novelty"}}}, ("novelty", "new_1")),
        ({"data": {"object": {"object": "balance", "available": []}}}, ("balance", "balance")),
        (
            {"data": {"object": {"object": "entitlements.active_entitlement_summary", "customer": "cus_1"}}},
            ("entitlements.active_entitlement_summary", "cus_1"),
        ),
        ({"data": {"object": {"id": "50 % off, été", "object": "coupon"}}}, ("coupon", "50 % off, été")),
        ({"data": {"object": {"id": "x"}}}, (None, None)),
        ({"data": {"object": {"id": 7, "object": "seven"}}}, (None, None)),
        ({"data": {"object": {"id": "a\0b", "object": "coupon"}}}, (None, None)),
        ({"data": {"object": {"id": "", "object": "coupon"}}}, (None, None)),
        ({"data": {"object": {"id": "i" * 256, "object": "coupon"}}}, (None, None)),
        ({"data": []}, (None, None)),
        ({"data": None}, (None, None)),
        ({"api_version": None, "account": "acct_1", "whatever": {"is": "new"}}, ("customer", "cus_1")),
    ],
)
def test_types_and_fields_never_seen_before_are_welcome(changes: dict[str, Any], named: tuple[str, str]) -> None:
    assert (read(**changes).object_type, read(**changes).object_id) == named


def test_a_thin_event_names_an_object_without_carrying_it() -> None:
    got = envelope.read(
        orjson.dumps(
            {
                "id": "evt_thin",
                "object": "v2.core.event",
                "type": "v1.billing.meter.error_report_triggered",
                "created": "2027-01-15T08:00:00.000Z",
                "livemode": True,
                "context": "acct_1",
                "related_object": {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"},
            }
        )
    )
    assert got.thin
    assert got.snapshot is None
    assert (got.object_type, got.object_id, got.account_id) == ("billing.meter", "mtr_1", "acct_1")
    assert got.created == datetime(2027, 1, 15, 8, 0, tzinfo=UTC)


def nested(levels: int) -> bytes:
    return orjson.dumps(EVENT).replace(b'"Ann"', b"[" * levels + b"]" * levels)


REFUSED = {
    "empty": (b"", "body_no_json"),
    "no JSON": (b"id=evt_1", "body_no_json"),
    "cut off": (orjson.dumps(EVENT)[:-1], "body_no_json"),
    "bad UTF-8": (orjson.dumps(EVENT).replace(b"Ann", b"\xff\xfe"), "body_no_json"),
    "half a surrogate pair": (orjson.dumps(EVENT).replace(b"Ann", rb"\ud800"), "body_no_json"),
    "a byte-order mark": (b"\xef\xbb\xbf" + orjson.dumps(EVENT), "body_no_json"),
    "UTF-16": (orjson.dumps(EVENT).decode().encode("utf-16"), "body_no_json"),
    "gzip": (gzip.compress(orjson.dumps(EVENT)), "body_no_json"),
    "NaN": (orjson.dumps(EVENT).replace(b"1800000000", b"NaN"), "body_no_json"),
    "a list": (b"[]", "body_no_event"),
    "null": (b"null", "body_no_event"),
    "another object": (b'{"object": "customer", "id": "cus_1"}', "body_no_event"),
    "nested 200 deep": (nested(200), "body_too_deep"),
    "nested 100,000 deep": (nested(100_000), "body_no_json"),
    "10 MB": (b'{"a":"' + b"x" * 10_000_000 + b'"}', "body_too_large"),
    "a byte too many": (orjson.dumps(EVENT).ljust(envelope.LARGEST_BODY + 1), "body_too_large"),
    **{
        f"{name} = {value!r}": (orjson.dumps({**EVENT, name: value}), "body_no_event")
        for name, value in [
            ("id", None), ("id", ""), ("id", "e" * 256), ("id", 7), ("id", "a\0b"), ("id", "a b"),
            ("type", None), ("type", ["x"]), ("created", "soon"), ("created", None), ("created", -1), ("created", True),
            ("created", 1 << 60), ("created", "0001-01-01T00:00:00+23:59"), ("livemode", None), ("livemode", "false"),
        ]
    },
}  # fmt: skip


@pytest.mark.parametrize(("body", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_event_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        envelope.read(body)
    assert refusal.value.code == code
    assert refusal.value.remedy


def test_the_largest_and_the_deepest_allowed_are_read() -> None:
    assert envelope.read(orjson.dumps(EVENT).ljust(envelope.LARGEST_BODY)).id == "evt_1"
    assert envelope.read(nested(envelope.MOST_NESTING - 4)).id == "evt_1"
    many = orjson.dumps({**EVENT, "lines": [{"n": [n]} for n in range(500)]})  # wide is not deep
    assert envelope.read(many).id == "evt_1"
