"""What a new object of a kind begins with where the page leaves it open."""

from __future__ import annotations

from typing import Any

# Fields the page does not require but Stripe always answers, and first states that differ from the usual word.
DEFAULTS: dict[str, dict[str, Any]] = {
    "account": {
        "business_type": None,
        "charges_enabled": True,
        "payouts_enabled": True,
        "details_submitted": True,
        "default_currency": "usd",
        "country": "US",
        "type": "standard",
        "capabilities": {},
    },
    "apps.secret": {"deleted": False},
    "billing.alert": {"status": "active"},
    "billing.meter": {"status": "active"},
    "billing_portal.configuration": {"active": True, "is_default": False},
    "capability": {"status": "active", "requested": True},
    "checkout.session": {"status": "open", "payment_status": "unpaid", "mode": "payment"},
    "coupon": {"valid": True, "times_redeemed": 0},
    "customer": {
        "balance": 0,
        "delinquent": False,
        "tax_exempt": "none",
        "preferred_locales": [],
        "next_invoice_sequence": 1,
        "invoice_settings": {},
    },
    "entitlements.feature": {"active": True},
    "file": {"type": "csv"},
    "invoice_rendering_template": {"status": "active", "version": 1},
    "issuing.authorization": {"status": "pending", "approved": True},
    "issuing.card": {"status": "inactive", "brand": "Visa", "last4": "4242", "exp_month": 12, "exp_year": 2034},
    "issuing.cardholder": {"status": "active"},
    "issuing.dispute": {"status": "unsubmitted"},
    "issuing.personalization_design": {"status": "inactive"},
    "payment_link": {"active": True},
    "payment_method_configuration": {"active": True, "is_default": False},
    "payment_method_domain": {"enabled": True},
    "payout": {"status": "pending", "method": "standard", "type": "bank_account", "automatic": False},
    "plan": {"active": True},
    "price": {"active": True},
    "product": {"active": True},
    "promotion_code": {"active": True},
    "quote": {"status": "draft"},
    "reporting.report_run": {"status": "pending"},
    "review": {"open": True, "reason": "rule", "opened_reason": "rule"},
    "setup_intent": {"status": "requires_payment_method"},
    "shipping_rate": {"active": True},
    "source": {"status": "pending", "flow": "none", "usage": "reusable"},
    "subscription": {"status": "active"},
    "subscription_schedule": {"status": "not_started"},
    "tax_rate": {"active": True},
    "terminal.reader": {"status": "online"},
    "test_helpers.test_clock": {"status": "ready"},
    "topup": {"status": "pending"},
    "transfer": {"source_type": "card", "amount_reversed": 0, "reversed": False},
    "treasury.financial_account": {"status": "open"},
    "treasury.inbound_transfer": {"status": "processing"},
    "treasury.outbound_payment": {"status": "processing"},
    "treasury.outbound_transfer": {"status": "processing"},
    "webhook_endpoint": {"status": "enabled"},
}

# Strings the page requires, made from the object's kind and id.
MADE_UP = {
    "url": "https://sandbox.invalid/{object}/{id}",
    "client_secret": "{id}_secret_{random}",
    "secret": "{id}_secret_{random}",
    "hosted_verification_url": "https://sandbox.invalid/verify/{id}",
    "country": "US",
    "last4": "4242",
    "brand": "Visa",
    "email": "someone@example.com",
}

# Kinds whose ids are words of the caller's, or are made without a prefix.
SHORT_IDS = {"coupon": 8}

# An event's name where it does not begin with the object's own.
EVENT_NAMES = {
    "subscription": "customer.subscription",
    "discount": "customer.discount",
    "tax_id": "customer.tax_id",
    "card": "customer.source",
    "bank_account": "customer.source",
    "dispute": "charge.dispute",
    "early_fraud_warning": "radar.early_fraud_warning",
    "issuing.authorization": "issuing_authorization",
    "issuing.card": "issuing_card",
    "issuing.cardholder": "issuing_cardholder",
    "issuing.dispute": "issuing_dispute",
    "issuing.token": "issuing_token",
    "issuing.transaction": "issuing_transaction",
    "issuing.personalization_design": "issuing_personalization_design",
}


def event_name(object: str) -> str:
    return EVENT_NAMES.get(object, object)
