"""What the walk over all operations must know beyond the page: which names are references, which words pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.sandbox.walker import Walker

# A parameter's name -> the kind of object it names.
REFERENCES = {
    "customer": "customer",
    "product": "product",
    "price": "price",
    "coupon": "coupon",
    "invoice": "invoice",
    "charge": "charge",
    "payment_intent": "payment_intent",
    "subscription": "subscription",
    "cardholder": "issuing.cardholder",
    "meter": "billing.meter",
    "value_list": "radar.value_list",
    "financial_account": "treasury.financial_account",
    "account": "account",
    "entitlement_feature": "entitlements.feature",
    "destination": "account",
    "calculation": "tax.calculation",
    "original_transaction": "tax.transaction",
    "payment_method": "payment_method",
    "setup_intent": "setup_intent",
}
# A parameter's name -> a word that passes.
WORDS: dict[str, Any] = {
    "currency": "usd",
    "country": "US",
    "email": "someone@example.com",
    "url": "https://example.com/hook",
    "refresh_url": "https://example.com/again",
    "return_url": "https://example.com/back",
    "success_url": "https://example.com/thanks",
    "percentage": "20",
    "amount": 2000,
    "ip_address": "127.0.0.1",
    "interval": "month",
    "query": "created>0",
}
# Words no two objects may share.
UNIQUE = {"lookup_key", "event_name"}
CARD = {"type": "card", "card": {"token": "tok_visa"}}
BANK = {
    "object": "bank_account",
    "country": "US",
    "currency": "usd",
    "account_holder_name": "Ada Example",
    "account_holder_type": "individual",
    "routing_number": "110000000",
    "account_number": "000123456789",
}
AMOUNT = {"type": "monetary", "monetary": {"value": 500, "currency": "usd"}}
ISSUED = {"card": "@issuing.card"}
BY_INVOICE = {"collection_method": "send_invoice", "days_until_due": 30}
# Beyond what the page calls required; "@kind" is an object of that kind, "@now+60" a moment.
PARAMS: dict[str, dict[str, Any]] = {
    "PostBillingCreditGrants": {"customer": "@customer", "amount": AMOUNT},
    "GetBillingMetersIdEventSummaries": {"start_time": "@now-86400", "end_time": "@now"},
    "PostBillingPortalSessions": {"customer": "@customer"},
    "PostQuotes": {"customer": "@customer", "line_items": [{"price": "@price", "quantity": 1}]},
    "PostCharges": {"amount": 2000, "currency": "usd", "customer": "@customer with a card"},
    "PostCheckoutSessions": {
        "mode": "payment",
        "success_url": "https://example.com/thanks",
        "line_items": [{"price": "@price", "quantity": 1}],
    },
    "PostCoupons": {"percent_off": "20"},
    "PostBillingMeterEvents": {
        "event_name": "@meter name",
        "payload": {"stripe_customer_id": "@customer", "value": "3"},
    },
    "PostCreditNotes": {"invoice": "@open invoice", "amount": 100},
    "GetCreditNotesPreview": {"invoice": "@open invoice", "amount": 100},
    "GetCreditNotesPreviewLines": {"invoice": "@open invoice", "amount": 100},
    "PostInvoiceitems": {"customer": "@customer", "amount": 700, "currency": "usd"},
    "PostInvoices": {"customer": "@customer with an item"},
    "PostInvoicesCreatePreview": {"customer": "@customer with an item"},
    "PostInvoicesInvoicePay": {"paid_out_of_band": True},
    "PostInvoicesInvoiceAddLines": {"lines": [{"amount": 300, "description": "More"}]},
    "PostSubscriptions": {"customer": "@customer", "items": [{"price": "@monthly price"}]} | BY_INVOICE,
    "PostCustomersCustomerSubscriptions": {"items": [{"price": "@monthly price"}]} | BY_INVOICE,
    "PostSubscriptionItems": {"subscription": "@subscription", "price": "@monthly price"},
    "PostSubscriptionSchedules": {
        "customer": "@customer",
        "start_date": "now",
        "phases": [{"items": [{"price": "@monthly price"}], "duration": {"interval": "month", "interval_count": 6}}],
        "default_settings": {"collection_method": "send_invoice", "invoice_settings": {"days_until_due": 30}},
    },
    "PostTestHelpersTestClocksTestClockAdvance": {"frozen_time": "@now+180000"},
    "PostPaymentIntentsIntentApplyCustomerBalance": {"amount": 100},
    "PostCustomersCustomerBankAccounts": {"source": "@bank token"},
    "PostCustomersCustomerBankAccountsIdVerify": {"amounts": [32, 45]},
    "PostCustomersCustomerCards": {"source": "tok_visa"},
    "PostCustomersCustomerSources": {"source": "tok_visa"},
    "PostCustomersCustomerSourcesIdVerify": {"amounts": [32, 45]},
    "PostPaymentLinks": {"line_items": [{"price": "@price", "quantity": 1}]},
    "PostPaymentIntentsIntentConfirm": {"payment_method": "pm_card_visa", "return_url": "https://example.com/back"},
    "PostPaymentMethods": CARD,
    "PostPlans": {"amount": 1500, "product": "@product"},
    "PostPrices": {"unit_amount": 1500, "product": "@product"},
    "PostPromotionCodes": {"promotion": {"type": "coupon", "coupon": "@coupon"}},
    "PostSetupIntentsIntentConfirm": {"payment_method": "pm_card_visa", "return_url": "https://example.com/back"},
    "PostSources": {"type": "ach_credit_transfer", "currency": "usd", "owner": {"email": "ada@example.com"}},
    "PostTestHelpersConfirmationTokens": {"payment_method": "pm_card_visa"},
    "PostRefunds": {"charge": "@charge", "amount": 100},
    "PostPaymentMethodsPaymentMethodAttach": {"customer": "@customer"},
    "PostPayouts": {"amount": 1000, "currency": "usd"},
    "GetPricesSearch": {"query": "active:'true'"},
    "GetProductsSearch": {"query": "active:'true'"},
    "GetTaxAssociationsFind": {"payment_intent": "@payment_intent with tax"},
    "PostTestHelpersIssuingAuthorizations": ISSUED,
    "PostTestHelpersIssuingTransactionsCreateForceCapture": ISSUED,
    "PostTestHelpersIssuingTransactionsCreateUnlinkedRefund": ISSUED,
    "PostTokens": {"card": {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "314"}},
    "PostTaxRegistrations": {"country": "DE", "country_options": {"de": {"type": "ioss"}}},
    "PostTransfers": {"amount": 500},
}
FIXED: dict[str, str] = {}
# Kinds no call makes (or none in one step): put into the store.
SEEDED: set[str] = {"dispute", "mandate", "review"}
SEEDS: dict[str, dict[str, Any]] = {
    "dispute": {"status": "needs_response", "charge": "@charge"},
}


def connected(walker: Walker) -> str:
    return walker.call(
        "PostAccounts", {"type": "custom", "country": "US", "capabilities": {"transfers": {"requested": True}}}
    )["id"]


def paid_charge(walker: Walker) -> str:
    return walker.call("PostPaymentIntents", paid())["latest_charge"]


def paid(**more: Any) -> dict[str, Any]:
    return {
        "amount": 5000,
        "currency": "usd",
        "payment_method": "pm_card_bypassPending",
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    } | more


def refund(walker: Walker) -> str:
    return walker.call("PostRefunds", {"charge": paid_charge(walker), "amount": 100})["id"]


def bank_token(walker: Walker) -> str:
    return walker.call("PostTokens", {"bank_account": {name: one for name, one in BANK.items() if name != "object"}})[
        "id"
    ]


def customer_with_card(walker: Walker) -> str:
    customer = walker.have("customer")
    walker.call("PostCustomersCustomerSources", {"source": "tok_visa"}, customer=customer)
    return customer


def taxed_intent(walker: Walker) -> str:
    intent = walker.have("payment_intent")
    walker.seed("tax.association", payment_intent=intent)
    return intent


def payout(walker: Walker) -> str:
    walker.call("PostPaymentIntents", paid(amount=500_000))
    return walker.call("PostPayouts", {"amount": 1000, "currency": "usd"})["id"]


def tax_transaction(walker: Walker) -> str:
    given = {"calculation": "@tax.calculation", "reference": f"order {walker.sandbox.world.requests}"}
    return walker.call("PostTaxTransactionsCreateFromCalculation", given)["id"]


def monthly_price(walker: Walker) -> str:
    given = {"unit_amount": 1500, "currency": "usd", "product": "@product", "recurring": {"interval": "month"}}
    return walker.call("PostPrices", given)["id"]


def customer_with_item(walker: Walker) -> str:
    customer = walker.have("customer")
    walker.call("PostInvoiceitems", {"customer": customer, "amount": 700, "currency": "usd"})
    return customer


def draft_invoice(walker: Walker) -> str:
    given = {"customer": customer_with_item(walker), "pending_invoice_items_behavior": "include", "auto_advance": False}
    return walker.call("PostInvoices", given | BY_INVOICE)["id"]


def open_invoice(walker: Walker) -> str:
    invoice = draft_invoice(walker)
    walker.call("PostInvoicesInvoiceFinalize", invoice=invoice)
    return invoice


def meter_name(walker: Walker) -> str:
    meter = walker.have("billing.meter")
    return walker.sandbox.objects.get("billing.meter", meter)["event_name"]


MADE: dict[str, Callable[[Walker], str]] = {
    "account": connected,
    "charge": paid_charge,
    "refund": refund,
    "invoice": draft_invoice,
    "open invoice": open_invoice,
    "monthly price": monthly_price,
    "customer with an item": customer_with_item,
    "meter name": meter_name,
    "bank token": bank_token,
    "customer with a card": customer_with_card,
    "payment_intent with tax": taxed_intent,
    "payout": payout,
    "tax.transaction": tax_transaction,
}
