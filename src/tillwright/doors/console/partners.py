"""The partners that can be connected, a row each: what the Integrations page lists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Partner:
    """`slug` is the partner's place in the console's addresses."""

    partner: str
    service: str
    slug: str
    title: str
    tagline: str
    gives: tuple[str, ...]


PARTNERS = (
    Partner(
        "STRIPE",
        "PAYMENT",
        "stripe",
        "Stripe",
        "Payments, subscriptions, coupons",
        (
            "A true copy of your customers, payments and coupons",
            "Every event kept, byte for byte as Stripe signed it",
            "Workflows that act on your account, each effect exactly once",
        ),
    ),
)
BY_SLUG = {partner.slug: partner for partner in PARTNERS}
