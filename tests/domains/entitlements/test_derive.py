"""What Stripe's objects entitle to, object by object."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tillwright.domains.entitlements import derive, terms
from tillwright.domains.entitlements.terms import Length
from tillwright.kit.clock import from_unix, to_unix

START = to_unix(datetime(2027, 1, 1, tzinfo=UTC))
DAY = 86_400


def item(number: int = 1, period_end: int = START + 30 * DAY, **fields: Any) -> dict[str, Any]:
    price = {"id": f"price_{number}", "product": f"prod_{number}", "currency": "eur", "unit_amount": 4900}
    return {
        "id": f"si_{number}", "quantity": 2, "created": START, "current_period_end": period_end, "price": price,
    } | fields  # fmt: skip


def subscription(*items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active", "created": START,
        "start_date": START, "cancel_at": None, "cancel_at_period_end": False, "ended_at": None, "trial_end": None,
        "items": {"object": "list", "data": list(items or [item()])},
    } | fields  # fmt: skip


def schedule(end_behavior: str = "cancel", status: str = "active") -> dict[str, Any]:
    phases = [
        {"start_date": START, "end_date": START + 90 * DAY, "items": [{"price": "price_1", "quantity": 3}]},
        {"start_date": START + 90 * DAY, "end_date": START + 365 * DAY, "items": []},
    ]
    return {"id": "sub_sched_1", "customer": "cus_1", "status": status, "end_behavior": end_behavior, "phases": phases}


def test_one_that_renews_has_no_end() -> None:
    (draft,) = derive.of_subscription(subscription())
    assert (draft.status, draft.end, draft.renews) == ("ACTIVE", None, from_unix(START + 30 * DAY))
    assert (draft.buyer_id, draft.product_id, draft.price_id) == ("cus_1", "prod_1", "price_1")
    assert draft.detail["unitAmount"] == 4900
    assert draft.start == from_unix(START)


ENDS = [
    ("ended_at wins", {"ended_at": START + 1, "cancel_at": START + 2, "status": "canceled"}, START + 1, "CANCELLED"),
    ("then cancel_at", {"cancel_at": START + 2, "cancel_at_period_end": True}, START + 2, "PENDING_CANCEL"),
    ("then the period's end", {"cancel_at_period_end": True}, START + 30 * DAY, "PENDING_CANCEL"),
    ("canceled without a date", {"status": "canceled", "canceled_at": START + 5}, START + 5, "CANCELLED"),
]


@pytest.mark.parametrize(("fields", "end", "status"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_where_the_end_comes_from(fields: dict[str, Any], end: int, status: str) -> None:
    (draft,) = derive.of_subscription(subscription(**fields))
    assert (draft.end, draft.status, draft.renews) == (from_unix(end), status, None)


def test_a_schedule_ends_it_only_if_it_cancels() -> None:
    (ending,) = derive.of_subscription(subscription(schedule="sub_sched_1"), schedule())
    assert (ending.end, ending.status) == (from_unix(START + 365 * DAY), "ACTIVE")
    for other in (schedule("release"), schedule("cancel", "released"), schedule("cancel", "canceled"), None):
        (going_on,) = derive.of_subscription(subscription(schedule="sub_sched_1"), other)
        assert going_on.end is None


def test_several_items_have_several_ends() -> None:
    made = subscription(item(1), item(2, START + 365 * DAY, created=START + 10 * DAY), cancel_at_period_end=True)
    monthly, yearly = derive.of_subscription(made)
    assert (monthly.end, yearly.end) == (from_unix(START + 30 * DAY), from_unix(START + 365 * DAY))
    assert yearly.start == from_unix(START + 10 * DAY)
    assert monthly.source != yearly.source


STATES = {
    "trialing": "ACTIVE", "active": "ACTIVE", "past_due": "ACTIVE", "unpaid": "SUSPENDED", "paused": "SUSPENDED",
    "incomplete": "PENDING_START", "incomplete_expired": "CANCELLED", "canceled": "CANCELLED", "invented": "ACTIVE",
}  # fmt: skip


@pytest.mark.parametrize(("state", "status"), STATES.items())
def test_each_state(state: str, status: str) -> None:
    (draft,) = derive.of_subscription(subscription(status=state, canceled_at=START + 1))
    assert draft.status == status
    assert draft.detail["stripeStatus"] == state


def test_a_suspended_one_that_is_to_be_cancelled_stays_suspended() -> None:
    (draft,) = derive.of_subscription(subscription(status="paused", cancel_at=START + 9))
    assert draft.status == "SUSPENDED"


def test_a_trial_is_named_and_ends_nothing() -> None:
    fields = {"trial_end": START + 14 * DAY, "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}}}
    (trial,) = derive.of_subscription(subscription(status="trialing", **fields))
    assert trial.end is None
    assert trial.detail["trialEnd"] == "2027-01-15T00:00:00Z"
    assert trial.detail["trialNeedsPaymentMethod"] is True
    (over,) = derive.of_subscription(subscription(status="active", **fields))
    assert "trialEnd" not in over.detail


def test_collection_paused_is_named() -> None:
    (draft,) = derive.of_subscription(subscription(pause_collection={"behavior": "void"}))
    assert (draft.status, draft.detail["collectionPaused"]) == ("ACTIVE", True)


def test_a_schedule_that_has_not_begun_is_a_promise() -> None:
    (draft,) = derive.of_schedule(schedule(status="not_started"))
    assert (draft.status, draft.start, draft.end) == ("PENDING_START", from_unix(START), from_unix(START + 365 * DAY))
    assert derive.of_schedule(schedule()) == []


def invoice(**fields: Any) -> dict[str, Any]:
    def line(number: int, **more: Any) -> dict[str, Any]:
        details = {"price": f"price_{number}", "product": f"prod_{number}"}
        return {"id": f"il_{number}", "quantity": 1, "pricing": {"price_details": details}} | more

    lines = [line(1), line(2), line(3, parent={"type": "subscription_item_details"})]
    paid = {"status_transitions": {"paid_at": START}, "status": "paid", "customer": "cus_1", "id": "in_1"}
    return paid | {"lines": {"data": lines}} | fields


def test_a_paid_invoice_grants_what_its_products_say() -> None:
    def term_of(price: str | None, product: str | None) -> Length | None:
        return Length(12, 0) if product != "prod_2" else None

    (draft,) = derive.of_invoice(invoice(), term_of)
    assert (draft.product_id, draft.kind) == ("prod_1", "PURCHASE")
    assert (draft.start, draft.end) == (from_unix(START), datetime(2028, 1, 1, tzinfo=UTC))
    assert derive.of_invoice(invoice(status="open"), term_of) == []
    assert derive.prices_of(invoice()) == [("price_1", "prod_1"), ("price_2", "prod_2")]


def test_a_payment_says_itself_what_it_grants() -> None:
    body = {"id": "pi_1", "status": "succeeded", "created": START, "customer": {"id": "cus_9"}, "metadata": {}}
    assert derive.of_payment(body) == []
    body["metadata"] = {"entitlement_term": "P2W", "entitlement_product": "prod_7"}
    (draft,) = derive.of_payment(body)
    assert (draft.buyer_id, draft.product_id, draft.end) == ("cus_9", "prod_7", from_unix(START + 14 * DAY))
    assert derive.of_payment(body | {"status": "processing"}) == []


def test_stripes_own_features() -> None:
    rows = [{"id": "ent_1", "feature": "feat_1", "lookup_key": "sso"}, {"id": "ent_2", "feature": {"id": "feat_2"}}]
    drafts = derive.of_features({"customer": "cus_1", "entitlements": {"data": rows}})
    assert [(d.source.id, d.source.part, d.name) for d in drafts] == [
        ("cus_1", "feat_1", "sso"), ("cus_1", "feat_2", "feat_2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("P1Y", "2029-02-28"), ("p6m", "2028-08-29"), ("P30D", "2028-03-30"), ("P2W", "2028-03-14"),
        ("P1Y6M", "2029-08-29"), ("P0D", None), ("P", None), ("1 year", None), ("PT5H", None), (30, None),
        ("P9999M9D", "2861-06-07"),
    ],
)  # fmt: skip
def test_a_term_is_counted_on_the_calendar(text: Any, end: str | None) -> None:
    length = terms.parse(text)
    start = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert (length.after(start).date().isoformat() if length else None) == end


@pytest.mark.parametrize("body", [{}, {"items": None}, {"items": {"data": [None, 7, {}]}}, {"cancel_at": "soon"}])
def test_odd_bodies_break_nothing(body: dict[str, Any]) -> None:
    whole = {"id": "sub_odd"} | body
    derive.of_subscription(whole, {})
    derive.of_schedule(whole)
    derive.of_invoice(whole | {"status": "paid"}, lambda *_: None)
    derive.of_payment(whole)
    derive.of_features(whole)
