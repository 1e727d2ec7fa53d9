"""The table of partners that can be connected, a row each; what speaks to one is a folder under `gateways/`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Partner:
    """`slug` is the partner's place in the console's addresses, `info` the name of its object in the API's `info`.

    `gateway` is its folder under `gateways/`; `icon` one of the console's.
    """

    partner: str
    service: str
    slug: str
    title: str
    tagline: str
    gives: tuple[str, ...]
    info: str
    gateway: str
    icon: str


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
        "stripeIntegration",
        "stripe",
        "credit-card",
    ),
    Partner(
        "EMAIL",
        "SMTP",
        "email",
        "Mail server",
        "Your own SMTP server for every mail",
        (
            "Notices and workflows' mails leave by your server, from your address",
            "Proven by a test message before the first one",
        ),
        "mailServerIntegration",
        "mail",
        "mail",
    ),
)
BY_SLUG = {partner.slug: partner for partner in PARTNERS}
BY_KEY = {(partner.partner, partner.service): partner for partner in PARTNERS}
