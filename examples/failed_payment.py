"""A payment fails, and Tillwright wins the customer back: watch it from Stripe's side alone.

Needs the demo (`make demo`) with Stripe connected. It speaks to the sandbox through the official SDK only, waits for
what the workflow `win_back_failed_payment` does, and prints it. Exit code 0 means that every effect was seen once.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.parse
import urllib.request

import stripe

SANDBOX = os.environ.get("SANDBOX_URL", "http://127.0.0.1:8421")
SECRET_KEY = os.environ.get("SANDBOX_SECRET_KEY", "sk_test_sandbox_northwind")
PATIENCE = 60.0  # seconds


def main() -> int:
    client = stripe.StripeClient(
        SECRET_KEY, base_addresses={"api": SANDBOX}, stripe_version="2026-08-26.dahlia", max_network_retries=0
    )
    if not [e for e in client.v1.webhook_endpoints.list().data if e.status == "enabled"]:
        print("Tillwright is not connected yet: sign in to the console, Integrations → Connect Stripe → VERIFY.")
        return 2

    email = f"ada.{time.time_ns()}@example.com"
    customer = client.v1.customers.create({"name": "Ada Example", "email": email})
    card = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": card.id}})
    product = client.v1.products.create({"name": "Studio plan"})
    price = client.v1.prices.create(
        {"product": product.id, "currency": "eur", "unit_amount": 4900, "recurring": {"interval": "month"}}
    )
    subscription = client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id}], "payment_behavior": "allow_incomplete"}
    )
    invoice = client.v1.invoices.retrieve(str(subscription.latest_invoice))
    print(f"customer      {customer.id}  {email}")
    print(f"subscription  {subscription.id}  {subscription.status}")
    print(
        f"invoice       {invoice.id}  {invoice.status}, {invoice.amount_due / 100:.2f} {invoice.currency.upper()} due"
    )
    print("waiting for the workflow …")

    started = time.monotonic()
    mails: list[dict[str, str]] = []
    while not mails and time.monotonic() - started < PATIENCE:
        time.sleep(0.2)
        mails = delivered_to(email)
    codes = client.v1.promotion_codes.list({"customer": customer.id, "expand": ["data.promotion.coupon"]}).data
    if not mails or not codes:
        print(
            f"Nothing within {PATIENCE:.0f} s: {len(codes)} promotion codes, {len(mails)} mails. Is the worker running?"
        )
        return 1

    for code in codes:
        coupon = code.promotion.coupon
        print(f"coupon        {coupon.id}  {coupon.percent_off:g} % off, {coupon.duration}")
        print(f"code          {code.id}  {code.code}, bound to {code.customer}")
    for mail in mails:
        print(f"mail          to {email}: {mail['subject']}\n")
        print("\n".join(f"    {line}" for line in mail["text"].strip().splitlines()))
    print(f"\n{time.monotonic() - started:.1f} s after the failed payment")
    time.sleep(1.0)  # a second coupon, code or mail would be a fault: give it a moment to show
    once = (
        len(codes) == len(delivered_to(email)) == 1
        and len(client.v1.promotion_codes.list({"customer": customer.id}).data) == 1
    )
    print("one coupon, one code, one mail" if once else "An effect was seen more than once!")
    return 0 if once else 1


def delivered_to(email: str) -> list[dict[str, str]]:
    """The mails that the demo's mail server took in for this address."""
    with urllib.request.urlopen(f"{SANDBOX}/_sandbox/mails?to={urllib.parse.quote(email)}", timeout=10) as answer:
        return json.load(answer)["data"]


if __name__ == "__main__":
    sys.exit(main())
