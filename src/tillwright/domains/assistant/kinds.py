"""The kinds of object a tool can find: a row each, with where it is listed, linked to and what of it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

FieldKind = Literal[
    "id", "word", "time", "money", "integer", "flag", "outside", "name", "email", "phone", "last4", "country", "code"
]


@dataclass(frozen=True)
class Field:
    """`path` is where it stands in Stripe's object, dotted; `kind` how it is shown.

    `outside`, `name`, `email`, `phone`: people outside wrote it; the last three and `last4` are masked unless allowed.
    """

    name: str
    kind: FieldKind
    path: str = ""

    @property
    def at(self) -> str:
        return self.path or self.name


@dataclass(frozen=True)
class Kind:
    """`object` is Stripe's name; `page` its place in the Dashboard; `amount` the field that sums are made of.

    `text` are the fields a search looks into; `params` what the list needs to be whole.
    """

    name: str
    object: str
    path: str
    page: str
    title: str
    fields: tuple[Field, ...]
    text: tuple[str, ...] = ()
    amount: str | None = None
    statuses: tuple[str, ...] = ()
    params: tuple[tuple[str, Any], ...] = ()
    prefix: str = ""


_CREATED = Field("created", "time")
_CUSTOMER = Field("customer", "id")

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "customers", "customer", "/v1/customers", "customers", "Customers",
            (Field("name", "name"), Field("email", "email"), Field("phone", "phone"), Field("description", "outside"),
             Field("country", "country", "address.country"), Field("currency", "word"), Field("balance", "money"),
             Field("delinquent", "flag"), _CREATED),
            text=("name", "email", "description", "phone"), prefix="cus_",
        ),
        Kind(
            "invoices", "invoice", "/v1/invoices", "invoices", "Invoices",
            (Field("number", "code"), Field("status", "word"), _CUSTOMER, Field("customer_name", "name"),
             Field("total", "money"), Field("amount_due", "money"), Field("amount_paid", "money"),
             Field("amount_remaining", "money"), Field("due_date", "time"), Field("attempt_count", "integer"),
             Field("description", "outside"), _CREATED),
            text=("number", "customer_name", "customer_email", "description"), amount="total",
            statuses=("draft", "open", "paid", "uncollectible", "void", "overdue"), prefix="in_",
        ),
        Kind(
            "payments", "charge", "/v1/charges", "payments", "Payments",
            (Field("status", "word"), _CUSTOMER, Field("amount", "money"), Field("amount_captured", "money"),
             Field("amount_refunded", "money"), Field("payment_intent", "id"), Field("description", "outside"),
             Field("failure_code", "word"), Field("disputed", "flag"),
             Field("card_brand", "word", "payment_method_details.card.brand"),
             Field("card_last4", "last4", "payment_method_details.card.last4"),
             Field("country", "country", "billing_details.address.country"), _CREATED),
            text=("description", "receipt_email", "billing_details.name", "billing_details.email"), amount="amount",
            statuses=("succeeded", "failed", "pending", "refunded", "partially_refunded", "disputed"), prefix="ch_",
        ),
        Kind(
            "refunds", "refund", "/v1/refunds", "refunds", "Refunds",
            (Field("status", "word"), Field("amount", "money"), Field("reason", "word"), Field("charge", "id"),
             Field("payment_intent", "id"), Field("failure_reason", "word"), _CREATED),
            text=("description",), amount="amount",
            statuses=("pending", "requires_action", "succeeded", "failed", "canceled"), prefix="re_",
        ),
        Kind(
            "disputes", "dispute", "/v1/disputes", "disputes", "Disputes",
            (Field("status", "word"), Field("amount", "money"), Field("reason", "word"), Field("charge", "id"),
             Field("evidence_due", "time", "evidence_details.due_by"), _CREATED),
            text=("reason",), amount="amount",
            statuses=("warning_needs_response", "warning_under_review", "warning_closed", "needs_response",
                      "under_review", "won", "lost"), prefix="du_",
        ),
        Kind(
            "subscriptions", "subscription", "/v1/subscriptions", "subscriptions", "Subscriptions",
            (Field("status", "word"), _CUSTOMER, Field("start_date", "time"), Field("cancel_at_period_end", "flag"),
             Field("cancel_at", "time"), Field("ended_at", "time"), Field("trial_end", "time"),
             Field("currency", "word"), Field("description", "outside"), _CREATED),
            text=("description",), params=(("status", "all"),),
            statuses=("active", "trialing", "past_due", "unpaid", "canceled", "incomplete", "incomplete_expired",
                      "paused"), prefix="sub_",
        ),
        Kind(
            "products", "product", "/v1/products", "products", "Products",
            (Field("name", "outside"), Field("description", "outside"), Field("active", "flag"), _CREATED),
            text=("name", "description"), statuses=("active", "inactive"), prefix="prod_",
        ),
        Kind(
            "prices", "price", "/v1/prices", "prices", "Prices",
            (Field("product", "id"), Field("nickname", "outside"), Field("unit_amount", "money"),
             Field("type", "word"), Field("interval", "word", "recurring.interval"),
             Field("interval_count", "integer", "recurring.interval_count"), Field("active", "flag"), _CREATED),
            text=("nickname", "lookup_key"), amount="unit_amount", statuses=("active", "inactive"), prefix="price_",
        ),
        Kind(
            "coupons", "coupon", "/v1/coupons", "coupons", "Coupons",
            (Field("name", "outside"), Field("percent_off", "word"), Field("amount_off", "money"),
             Field("duration", "word"), Field("times_redeemed", "integer"), Field("max_redemptions", "integer"),
             Field("redeem_by", "time"), Field("valid", "flag"), _CREATED),
            text=("name",), statuses=("active", "inactive"),
        ),
        Kind(
            "promotion_codes", "promotion_code", "/v1/promotion_codes", "promotion_codes", "Promotion codes",
            (Field("code", "outside"), Field("coupon", "id", "promotion.coupon"), _CUSTOMER, Field("active", "flag"),
             Field("times_redeemed", "integer"), Field("max_redemptions", "integer"), Field("expires_at", "time"),
             _CREATED),
            text=("code",), statuses=("active", "inactive"), prefix="promo_",
        ),
        Kind(
            "payment_intents", "payment_intent", "/v1/payment_intents", "payments", "Payment intents",
            (Field("status", "word"), _CUSTOMER, Field("amount", "money"), Field("amount_received", "money"),
             Field("description", "outside"), Field("latest_charge", "id"), _CREATED),
            text=("description", "receipt_email"), amount="amount", prefix="pi_",
        ),
    )
}  # fmt: skip


def pick(obj: Mapping[str, Any], path: str) -> Any:
    """What stands at a dotted path; an expanded object counts as its id where an id is meant."""
    value: Any = obj
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = cast(Mapping[str, Any], value).get(part)
    return value


def identity(value: Any) -> str | None:
    """An id, whether it came alone or with its whole object."""
    if isinstance(value, Mapping):
        value = cast(Mapping[str, Any], value).get("id")
    return value if isinstance(value, str) else None


def kind_of(object_id: str) -> Kind | None:
    """The kind an id's beginning tells; None where accounts choose ids themselves."""
    return next((kind for kind in KINDS.values() if kind.prefix and object_id.startswith(kind.prefix)), None)
