"""Actions: the requests they make, and the inputs they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tillwright.domains.automation import Automation
from tillwright.domains.automation.catalogue import catalogue
from tillwright.domains.automation.requests import Mail, StripeWrite
from tillwright.gateways.stripe import facts
from tillwright.kit.errors import Invalid

REQUESTS: list[tuple[str, dict[str, Any], Any]] = [
    (
        "create_coupon",
        {"percent_off": 15, "max_redemptions": 1, "name": "Back"},
        StripeWrite(
            "POST", "/v1/coupons", {"duration": "once", "percent_off": 15, "max_redemptions": 1, "name": "Back"}
        ),
    ),
    (
        "create_coupon",
        {"amount_off": 500, "currency": "eur", "duration": "repeating", "duration_in_months": 3},
        StripeWrite(
            "POST",
            "/v1/coupons",
            {"duration": "repeating", "amount_off": 500, "currency": "eur", "duration_in_months": 3},
        ),
    ),
    (
        "create_promotion_code",
        {"coupon": "co_1", "customer": "cus_1", "first_time_transaction": True, "code": None},
        StripeWrite(
            "POST",
            "/v1/promotion_codes",
            {
                "customer": "cus_1",
                "promotion": {"type": "coupon", "coupon": "co_1"},
                "restrictions": {"first_time_transaction": True},
            },
        ),
    ),
    (
        "apply_coupon",
        {"subscription": "sub_1", "coupon": "co_1"},
        StripeWrite("POST", "/v1/subscriptions/sub_1", {"discounts": [{"coupon": "co_1"}]}),
    ),
    (
        "deactivate_promotion_code",
        {"promotion_code": "promo_1"},
        StripeWrite("POST", "/v1/promotion_codes/promo_1", {"active": False}),
    ),
    ("delete_coupon", {"coupon": "co_1"}, StripeWrite("DELETE", "/v1/coupons/co_1", {})),
    (
        "adjust_customer_balance",
        {"customer": "cus_1", "amount": -500, "currency": "eur"},
        StripeWrite("POST", "/v1/customers/cus_1/balance_transactions", {"amount": -500, "currency": "eur"}),
    ),
    (
        "end_subscription",
        {"subscription": "sub_1"},
        StripeWrite("POST", "/v1/subscriptions/sub_1", {"cancel_at_period_end": True}),
    ),
    (
        "send_mail",
        {"to": "a@example.com", "subject": "One\n two", "text": "Hello"},
        Mail("a@example.com", "One two", "Hello"),
    ),
]


@pytest.mark.parametrize(("name", "given", "expected"), REQUESTS)
def test_requests(name: str, given: dict[str, Any], expected: object) -> None:
    assert catalogue()[name].request(given) == expected


@pytest.mark.parametrize(
    ("name", "given", "fields"),
    [
        ("create_coupon", {}, ["percent_off"]),
        ("create_coupon", {"percent_off": 10, "amount_off": 5}, ["percent_off", "currency"]),
        ("create_coupon", {"percent_off": 0}, ["percent_off"]),
        ("create_coupon", {"percent_off": True}, ["percent_off"]),
        ("create_coupon", {"percent_off": 10, "duration": "never"}, ["duration"]),
        ("create_coupon", {"percent_off": 10, "duration": "repeating"}, ["duration_in_months"]),
        ("create_coupon", {"percent_off": 10, "name": "x" * 41}, ["name"]),
        ("create_coupon", {"percent_off": 10, "metadata": {"k" * 41: "v"}}, ["metadata"]),
        ("create_coupon", {"percent_off": 10, "metadata": {str(n): "v" for n in range(50)}}, ["metadata"]),
        ("create_promotion_code", {"coupon": "co_1", "customer": None, "colour": 1}, ["colour"]),
        ("create_promotion_code", {"coupon": "a/../b"}, ["coupon"]),
        ("delete_coupon", {"coupon": "../customers/cus_1"}, ["coupon"]),
        ("delete_coupon", {"coupon": 7}, ["coupon"]),
        ("send_mail", {"to": "nobody", "subject": "x", "text": "y"}, ["to"]),
        ("send_mail", {"to": "a@b.c\nBcc: d@e.f", "subject": "x", "text": "y"}, ["to"]),
        ("send_mail", {"to": "a@b.c, d@e.f", "subject": "x", "text": "y"}, ["to"]),
        ("send_mail", {"to": "a@b.c", "subject": "  ", "text": None}, ["subject", "text"]),
        ("apply_coupon", {"subscription": "sub_1"}, ["coupon"]),
        ("adjust_customer_balance", {"customer": "cus_1", "amount": 1.5, "currency": "eur"}, ["amount"]),
    ],
)
def test_inputs_that_are_refused(name: str, given: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(Invalid) as raised:
        catalogue()[name].request(given)
    assert [problem.field for problem in raised.value.problems] == fields


def test_every_action_asks_for_a_path_that_stripe_has() -> None:
    for name, given, expected in REQUESTS:
        if isinstance(expected, StripeWrite):
            assert facts.known(expected.path), (name, given)


def test_every_action_is_tried_here_or_is_a_plain_call_without_inputs_of_its_own() -> None:
    tried = {name for name, _, _ in REQUESTS}
    named = {name for name, action in catalogue().items() if not action.generated}
    assert named - tried <= {
        "send_invoice",
        "pay_invoice",
        "void_invoice",
        "update_customer",
    }


def test_schemas_for_editors_are_valid_and_agree_with_what_is_accepted() -> None:
    schemas = {entry["name"]: entry["inputs"] for entry in Automation.actions()}
    for name, action in catalogue().items():
        # Checking a schema is slow, and those of the table are all made by one rule.
        if not action.generated or name.startswith(("stripe.subscriptions.", "stripe.coupons.", "stripe.refunds.")):
            jsonschema.Draft202012Validator.check_schema(schemas[name])
    for name, given, _ in REQUESTS:
        jsonschema.validate({k: v for k, v in given.items() if v is not None}, schemas[name])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"percent_off": 120}, schemas["create_coupon"])
    jsonschema.validate({"percent_off": "${object.metadata.percent}"}, schemas["create_coupon"])


def test_an_action_is_named_in_one_source_file_only(repository: Path) -> None:
    sources = [p for p in (repository / "src" / "tillwright").rglob("*.py")]
    texts = {path: path.read_text() for path in sources}
    for name, action in catalogue().items():
        naming = [path for path, text in texts.items() if f'"{name}"' in text]
        if action.generated:
            assert naming == [], (name, naming)
            continue
        assert len(naming) == 1, (name, naming)
