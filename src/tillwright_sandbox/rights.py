"""The rights of restricted keys: which `rak_…` permission each operation asks for, and what Stripe calls it.

A row is (path template's beginning, the permission's stem, its title in the Dashboard). The longest row that fits an
operation's path wins; GET asks for `<stem>_read`, POST and DELETE for `<stem>_write`, and write includes read.
"""

from functools import lru_cache

UNAVAILABLE = "-"  # no restricted key can be given this right
FREE = ""  # every key may call this

ROWS: tuple[tuple[str, str, str], ...] = (
    ("/v1/account", "connected_account", "Accounts"),
    ("/v1/accounts", "connected_account", "Accounts"),
    ("/v1/account_links", "account_link", "Account Links"),
    ("/v1/account_sessions", "account_session", "Account Sessions"),
    ("/v1/apple_pay/domains", "apple_pay_domain", "Apple Pay Domains"),
    ("/v1/application_fees", "application_fee", "Application Fees"),
    ("/v1/apps/secrets", "secret", "Secret Store"),
    ("/v1/balance", "balance", "Balance"),
    ("/v1/balance_settings", "balance_settings", "Balance Settings"),
    ("/v1/balance_transactions", "balance", "Balance"),
    ("/v1/billing/alerts", "billing_alert", "Billing Alerts"),
    ("/v1/billing/credit_balance_summary", "billing_credit_grant", "Credit Grants"),
    ("/v1/billing/credit_balance_transactions", "billing_credit_grant", "Credit Grants"),
    ("/v1/billing/credit_grants", "billing_credit_grant", "Credit Grants"),
    ("/v1/billing/feedback_options", "customer_portal", "Customer Portal"),
    ("/v1/billing/meter_event_adjustments", "billing_meter_event", "Meter Events"),
    ("/v1/billing/meter_events", "billing_meter_event", "Meter Events"),
    ("/v1/billing/meters", "billing_meter", "Meters"),
    ("/v1/billing_portal", "customer_portal", "Customer Portal"),
    ("/v1/charges", "charge", "Charges and Refunds"),
    ("/v1/charges/{charge}/dispute", "dispute", "Disputes"),
    ("/v1/checkout/sessions", "checkout_session", "Checkout Sessions"),
    ("/v1/payment_pages", "checkout_session", "Checkout Sessions"),
    ("/v1/climate", "climate_order", "Climate Orders"),
    ("/v1/confirmation_tokens", "confirmation_token", "Confirmation Tokens"),
    ("/v1/test_helpers/confirmation_tokens", "confirmation_token", "Confirmation Tokens"),
    ("/v1/country_specs", FREE, "Country Specs"),
    ("/v1/exchange_rates", FREE, "Exchange Rates"),
    ("/v1/coupons", "coupon", "Coupons"),
    ("/v1/credit_notes", "credit_note", "Credit Notes"),
    ("/v1/customer_sessions", "customer_session", "Customer Session"),
    ("/v1/customers", "customer", "Customers"),
    ("/v1/customers/{customer}/payment_methods", "payment_method", "Payment Methods"),
    ("/v1/customers/{customer}/sources", "source", "Sources"),
    ("/v1/customers/{customer}/cards", "source", "Sources"),
    ("/v1/customers/{customer}/bank_accounts", "source", "Sources"),
    ("/v1/customers/{customer}/subscriptions", "subscription", "Subscriptions"),
    ("/v1/disputes", "dispute", "Disputes"),
    ("/v1/entitlements", "entitlement", "Entitlements"),
    ("/v1/ephemeral_keys", UNAVAILABLE, "Ephemeral Keys"),
    ("/v1/events", "event", "Events"),
    ("/v1/external_accounts", "connected_account", "Accounts"),
    ("/v1/file_links", "file", "Files"),
    ("/v1/files", "file", "Files"),
    ("/v1/financial_connections", "financial_connections", "Financial Connections"),
    ("/v1/link_account_sessions", "financial_connections", "Financial Connections"),
    ("/v1/linked_accounts", "financial_connections", "Financial Connections"),
    ("/v1/forwarding", "forwarding_request", "Forwarding Requests"),
    ("/v1/identity", "identity_product", "Identity Verification Sessions"),
    ("/v1/invoice_payments", "invoice", "Invoices"),
    ("/v1/invoice_rendering_templates", "invoice", "Invoices"),
    ("/v1/invoiceitems", "invoice", "Invoices"),
    ("/v1/invoices", "invoice", "Invoices"),
    ("/v1/issuing/authorizations", "issuing_authorization", "Issuing Authorizations"),
    ("/v1/issuing/cardholders", "issuing_cardholder", "Issuing Cardholders"),
    ("/v1/issuing/cards", "issuing_card", "Issuing Cards"),
    ("/v1/issuing/disputes", "issuing_dispute", "Issuing Disputes"),
    ("/v1/issuing/tokens", "issuing_token", "Issuing Tokens"),
    ("/v1/issuing/transactions", "issuing_transaction", "Issuing Transactions"),
    ("/v1/issuing", "issuing_card", "Issuing Cards"),
    ("/v1/test_helpers/issuing", "issuing_authorization", "Issuing Authorizations"),
    ("/v1/mandates", "mandate", "Mandates"),
    ("/v1/payment_attempt_records", "payment_record", "Payment Records"),
    ("/v1/payment_records", "payment_record", "Payment Records"),
    ("/v1/payment_intents", "payment_intent", "PaymentIntents"),
    ("/v1/payment_links", "payment_links", "Payment Links"),
    ("/v1/payment_method_configurations", "payment_method_configuration", "Payment Method Configurations"),
    ("/v1/payment_method_domains", "payment_method_domain", "Payment Method Domains"),
    ("/v1/payment_methods", "payment_method", "Payment Methods"),
    ("/v1/payouts", "payout", "Payouts"),
    ("/v1/plans", "plan", "Prices"),
    ("/v1/prices", "plan", "Prices"),
    ("/v1/products", "product", "Products"),
    ("/v1/promotion_codes", "promotion_code", "Promotion Codes"),
    ("/v1/quotes", "quote", "Quotes"),
    ("/v1/radar/early_fraud_warnings", "radar_early_fraud_warning", "Early Fraud Warnings"),
    ("/v1/radar", "radar", "Radar"),
    ("/v1/refunds", "charge", "Charges and Refunds"),
    ("/v1/test_helpers/refunds", "charge", "Charges and Refunds"),
    ("/v1/reporting", "report_runs_and_report_types", "Report Runs and Report Types"),
    ("/v1/reviews", "review", "Reviews"),
    ("/v1/setup_attempts", "setup_intent", "SetupIntents"),
    ("/v1/setup_intents", "setup_intent", "SetupIntents"),
    ("/v1/shipping_rates", "shipping_rate", "Shipping Rates"),
    ("/v1/sigma", "sigma_query_run", "Sigma"),
    ("/v1/sources", "source", "Sources"),
    ("/v1/subscription_items", "subscription", "Subscriptions"),
    ("/v1/subscription_schedules", "subscription", "Subscriptions"),
    ("/v1/subscriptions", "subscription", "Subscriptions"),
    ("/v1/tax", "tax_calculations_and_transactions", "Tax Calculations and Transactions"),
    ("/v1/tax/settings", "tax_settings", "Tax Settings"),
    ("/v1/tax/registrations", "tax_settings", "Tax Settings"),
    ("/v1/tax_codes", FREE, "Tax Codes"),
    ("/v1/tax_ids", "tax_id", "Tax IDs"),
    ("/v1/tax_rates", "tax_rate", "Tax Rates"),
    ("/v1/terminal", "terminal_reader", "Terminal Readers"),
    ("/v1/terminal/configurations", "terminal_configuration", "Terminal Configurations"),
    ("/v1/terminal/connection_tokens", "terminal_connection_token", "Terminal Connection Tokens"),
    ("/v1/terminal/locations", "terminal_location", "Terminal Locations"),
    ("/v1/test_helpers/terminal", "terminal_reader", "Terminal Readers"),
    ("/v1/test_helpers/customers", "customer", "Customers"),
    ("/v1/test_helpers/test_clocks", "billing_clock", "Test Clocks"),
    ("/v1/test_helpers/treasury", "financial_account", "Financial Accounts"),
    ("/v1/tokens", "token", "Tokens"),
    ("/v1/topups", "top_up", "Top-ups"),
    ("/v1/transfers", "transfer", "Transfers"),
    ("/v1/treasury", "financial_account", "Financial Accounts"),
    ("/v1/webhook_endpoints", "webhook", "Webhook Endpoints"),
)

_BY_PREFIX = {prefix: (stem, title) for prefix, stem, title in ROWS}
STEMS = frozenset(stem for _, stem, _ in ROWS if stem not in (FREE, UNAVAILABLE))
EXTRA = frozenset({"order", "sku", "connect"})  # rights a key may carry that no operation of this page asks for
ALL = frozenset(f"{stem}_{verb}" for stem in STEMS | EXTRA for verb in ("read", "write"))


@lru_cache(maxsize=1024)
def needed(method: str, path: str) -> tuple[str, str]:
    """(permission without `rak_`, its title) for an operation's path template; (FREE or UNAVAILABLE, title) too."""
    parts = path.split("/")
    for length in range(len(parts), 2, -1):
        row = _BY_PREFIX.get("/".join(parts[:length]))
        if row is not None:
            stem, title = row
            if stem in (FREE, UNAVAILABLE):
                return stem, title
            return (f"{stem}_read", f"{title} Read") if method == "GET" else (f"{stem}_write", f"{title} Write")
    return UNAVAILABLE, path


def normalise(names: list[str]) -> frozenset[str]:
    """Names with or without `rak_` → the set. Raises ValueError naming every one that is no right."""
    plain = [name.removeprefix("rak_") for name in names]
    unknown = sorted(name for name in plain if name not in ALL)
    if unknown:
        raise ValueError(f"no such right: {', '.join(unknown)}; known are for example charge_write, event_read.")
    return frozenset(plain)


def allows(rights: frozenset[str], right: str) -> bool:
    return right == FREE or right in rights or (right.endswith("_read") and f"{right[:-5]}_write" in rights)
