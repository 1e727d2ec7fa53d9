"""What a mirrored object entitles its buyer to: pure, so that everything derived can be derived again.

| object | entitlements |
|---|---|
| subscription | one for each of its items, because items may end on different days |
| subscription_schedule | while it has not begun: one for each item of its first phase |
| invoice, paid | one for each line that is no subscription's and whose price or product has a term |
| payment_intent, succeeded | one, where its own metadata names a term, or a product that has one |
| entitlements.active_entitlement_summary | one for each of Stripe's own features the customer has now |

The end of a subscription is `ended_at`, else `cancel_at`, else the item's period end where it cancels at the period's
end, else the end of a schedule that ends by cancelling. A subscription that renews has none: `renews` says when it
does. A trial, an overdue payment and a paused collection end nothing and are named in `detail`. A purchase ends before
its term when all that was paid for it has gone back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from tillwright.domains.entitlements import terms
from tillwright.domains.entitlements.giving_back import Back
from tillwright.domains.entitlements.model import Draft, Source, Status
from tillwright.domains.entitlements.terms import Length
from tillwright.kit.clock import from_unix

Body = Mapping[str, Any]
TermOf = Callable[[str | None, str | None], Length | None]
"""The term that a price id and a product id grant when they are bought once."""

SUBSCRIPTION = "subscription"
SCHEDULED = "subscription_schedule"
INVOICE = "invoice"
PAYMENT = "payment_intent"
FEATURES = "entitlements.active_entitlement_summary"
DERIVED = (SUBSCRIPTION, SCHEDULED, INVOICE, PAYMENT, FEATURES)
"""The types this file reads."""
PRODUCT = "entitlement_product"
"""The metadata key by which a payment names what was bought."""

_STATUS: dict[str, Status] = {
    "trialing": "ACTIVE",
    "active": "ACTIVE",
    # Stripe still tries to collect: access goes on until it gives up, and says unpaid or canceled.
    "past_due": "ACTIVE",
    "unpaid": "SUSPENDED",
    "paused": "SUSPENDED",
    "incomplete": "PENDING_START",
    "incomplete_expired": "CANCELLED",
    "canceled": "CANCELLED",
}
_LATEST = 1 << 37


def of_subscription(body: Body, schedule: Body | None = None) -> Sequence[Draft]:
    """Args: schedule: the one that steers the subscription, if it has one and it is mirrored."""
    state = str(body.get("status") or "")
    status = _STATUS.get(state, "ACTIVE")  # a status of a later API version: rather warn than forget
    planned = bool(body.get("cancel_at") or body.get("cancel_at_period_end"))
    if status == "ACTIVE" and planned:
        status = "PENDING_CANCEL"
    ended, last = _time(body.get("ended_at")), _time(body.get("cancel_at")) or _schedules_end(schedule)
    drafts: list[Draft] = []
    for item in _rows(body.get("items")):
        period_end = _time(item.get("current_period_end") or body.get("current_period_end"))
        end = ended or last or (period_end if body.get("cancel_at_period_end") else None)
        if end is None and status == "CANCELLED":
            end = _time(body.get("canceled_at")) or period_end
        price = _dict(item.get("price"))
        drafts.append(
            Draft(
                source=Source(SUBSCRIPTION, str(body["id"]), str(item.get("id"))),
                kind="SUBSCRIPTION",
                status=status,
                buyer_id=id_of(body.get("customer")),
                product_id=id_of(price.get("product")),
                price_id=id_of(price),
                start=_start(body, item) or from_unix(0),
                end=end,
                renews=period_end if end is None else None,
                name=str(price.get("nickname") or ""),
                detail=_detail(body, item, price, state),
            )
        )
    return drafts


def of_schedule(body: Body) -> Sequence[Draft]:
    """What is promised but not begun; once it begins, the subscription it makes speaks for itself."""
    phases = _list(body.get("phases"))
    if body.get("status") != "not_started" or not phases:
        return []
    start = _time(phases[0].get("start_date"))
    return [
        Draft(
            source=Source(SCHEDULED, str(body["id"]), str(number)),
            kind="SCHEDULE",
            status="PENDING_START",
            buyer_id=id_of(body.get("customer")),
            product_id=id_of(_dict(item.get("price")).get("product")),
            price_id=id_of(item.get("price")),
            start=start or from_unix(0),
            end=_schedules_end(body),
            detail=_present(quantity=item.get("quantity")),
        )
        for number, item in enumerate(_list(phases[0].get("items")))
    ]


def of_invoice(body: Body, term_of: TermOf, back: Back | None = None) -> Sequence[Draft]:
    """Purchases that were paid; a line of a subscription is the subscription's own matter.

    Args: back: when all that was paid had gone back.
    """
    if body.get("status") != "paid":
        return []
    paid = paid_at(body)
    drafts: list[Draft] = []
    for line in _rows(body.get("lines")):
        if _of_subscription(line) or paid is None:
            continue
        details = _dict(_dict(line.get("pricing")).get("price_details"))
        price_id = id_of(details.get("price")) or id_of(line.get("price"))
        product_id = id_of(details.get("product")) or id_of(_dict(line.get("price")).get("product"))
        length = term_of(price_id, product_id)
        if length is None:
            continue
        source = Source(INVOICE, str(body["id"]), str(line.get("id")))
        drafts.append(_purchase(source, body, product_id, price_id, paid, length, line.get("quantity"), back))
    return drafts


def of_payment(body: Body, back: Back | None = None, term: Length | None = None) -> Sequence[Draft]:
    """A payment that says itself what it grants, by its metadata.

    Args:
        back: as for an invoice.
        term: of the product that it names; it weighs less than a term that it names.
    """
    length = terms.of_metadata(body) or term
    paid = paid_at(body)
    if body.get("status") != "succeeded" or length is None or paid is None:
        return []
    source = Source(PAYMENT, str(body["id"]), "payment")
    return [_purchase(source, body, product_of(body), None, paid, length, None, back)]


def of_features(body: Body) -> Sequence[Draft]:
    """Stripe's own entitlements: the features of the products on a customer's subscriptions, as they are now."""
    customer = id_of(body.get("customer"))
    return [
        Draft(
            source=Source(FEATURES, customer or "", str(id_of(row.get("feature")))),
            kind="FEATURE",
            status="ACTIVE",
            buyer_id=customer,
            product_id=None,
            price_id=None,
            start=_time(row.get("created")) or from_unix(0),
            end=None,
            name=str(row.get("lookup_key") or id_of(row.get("feature")) or ""),
            detail=_present(lookupKey=row.get("lookup_key"), feature=id_of(row.get("feature"))),
        )
        for row in _rows(body.get("entitlements"))
    ]


def paid_at(body: Body) -> datetime | None:
    """When an invoice or a payment was paid: what it grants begins then."""
    return _time(_dict(body.get("status_transitions")).get("paid_at")) or _time(body.get("created"))


def product_of(body: Body) -> str | None:
    """The product that a payment's metadata names."""
    product = _dict(body.get("metadata")).get(PRODUCT)
    return product if isinstance(product, str) and product else None


def prices_of(body: Body) -> Sequence[tuple[str | None, str | None]]:
    """The (price, product) ids of an invoice's own lines: what `of_invoice` will ask the term of."""
    found: list[tuple[str | None, str | None]] = []
    for line in _rows(body.get("lines")):
        if not _of_subscription(line):
            details = _dict(_dict(line.get("pricing")).get("price_details"))
            price = id_of(details.get("price")) or id_of(line.get("price"))
            found.append((price, id_of(details.get("product")) or id_of(_dict(line.get("price")).get("product"))))
    return found


def intent_of(body: Body) -> str | None:
    """The payment intent that a refund, a dispute or an invoice's payment is of."""
    return id_of(body.get("payment_intent")) or id_of(_dict(body.get("payment")).get("payment_intent"))


def id_of(value: Any) -> str | None:
    """An expandable field is an id or the object itself."""
    if isinstance(value, dict):
        value = cast("dict[str, Any]", value).get("id")
    return value if isinstance(value, str) and value else None


def _purchase(
    source: Source, body: Body, product: str | None, price: str | None, paid: datetime, length: Length, quantity: Any,
    back: Back | None,
) -> Draft:  # fmt: skip
    end = length.after(paid)
    # What went back after the term was over ends nothing any more.
    early = back if back is not None and back.at < end else None
    return Draft(
        source=source,
        kind="PURCHASE",
        status="CANCELLED" if early else "ACTIVE",
        buyer_id=id_of(body.get("customer")),
        product_id=product,
        price_id=price,
        start=paid,
        end=max(early.at, paid) if early else end,
        name=str(body.get("description") or "") if source.object == PAYMENT else "",
        detail=_present(quantity=quantity, endedBy=early.by if early else None),
    )


def _start(body: Body, item: Body) -> datetime | None:
    """An item that was there from the beginning began when the subscription says; one that was added, when it was."""
    first, added = _time(body.get("created")), _time(item.get("created"))
    if first and added and added > first + timedelta(minutes=1):
        return added
    return _time(body.get("start_date")) or first or added


def _schedules_end(schedule: Body | None) -> datetime | None:
    """A schedule ends its subscription only if it says so: by default it lets it go on."""
    if schedule is None or schedule.get("end_behavior") != "cancel" or schedule.get("status") not in _STEERING:
        return None
    phases = _list(schedule.get("phases"))
    return _time(phases[-1].get("end_date")) if phases else None


_STEERING = ("not_started", "active", "completed")


def _detail(body: Body, item: Body, price: Body, state: str) -> dict[str, Any]:
    recurring = _dict(price.get("recurring"))
    ending = _dict(_dict(body.get("trial_settings")).get("end_behavior")).get("missing_payment_method")
    trialing = state == "trialing"
    # `trial_end` stays set after the trial: only a running one is worth telling.
    return _present(
        stripeStatus=state,
        quantity=item.get("quantity"),
        interval=recurring.get("interval"),
        intervalCount=recurring.get("interval_count"),
        currency=price.get("currency") or body.get("currency"),
        unitAmount=price.get("unit_amount"),
        trialEnd=_text(_time(body.get("trial_end"))) if trialing else None,
        trialNeedsPaymentMethod=True if trialing and ending in ("cancel", "pause") else None,
        collectionPaused=True if body.get("pause_collection") else None,
        cancelAtPeriodEnd=True if body.get("cancel_at_period_end") else None,
        subscriptionSchedule=id_of(body.get("schedule")),
    )


def _of_subscription(line: Body) -> bool:
    parent = _dict(line.get("parent"))
    return bool(parent.get("type") == "subscription_item_details" or line.get("subscription"))


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "")}


def _time(value: Any) -> datetime | None:
    usable = isinstance(value, int) and not isinstance(value, bool) and 0 < value < _LATEST
    return from_unix(value) if usable else None


def _text(value: datetime | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None


def _dict(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: Any) -> list[dict[str, Any]]:
    return [_dict(row) for row in cast("list[Any]", value)] if isinstance(value, list) else []


def _rows(value: Any) -> list[dict[str, Any]]:
    """The rows of one of Stripe's lists inside an object."""
    return _list(_dict(value).get("data"))
