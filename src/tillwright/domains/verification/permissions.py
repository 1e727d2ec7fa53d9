"""The table of permissions: a row each, with how it can be probed without changing anything at Stripe.

A write probe goes to an id that cannot exist, or leaves out a parameter that is required: it fails in either order of
Stripe's checks. Never a POST to a collection that requires nothing: that would make an object.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

Use = Literal["required", "helpful", "excess"]
LIST = "?limit=1"


@dataclass(frozen=True)
class Permission:
    """`right` is Stripe's name without `rak_`; `dashboard` the line to tick; `loses` what stops without it.

    `read` is a path to GET, with `?limit=1` for a list; `write` a path to POST to with no parameters. A row with
    neither cannot be verified. `use`: required, helpful (not on the list), or excess (should not be given). `covers`:
    other types of object that the same right lets be listed.
    """

    right: str
    dashboard: str
    loses: str
    read: str = ""
    write: str = ""
    use: Use = "required"
    test_mode_only: bool = False
    wanted: bool = True  # offered on Stripe's own page where keys are made
    covers: tuple[str, ...] = ()

    @property
    def needs_write(self) -> bool:
        return self.right.endswith("_write")

    @property
    def reading(self) -> str:
        """The right that reading alone needs."""
        return self.right.removesuffix("_write") + "_read" if self.needs_write else self.right


def _row(right: str, dashboard: str, read: str, write: str, loses: str, covers: tuple[str, ...] = ()) -> Permission:
    return Permission(right, dashboard, loses, read, write, covers=covers)


PERMISSIONS: tuple[Permission, ...] = (
    Permission("balance_read", "Balance: Read", "The balance is not shown.", "/v1/balance"),
    _row(
        "charge_write",
        "Charges and Refunds: Write",
        "/v1/charges" + LIST,
        "/v1/charges/ch_none",
        "Charges are not mirrored; refunds cannot be made.",
        covers=("refund",),
    ),
    _row(
        "customer_write",
        "Customers: Write",
        "/v1/customers" + LIST,
        "/v1/customers/cus_none",
        "Customers are neither mirrored nor changed.",
    ),
    _row(
        "customer_session_write",
        "Customer session: Write",
        "",
        "/v1/customer_sessions",
        "Customers cannot manage their saved payment methods.",
    ),
    _row(
        "dispute_write",
        "Disputes: Write",
        "/v1/disputes" + LIST,
        "/v1/disputes/dp_none",
        "Disputes are neither mirrored nor answered.",
    ),
    Permission("event_read", "Events: Read", "Missed events cannot be fetched.", "/v1/events" + LIST),
    _row(
        "payment_intent_write",
        "PaymentIntents: Write",
        "/v1/payment_intents" + LIST,
        "/v1/payment_intents/pi_none",
        "Payments are neither mirrored nor taken.",
    ),
    _row(
        "payment_method_write",
        "PaymentMethods: Write",
        "/v1/payment_methods" + LIST,
        "/v1/payment_methods/pm_none",
        "Saved payment methods are neither shown nor used.",
    ),
    _row(
        "product_write",
        "Products: Write",
        "/v1/products" + LIST,
        "/v1/products/prod_none",
        "Products are neither mirrored nor changed.",
    ),
    _row(
        "setup_intent_write",
        "SetupIntents: Write",
        "/v1/setup_intents" + LIST,
        "/v1/setup_intents/seti_none",
        "Payment methods cannot be saved for later.",
    ),
    _row(
        "source_write",
        "Sources: Write",
        "/v1/sources/src_none",
        "/v1/sources/src_none",
        "Payment methods of the older kind are not shown.",
    ),
    _row(
        "checkout_session_write",
        "Checkout Sessions: Write",
        "/v1/checkout/sessions" + LIST,
        "/v1/checkout/sessions/cs_none/expire",
        "Checkout pages cannot be made.",
    ),
    _row("coupon_write", "Coupons: Write", "/v1/coupons" + LIST, "/v1/coupons/none", "Workflows cannot make coupons."),
    _row(
        "credit_note_write",
        "Credit notes: Write",
        "/v1/credit_notes" + LIST,
        "/v1/credit_notes/cn_none",
        "Credit notes are neither mirrored nor made.",
    ),
    _row(
        "customer_portal_write",
        "Customer portal: Write",
        "/v1/billing_portal/configurations" + LIST,
        "/v1/billing_portal/configurations/bpc_none",
        "Links to the customer portal cannot be made.",
    ),
    _row(
        "invoice_write",
        "Invoices: Write",
        "/v1/invoices" + LIST,
        "/v1/invoices/in_none",
        "Invoices are neither mirrored nor issued.",
    ),
    _row(
        "plan_write",
        "Prices: Write",
        "/v1/prices" + LIST,
        "/v1/prices/price_none",
        "Prices and plans are neither mirrored nor changed.",
        covers=("plan",),
    ),
    _row(
        "promotion_code_write",
        "Promotion codes: Write",
        "/v1/promotion_codes" + LIST,
        "/v1/promotion_codes/promo_none",
        "Workflows cannot make promotion codes.",
    ),
    _row(
        "subscription_write",
        "Subscriptions: Write",
        "/v1/subscriptions" + LIST,
        "/v1/subscriptions/sub_none",
        "Subscriptions are neither mirrored nor changed, and no entitlement's end is known.",
        covers=("subscription_item", "subscription_schedule"),
    ),
    _row(
        "tax_rate_write",
        "Tax rates: Write",
        "/v1/tax_rates" + LIST,
        "/v1/tax_rates/txr_none",
        "Tax rates are neither mirrored nor changed.",
    ),
    _row("quote_write", "Quotes: Write", "/v1/quotes" + LIST, "/v1/quotes/qt_none", "Quotes cannot be made."),
    _row(
        "billing_meter_write",
        "Billing meters: Write",
        "/v1/billing/meters" + LIST,
        "/v1/billing/meters/mtr_none",
        "Usage meters are neither mirrored nor changed.",
    ),
    _row("billing_meter_event_write", "Meter events: Write", "", "/v1/billing/meter_events", "Usage is not reported."),
    Permission(
        "billing_clock_write",
        "Test clocks: Write",
        "Workflows cannot be rehearsed on Stripe's test clocks.",
        "/v1/test_helpers/test_clocks" + LIST,
        "/v1/test_helpers/test_clocks",
        test_mode_only=True,
    ),
    Permission("order_write", "Orders: Write", "Nothing: Stripe has withdrawn Orders.", wanted=False),
    Permission("sku_write", "SKUs: Write", "Nothing: Stripe has withdrawn Orders and SKUs.", wanted=False),
    _row(
        "webhook_write",
        "Webhook Endpoints: Write",
        "/v1/webhook_endpoints?limit=100",  # an account has at most 16, and the report counts them
        "/v1/webhook_endpoints/we_none",
        "Stripe's events do not reach Tillwright.",
    ),
    Permission(
        "connected_account_read",
        "Accounts: Read",
        "The account's name and country are not shown; its id is.",
        "/v1/account",
        use="helpful",
    ),
    Permission(
        "payout_write",
        "Payouts: None",
        "Nothing: Tillwright never pays out. Take this permission away.",
        write="/v1/payouts/po_none",
        use="excess",
    ),
    Permission(
        "transfer_write",
        "Transfers: None",
        "Nothing: Tillwright never transfers money. Take this permission away.",
        write="/v1/transfers/tr_none",
        use="excess",
    ),
)


def right_to_list(object_type: str, path: str) -> str | None:
    """The right that lets a key read the type's list, in Stripe's own name; None where VERIFY asks for none."""
    rows = (row for row in PERMISSIONS if row.read.split("?")[0] == path or object_type in row.covers)
    return next((f"rak_{row.reading}" for row in rows), None)


def wanted_rights() -> list[str]:
    """What a new key should be given, in Stripe's own names, without what Stripe no longer offers."""
    return [f"rak_{row.right}" for row in PERMISSIONS if row.use == "required" and row.wanted]


def key_page(name: str = "Tillwright") -> str:
    """The address of Stripe's page that makes a restricted key, filled in."""
    chosen = [("name", name), *(("permissions[]", right) for right in wanted_rights())]
    return "https://dashboard.stripe.com/apikeys/create?" + urlencode(chosen)
