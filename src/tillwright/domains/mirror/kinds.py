"""The kinds of object the mirror knows how to list and fetch: a row each. Other kinds are kept too, from events."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, LiteralString


@dataclass(frozen=True, slots=True)
class Kind:
    """One of Stripe's object types.

    Args:
        object: its name, as in each object's `object` field.
        path: where it is listed, `{}` for the parent's id; one object is at `path/id`.
        plural: for people.
        by_created: the list takes `created[…]`.
        deletable: it can cease to exist, so that 404 means deleted.
        core: what most pages and workflows need, so brought in before all else.
        search: the fields a person would look for it by, beside its id; `a.b` is inside `a`.
        params: what the list needs to be whole.
        of: the object it is listed by, one request a parent; the parameter is called like the parent, if its id is not
            in the path.
        inside: the parent carries the first of them in this field, so that only longer lists are asked for.
        having: only for parents that an object of that type belongs to, by its `customer`.
        once: only if the account has objects of that type.
        part: what the list leaves out, and what brings the rest; None for a list that has everything.
        on_clocks: the list leaves out what lives on a test clock, and has it if it is asked for that clock: in test
            mode it is read once more for each.
        finder: an SQL function that knows which parents have some: the first behind an id, in a mode.
        silent: no event tells of each new one, so that every pass over its list brings some.
        alone: one can be fetched by itself. If not, what a whole pass did not meet is no more.
    """

    object: str
    path: str
    plural: str
    by_created: bool = True
    deletable: bool = False
    core: bool = False
    search: tuple[str, ...] = ()
    params: MappingProxyType[str, Any] = field(default_factory=lambda: MappingProxyType[str, Any]({}))
    of: str | None = None
    inside: str | None = None
    having: str | None = None
    once: str | None = None
    part: str | None = None
    on_clocks: bool = False
    finder: LiteralString | None = None
    silent: bool = False
    alone: bool = True

    @property
    def view(self) -> str:
        """The name of its view in the schema `stripe`."""
        return self.path.removeprefix("/v1/").replace("/{}", "").replace("/", "_")

    @property
    def parent(self) -> str | None:
        """The object whose lists are walked one after the other, by this kind or behind its plain list."""
        return self.of or (CLOCK if self.on_clocks else None)

    @property
    def parent_param(self) -> str:
        """What the list calls the parent."""
        return (self.parent or "").rpartition(".")[2]

    @property
    def nested(self) -> bool:
        """The parent's id is in the path of its list."""
        return "{}" in self.path

    def list_of(self, parent_id: str | None) -> str:
        """Where it is listed, for a parent's id that a path can hold."""
        return self.path.replace("{}", parent_id or "")

    def path_of(self, object_id: str, parent_id: str | None = None) -> str | None:
        """Where one object is fetched; None for an id that no path can hold, or where it has no path of its own."""
        if not self.alone or not in_a_path(object_id) or (self.nested and not in_a_path(parent_id or "")):
            return None
        return f"{self.list_of(parent_id)}/{object_id}"


CLOCK = "test_helpers.test_clock"


def in_a_path(object_id: str) -> bool:
    """Whether an id can stand in a path."""
    return _IN_A_PATH.fullmatch(object_id) is not None


IN_A_PATH = r"(?!\.{1,2}$)[A-Za-z0-9_.~!$'()*+,;=:-]+"
"""An id that can stand in a path, as a pattern, for PostgreSQL too: some are chosen by people."""
_IN_A_PATH = re.compile(IN_A_PATH)
_BILLING = ("billing_details.name", "billing_details.email", "billing_details.phone")
_EVERY_STATUS = MappingProxyType[str, Any]({"status": "all"})

# The core comes first and in the order a person looks for it; customers before what belongs to them.
KINDS: tuple[Kind, ...] = (
    Kind("customer", "/v1/customers", "Customers", deletable=True, core=True, on_clocks=True,
         search=("name", "email", "phone", "description")),
    Kind("product", "/v1/products", "Products", deletable=True, core=True, search=("name", "description")),
    Kind("price", "/v1/prices", "Prices", deletable=True, core=True, search=("nickname", "lookup_key", "product")),
    Kind("coupon", "/v1/coupons", "Coupons", deletable=True, core=True, search=("name",)),
    Kind("promotion_code", "/v1/promotion_codes", "Promotion codes", core=True, search=("code",)),
    Kind("subscription", "/v1/subscriptions", "Subscriptions", core=True, search=("description",),
         params=_EVERY_STATUS, on_clocks=True),
    Kind("invoice", "/v1/invoices", "Invoices", deletable=True, core=True,
         search=("number", "customer_name", "customer_email", "description")),
    Kind("payment_intent", "/v1/payment_intents", "Payments", core=True, search=("description", "receipt_email")),
    Kind("charge", "/v1/charges", "Charges", core=True,
         search=("description", "receipt_email", "receipt_number", *_BILLING)),
    Kind("refund", "/v1/refunds", "Refunds", core=True, search=("description", "receipt_number")),
    Kind("payment_method", "/v1/payment_methods", "Payment methods", by_created=False, search=_BILLING,
         part="all but those of the type custom; their events bring them"),
    Kind("setup_intent", "/v1/setup_intents", "Setup intents", search=("description",)),
    Kind("dispute", "/v1/disputes", "Disputes",
         search=("reason", "evidence.customer_name", "evidence.customer_email_address")),
    Kind("invoiceitem", "/v1/invoiceitems", "Invoice items", deletable=True, search=("description",)),
    Kind("invoice_payment", "/v1/invoice_payments", "Invoice payments"),
    Kind("credit_note", "/v1/credit_notes", "Credit notes", search=("number", "memo")),
    Kind("subscription_schedule", "/v1/subscription_schedules", "Subscription schedules", core=True),
    Kind("plan", "/v1/plans", "Plans", deletable=True, search=("nickname", "product")),
    Kind("quote", "/v1/quotes", "Quotes", by_created=False, search=("number", "description"), on_clocks=True),
    Kind("checkout.session", "/v1/checkout/sessions", "Checkout sessions",
         search=("customer_email", "client_reference_id", "customer_details.name", "customer_details.email")),
    Kind("payment_link", "/v1/payment_links", "Payment links", by_created=False),
    Kind("balance_transaction", "/v1/balance_transactions", "Balance transactions", search=("description", "source")),
    Kind("payout", "/v1/payouts", "Payouts", search=("description",)),
    Kind("transfer", "/v1/transfers", "Transfers", search=("description",)),
    Kind("topup", "/v1/topups", "Top-ups", search=("description",)),
    Kind("tax_rate", "/v1/tax_rates", "Tax rates", search=("display_name", "description")),
    Kind("tax_id", "/v1/tax_ids", "Tax ids", by_created=False, deletable=True, search=("value",),
         part="the account's own only; those of customers come by their events, customer.tax_id.…"),
    Kind("tax.registration", "/v1/tax/registrations", "Tax registrations", by_created=False, params=_EVERY_STATUS),
    Kind("shipping_rate", "/v1/shipping_rates", "Shipping rates", search=("display_name",)),
    Kind("billing.meter", "/v1/billing/meters", "Meters", by_created=False, search=("display_name", "event_name")),
    Kind("billing.alert", "/v1/billing/alerts", "Billing alerts", by_created=False, search=("title",)),
    Kind("billing.credit_grant", "/v1/billing/credit_grants", "Credit grants", by_created=False, search=("name",)),
    Kind("billing.credit_balance_transaction", "/v1/billing/credit_balance_transactions", "Credit transactions",
         by_created=False),
    Kind("billing_portal.configuration", "/v1/billing_portal/configurations", "Portal configurations",
         by_created=False, search=("name",)),
    Kind("invoice_rendering_template", "/v1/invoice_rendering_templates", "Invoice templates", by_created=False,
         search=("nickname",)),
    Kind("entitlements.feature", "/v1/entitlements/features", "Features", by_created=False,
         search=("name", "lookup_key")),
    Kind("review", "/v1/reviews", "Reviews",
         part="open ones only; one that was closed is as its event, review.closed, left it"),
    Kind("radar.early_fraud_warning", "/v1/radar/early_fraud_warnings", "Early fraud warnings"),
    Kind("radar.value_list", "/v1/radar/value_lists", "Radar lists", deletable=True, search=("name", "alias")),
    Kind("payment_record", "/v1/payment_records", "Payment records", by_created=False,
         search=("customer_details.name", "customer_details.email")),
    Kind("payment_method_configuration", "/v1/payment_method_configurations", "Payment method configurations",
         by_created=False, search=("name",)),
    Kind("payment_method_domain", "/v1/payment_method_domains", "Payment method domains", by_created=False,
         search=("domain_name",)),
    Kind("apple_pay_domain", "/v1/apple_pay/domains", "Apple Pay domains", by_created=False, deletable=True,
         search=("domain_name",)),
    Kind("file", "/v1/files", "Files", search=("filename", "title")),
    Kind("file_link", "/v1/file_links", "File links"),
    Kind("webhook_endpoint", "/v1/webhook_endpoints", "Webhook endpoints", by_created=False, deletable=True,
         search=("url", "description")),
    Kind("account", "/v1/accounts", "Connected accounts", deletable=True, search=("email", "business_profile.name")),
    Kind("application_fee", "/v1/application_fees", "Application fees"),
    Kind("financial_connections.account", "/v1/financial_connections/accounts", "Financial accounts linked",
         by_created=False, search=("display_name",)),
    Kind("identity.verification_session", "/v1/identity/verification_sessions", "Identity verifications"),
    Kind("identity.verification_report", "/v1/identity/verification_reports", "Identity reports"),
    Kind("issuing.authorization", "/v1/issuing/authorizations", "Issuing authorizations"),
    Kind("issuing.cardholder", "/v1/issuing/cardholders", "Cardholders", search=("name", "email")),
    Kind("issuing.card", "/v1/issuing/cards", "Issued cards"),
    Kind("issuing.dispute", "/v1/issuing/disputes", "Issuing disputes"),
    Kind("issuing.transaction", "/v1/issuing/transactions", "Issuing transactions"),
    Kind("issuing.personalization_design", "/v1/issuing/personalization_designs", "Card designs", by_created=False,
         search=("name",)),
    Kind("issuing.physical_bundle", "/v1/issuing/physical_bundles", "Card bundles", by_created=False,
         search=("name",)),
    Kind("terminal.configuration", "/v1/terminal/configurations", "Terminal configurations", by_created=False,
         deletable=True, search=("name",)),
    Kind("terminal.location", "/v1/terminal/locations", "Terminal locations", by_created=False, deletable=True,
         search=("display_name",)),
    Kind("terminal.reader", "/v1/terminal/readers", "Terminal readers", by_created=False, deletable=True,
         search=("label", "serial_number")),
    Kind("treasury.financial_account", "/v1/treasury/financial_accounts", "Treasury accounts"),
    Kind("climate.order", "/v1/climate/orders", "Climate orders", by_created=False),
    Kind("reporting.report_run", "/v1/reporting/report_runs", "Report runs"),
    Kind("scheduled_query_run", "/v1/sigma/scheduled_query_runs", "Scheduled queries", by_created=False,
         search=("title",)),
    Kind("forwarding.request", "/v1/forwarding/requests", "Forwarded requests"),
    Kind(CLOCK, "/v1/test_helpers/test_clocks", "Test clocks", by_created=False,
         deletable=True, search=("name",)),
    # Listed for one parent at a time, after the parents.
    Kind("subscription_item", "/v1/subscription_items", "Subscription items", by_created=False, deletable=True,
         of="subscription", inside="items", silent=True),
    Kind("line_item", "/v1/invoices/{}/lines", "Invoice lines", by_created=False, deletable=True,
         search=("description",), of="invoice", inside="lines", silent=True, alone=False),
    Kind("credit_note_line_item", "/v1/credit_notes/{}/lines", "Credit note lines", by_created=False, deletable=True,
         search=("description",), of="credit_note", inside="lines", silent=True, alone=False),
    Kind("transfer_reversal", "/v1/transfers/{}/reversals", "Transfer reversals", by_created=False, of="transfer",
         inside="reversals", silent=True),
    Kind("fee_refund", "/v1/application_fees/{}/refunds", "Application fee refunds", by_created=False,
         of="application_fee", inside="refunds", silent=True),
    Kind("product_feature", "/v1/products/{}/features", "Product features", by_created=False, deletable=True,
         of="product", once="entitlements.feature", silent=True),
    Kind("customer_balance_transaction", "/v1/customers/{}/balance_transactions", "Customer balance transactions",
         search=("description", "invoice", "credit_note"), of="customer", finder="mirror_customers_with_balances",
         silent=True),
    Kind("entitlements.active_entitlement", "/v1/entitlements/active_entitlements", "Active entitlements",
         by_created=False, deletable=True, search=("lookup_key",), of="customer", having="subscription",
         once="entitlements.feature"),
    Kind("radar.value_list_item", "/v1/radar/value_list_items", "Radar list items", deletable=True,
         search=("value",), of="radar.value_list"),
    Kind("payment_attempt_record", "/v1/payment_attempt_records", "Payment attempts", by_created=False,
         of="payment_record"),
    Kind("treasury.transaction", "/v1/treasury/transactions", "Treasury transactions",
         of="treasury.financial_account"),
    Kind("treasury.transaction_entry", "/v1/treasury/transaction_entries", "Treasury entries",
         of="treasury.financial_account"),
    Kind("treasury.outbound_payment", "/v1/treasury/outbound_payments", "Outbound payments",
         of="treasury.financial_account"),
    Kind("treasury.outbound_transfer", "/v1/treasury/outbound_transfers", "Outbound transfers", by_created=False,
         of="treasury.financial_account"),
    Kind("treasury.inbound_transfer", "/v1/treasury/inbound_transfers", "Inbound transfers", by_created=False,
         of="treasury.financial_account"),
    Kind("treasury.received_credit", "/v1/treasury/received_credits", "Received credits", by_created=False,
         of="treasury.financial_account"),
    Kind("treasury.received_debit", "/v1/treasury/received_debits", "Received debits", by_created=False,
         of="treasury.financial_account"),
    Kind("treasury.credit_reversal", "/v1/treasury/credit_reversals", "Credit reversals", by_created=False,
         of="treasury.financial_account"),
    Kind("treasury.debit_reversal", "/v1/treasury/debit_reversals", "Debit reversals", by_created=False,
         of="treasury.financial_account"),
)  # fmt: skip

ASIDE = MappingProxyType({
    "/v1/accounts/{}/capabilities": "one request a connected account: events bring them as they change",
    "/v1/accounts/{}/external_accounts": "one request a connected account: events bring them as they change",
    "/v1/accounts/{}/people": "an older address of persons",
    "/v1/accounts/{}/persons": "one request a connected account: events bring them as they change",
    "/v1/apps/secrets": "secrets that Stripe Apps keep: not ours to copy",
    "/v1/balance/history": "an older address of balance transactions",
    "/v1/billing/feedback_options": "Stripe's own wording, the same for everybody",
    "/v1/billing/meters/{}/event_summaries": "sums over a span of time that the question names, never stored",
    "/v1/charges/search": "another way to charges",
    "/v1/charges/{}/refunds": "another way to refunds",
    "/v1/checkout/sessions/{}/line_items":
        "one request a session; the lines of its invoice, or the items of its subscription, are mirrored",
    "/v1/climate/products": "Stripe's own catalogue, the same for everybody",
    "/v1/climate/suppliers": "Stripe's own catalogue, the same for everybody",
    "/v1/country_specs": "Stripe's own reference data, the same for everybody",
    "/v1/credit_notes/preview/lines": "computed for a question, never stored",
    "/v1/customers/search": "another way to customers",
    "/v1/customers/{}/bank_accounts":
        "an older kind of payment method, one request a customer: events bring them as they change",
    "/v1/customers/{}/cards":
        "an older kind of payment method, one request a customer: events bring them as they change",
    "/v1/customers/{}/cash_balance_transactions": "one request a customer: an event brings each as it is made",
    "/v1/customers/{}/payment_methods": "another way to payment methods",
    "/v1/customers/{}/sources":
        "an older kind of payment method, one request a customer: events bring them as they change",
    "/v1/customers/{}/subscriptions": "another way to subscriptions",
    "/v1/customers/{}/tax_ids":
        "one request a customer: events bring them as they change, and each invoice has those it was made out with",
    "/v1/events": "kept as received, whole, beside the mirror",
    "/v1/exchange_rates": "Stripe's own reference data, the same for everybody",
    "/v1/financial_connections/accounts/{}/owners":
        "names and addresses of other people: not copied without their asking",
    "/v1/financial_connections/transactions": "bank statements of other people: not copied without their asking",
    "/v1/invoices/search": "another way to invoices",
    "/v1/issuing/tokens": "network tokens",
    "/v1/linked_accounts": "an older address of linked financial accounts",
    "/v1/linked_accounts/{}/owners": "an older address of the owners of linked financial accounts",
    "/v1/payment_intents/search": "another way to payment intents",
    "/v1/payment_intents/{}/amount_details_line_items": "one request a payment, and few payments have any",
    "/v1/payment_links/{}/line_items": "one request a link; what was bought by it is in its invoices and subscriptions",
    "/v1/prices/search": "another way to prices",
    "/v1/products/search": "another way to products",
    "/v1/quotes/{}/computed_upfront_line_items": "computed for a question; a quote has its sums in `computed`",
    "/v1/quotes/{}/line_items": "one request a quote; an accepted one becomes an invoice or a subscription",
    "/v1/reporting/report_types": "Stripe's own catalogue, the same for everybody",
    "/v1/setup_attempts": "one request a setup intent; each intent carries its latest attempt",
    "/v1/sources/{}/source_transactions": "sources have no list to walk: events bring them as they are made",
    "/v1/subscriptions/search": "another way to subscriptions",
    "/v1/tax/calculations/{}/line_items": "computed for a question, and gone after 90 days",
    "/v1/tax/transactions/{}/line_items": "tax transactions have no list to walk",
    "/v1/tax_codes": "Stripe's own reference data, the same for everybody",
})  # fmt: skip
"""Lists of Stripe's that are not mirrored, and why."""

BY_OBJECT = MappingProxyType({kind.object: kind for kind in KINDS})
CORE: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind.core)

# `customer.subscription.deleted` says that a subscription ended: it can still be fetched, with its status canceled.
OUTLIVES_ITS_DELETED_EVENT = frozenset({"subscription"})


def ends(event_type: str, object_type: str) -> bool:
    """Whether an event of this type says that the object it names ceased to exist."""
    return event_type.endswith(".deleted") and object_type not in OUTLIVES_ITS_DELETED_EVENT
