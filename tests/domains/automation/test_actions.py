"""Actions: the requests they make, and the inputs they refuse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tillwright.domains.automation import Automation, parameters
from tillwright.domains.automation.catalogue import catalogue
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import (
    Mail,
    PromotionCodes,
    Refund,
    Request,
    Selection,
    StripeRead,
    StripeWrite,
    Sweep,
    Values,
)
from tillwright.gateways.stripe import facts
from tillwright.gateways.stripe.operations import Operation, operations
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
    (
        "create_coupon",
        {"percent_off": 5, "redeem_by": "2027-03-01T00:00:00+01:00", "products": ["prod_1"]},
        StripeWrite(
            "POST",
            "/v1/coupons",
            {
                "percent_off": 5,
                "redeem_by": 1803855600,
                "duration": "once",
                "applies_to": {"products": ["prod_1"]},
            },
        ),
    ),
    (
        "apply_coupon",
        {"customer": "cus_1", "promotion_code": "promo_1"},
        Sweep(
            StripeRead("/v1/subscriptions", {"customer": "cus_1"}),
            StripeWrite("POST", "/v1/subscriptions/{id}", {"discounts": [{"promotion_code": "promo_1"}]}),
        ),
    ),
    (
        "refund_payment",
        {"payment_intent": "pi_1", "amount": 500, "reason": "fraudulent"},
        Refund(None, "pi_1", 500, {"reason": "fraudulent"}),
    ),
    (
        "set_default_payment_method",
        {"customer": "cus_1", "payment_method": "pm_1"},
        StripeWrite("POST", "/v1/customers/cus_1", {"invoice_settings": {"default_payment_method": "pm_1"}}),
    ),
    (
        "pause_subscription",
        {"subscription": "sub_1", "resumes_at": 1_900_000_000},
        StripeWrite(
            "POST", "/v1/subscriptions/sub_1", {"pause_collection": {"behavior": "void", "resumes_at": 1_900_000_000}}
        ),
    ),
    (
        "create_checkout_session",
        {"price": "price_1", "success_url": "https://example.com/thanks", "coupon": "co_1"},
        StripeWrite(
            "POST",
            "/v1/checkout/sessions",
            {
                "mode": "payment",
                "line_items": [{"price": "price_1", "quantity": 1}],
                "success_url": "https://example.com/thanks",
                "discounts": [{"coupon": "co_1"}],
            },
        ),
    ),
    (
        "sum_objects",
        {"object": "invoice", "where": {"status": "paid"}, "customer": "cus_1", "created_from": "2027-01-01"},
        Selection("total", "invoice", {"status": "paid", "customer": "cus_1", "created": {"gte": 1798761600}}),
    ),
    ("set_values", {"values": {"a": 1}}, Values({"a": 1})),
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
        ("apply_coupon", {"coupon": "co_1", "subscription": "sub_1", "invoice": "in_1"}, ["subscription"]),
        ("refund_payment", {"charge": "ch_1", "payment_intent": "pi_1"}, ["charge"]),
        ("refund_payment", {"charge": "ch_1", "amount": 0}, ["amount"]),
        ("create_promotion_codes", {"coupon": "co_1", "count": 10_001, "prefix": "A B"}, ["count", "prefix"]),
        ("create_coupon", {"amount_off": 5, "currency": "euro"}, ["currency"]),
        ("create_coupon", {"percent_off": 5, "redeem_by": "soon"}, ["redeem_by"]),
        ("create_checkout_session", {"price": "p_1", "success_url": "javascript:alert(1)"}, ["success_url"]),
        ("find_object", {"object": "unicorn"}, ["object"]),
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


def sample(rule: Input) -> Any:
    """A value that fits; None where only Stripe's own shape says what does."""
    if rule.choices:
        return rule.choices[0]
    samples: dict[str, Any] = {
        "text": "words", "id": "id_1", "email": "ada@example.com", "url": "https://example.com/a", "currency": "EUR",
        "time": "2027-03-01", "number": rule.low or 1, "integer": int(rule.low or 1), "boolean": True,
        "texts": ["prod_1"], "labels": {"tier": "gold"}, "map": {"status": "open"}, "any": 1,
    }  # fmt: skip
    return samples.get(rule.kind)


def operation_of(method: str, path: str) -> Operation:
    template = facts.template_of(path)
    (found,) = [
        row for row in operations().values() if row.method == method and re.sub(r"\{\w+\}", "{}", row.path) == template
    ]
    return found


def check_against_stripes_page(method: str, path: str, params: Mapping[str, Any]) -> None:
    row = operation_of(method, path)
    shape = {"type": "object", "properties": row.params, "required": sorted(row.required)}
    assert list(parameters.complaints(shape, dict(params))) == []


def sent_by(request: Request) -> list[StripeWrite | StripeRead]:
    """The requests to Stripe a step's request stands for."""
    match request:
        case StripeWrite() | StripeRead():
            return [request]
        case Sweep():
            each = StripeWrite(request.each.method, request.each.path.replace("{id}", "id_1"), request.each.params)
            return [request.listing, each, *([request.then] if request.then else [])]
        case PromotionCodes():
            return [StripeWrite("POST", "/v1/promotion_codes", {**request.params, "code": "SPRING-ABCDEFGH"})]
        case Refund():
            return [StripeWrite("POST", "/v1/refunds", {**request.params, "charge": "ch_1", "amount": 1})]
        case _:
            return []


NAMED = sorted(name for name, action in catalogue().items() if not action.generated)


@pytest.mark.parametrize("name", NAMED)
def test_whatever_an_action_is_given_stripe_takes_its_request(name: str) -> None:
    """With everything it can be given, and with as little as it can."""
    action = catalogue()[name]
    shaped = {"items": [{"price": "price_1"}], "evidence": {"product_description": "words"}, "type": "eu_vat"}
    least = {n: shaped.get(n, sample(rule)) for n, rule in action.inputs.items() if rule.required}
    most = least | {n: sample(rule) for n, rule in action.inputs.items() if sample(rule) is not None}
    tried = 0
    for given in [most, least, *({**least, n: most[n], m: most[m]} for n in most for m in most)]:
        if action.problems(given, draft=False):
            continue  # inputs that don't go together
        tried += 1
        for request in sent_by(action.request(given)):
            method = request.method if isinstance(request, StripeWrite) else "GET"
            check_against_stripes_page(method, request.path, request.params)
    assert tried


def test_there_are_named_actions_for_all_that_people_do() -> None:
    areas = {catalogue()[name].area for name in NAMED}
    assert areas >= {
        "Checkout", "Coupons", "Customer balance", "Customers", "Disputes", "Invoices", "Payment links",
        "Payment methods", "Payments", "Products", "Refunds", "Stripe data", "Subscriptions",
    }  # fmt: skip
    assert len(NAMED) >= 98  # the most that any other product has


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


ALSO_STRIPES_WORDS = {"send_invoice", "note"}


def test_an_action_is_named_in_one_source_file_only(repository: Path) -> None:
    sources = [p for p in (repository / "src" / "tillwright").rglob("*.py")]
    texts = {path: path.read_text() for path in sources}
    for name, action in catalogue().items():
        if name in ALSO_STRIPES_WORDS:
            continue
        naming = [path for path, text in texts.items() if f'"{name}"' in text]
        if action.generated:
            assert naming == [], (name, naming)
            continue
        assert len(naming) == 1, (name, naming)
