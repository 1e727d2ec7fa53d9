"""The kinds of object the mirror knows how to list and fetch: a row each. Other kinds are kept too, from events."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """One of Stripe's object types.

    Args:
        object: its name, as in each object's `object` field.
        path: where it is listed; one object is at `path/id`.
        prefix: how its ids begin; empty where an account chooses them itself.
        plural: for people.
        by_created: the list takes `created[…]`.
        deletable: it can cease to exist, so that 404 means deleted.
        core: brought in by the first backfill.
        search: the fields a person would look for it by, beside its id.
        params: what the list needs to be whole.
    """

    object: str
    path: str
    prefix: str
    plural: str
    by_created: bool = True
    deletable: bool = False
    core: bool = False
    search: tuple[str, ...] = ()
    params: MappingProxyType[str, Any] = field(default_factory=lambda: MappingProxyType[str, Any]({}))

    def path_of(self, object_id: str) -> str | None:
        """Where one object is fetched; None for an id that no path can hold."""
        return f"{self.path}/{object_id}" if _IN_A_PATH.fullmatch(object_id) else None


_IN_A_PATH = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.~!$'()*+,;=:-]+")
_EVERY_STATUS = MappingProxyType[str, Any]({"status": "all"})

# The core comes first and in the order a person looks for it; customers before what belongs to them.
KINDS: tuple[Kind, ...] = (
    Kind("customer", "/v1/customers", "cus_", "Customers", deletable=True, core=True,
         search=("name", "email", "phone", "description")),
    Kind("product", "/v1/products", "prod_", "Products", deletable=True, core=True, search=("name", "description")),
    Kind("price", "/v1/prices", "price_", "Prices", deletable=True, core=True,
         search=("nickname", "lookup_key", "product")),
    Kind("coupon", "/v1/coupons", "", "Coupons", deletable=True, core=True, search=("name",)),
    Kind("promotion_code", "/v1/promotion_codes", "promo_", "Promotion codes", core=True, search=("code",)),
    Kind("subscription", "/v1/subscriptions", "sub_", "Subscriptions", core=True, search=("description",),
         params=_EVERY_STATUS),
    Kind("invoice", "/v1/invoices", "in_", "Invoices", deletable=True, core=True,
         search=("number", "customer_name", "customer_email", "description")),
    Kind("payment_intent", "/v1/payment_intents", "pi_", "Payments", core=True,
         search=("description", "receipt_email")),
    Kind("charge", "/v1/charges", "ch_", "Charges", core=True,
         search=("description", "receipt_email", "receipt_number")),
    Kind("refund", "/v1/refunds", "re_", "Refunds", core=True, search=("description", "receipt_number")),
    Kind("payment_method", "/v1/payment_methods", "pm_", "Payment methods", by_created=False),
    Kind("setup_intent", "/v1/setup_intents", "seti_", "Setup intents", search=("description",)),
    Kind("dispute", "/v1/disputes", "du_", "Disputes", search=("reason",)),
    Kind("invoiceitem", "/v1/invoiceitems", "ii_", "Invoice items", deletable=True, search=("description",)),
    Kind("invoice_payment", "/v1/invoice_payments", "inpay_", "Invoice payments"),
    Kind("credit_note", "/v1/credit_notes", "cn_", "Credit notes", search=("number", "memo")),
    Kind("subscription_schedule", "/v1/subscription_schedules", "sub_sched_", "Subscription schedules"),
    Kind("plan", "/v1/plans", "", "Plans", deletable=True, search=("nickname", "product")),
    Kind("quote", "/v1/quotes", "qt_", "Quotes", by_created=False, search=("number", "description")),
    Kind("checkout.session", "/v1/checkout/sessions", "cs_", "Checkout sessions",
         search=("customer_email", "client_reference_id")),
    Kind("payment_link", "/v1/payment_links", "plink_", "Payment links", by_created=False),
    Kind("balance_transaction", "/v1/balance_transactions", "txn_", "Balance transactions",
         search=("description", "source")),
    Kind("payout", "/v1/payouts", "po_", "Payouts", search=("description",)),
    Kind("tax_rate", "/v1/tax_rates", "txr_", "Tax rates", search=("display_name", "description")),
    Kind("shipping_rate", "/v1/shipping_rates", "shr_", "Shipping rates", search=("display_name",)),
    Kind("billing.meter", "/v1/billing/meters", "mtr_", "Meters", by_created=False,
         search=("display_name", "event_name")),
    Kind("billing_portal.configuration", "/v1/billing_portal/configurations", "bpc_", "Portal configurations",
         by_created=False, search=("name",)),
    Kind("entitlements.feature", "/v1/entitlements/features", "feat_", "Features", by_created=False,
         search=("name", "lookup_key")),
    Kind("review", "/v1/reviews", "prv_", "Reviews"),
    Kind("radar.early_fraud_warning", "/v1/radar/early_fraud_warnings", "issfr_", "Early fraud warnings"),
    Kind("file", "/v1/files", "file_", "Files", search=("filename", "title")),
    Kind("file_link", "/v1/file_links", "link_", "File links"),
    Kind("test_helpers.test_clock", "/v1/test_helpers/test_clocks", "clock_", "Test clocks", by_created=False,
         deletable=True, search=("name",)),
)  # fmt: skip

BY_OBJECT = MappingProxyType({kind.object: kind for kind in KINDS})
CORE: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind.core)

# `customer.subscription.deleted` says that a subscription ended: it can still be fetched, with its status canceled.
OUTLIVES_ITS_DELETED_EVENT = frozenset({"subscription"})


def ends(event_type: str, object_type: str) -> bool:
    """Whether an event of this type says that the object it names ceased to exist."""
    return event_type.endswith(".deleted") and object_type not in OUTLIVES_ITS_DELETED_EVENT
