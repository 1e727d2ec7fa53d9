"""Finds the ids of Stripe's objects that a workflow's text names, and where each could be looked up: pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

# The beginnings that name an object which can be fetched by its id alone, and which somebody would write down.
_PREFIXES = {
    "cus": ("customer", "/v1/customers/"),
    "prod": ("product", "/v1/products/"),
    "price": ("price", "/v1/prices/"),
    "plan": ("plan", "/v1/plans/"),
    "promo": ("promotion_code", "/v1/promotion_codes/"),
    "sub": ("subscription", "/v1/subscriptions/"),
    "in": ("invoice", "/v1/invoices/"),
    "pi": ("payment_intent", "/v1/payment_intents/"),
    "pm": ("payment_method", "/v1/payment_methods/"),
    "txr": ("tax_rate", "/v1/tax_rates/"),
    "qt": ("quote", "/v1/quotes/"),
    "bpc": ("billing_portal.configuration", "/v1/billing_portal/configurations/"),
    "mtr": ("billing.meter", "/v1/billing/meters/"),
    "plink": ("payment_link", "/v1/payment_links/"),
    "shr": ("shipping_rate", "/v1/shipping_rates/"),
}
_ID = re.compile(rf"(?<![\w-])(({'|'.join(_PREFIXES)})_[A-Za-z0-9]{{6,64}})(?![\w-])")
# A coupon's id is whatever somebody chose: only its place tells. An expression is decided when the run is there.
_COUPON = re.compile(r"""^\s*(?:-\s*)?coupon:\s*["']?([A-Za-z0-9_-]{1,64})["']?\s*(?:#.*)?$""", re.M)


def named_in(source: str) -> Sequence[tuple[str, str, str]]:
    """(id, object type, path) of each that the text names, once, in the order of the text; no comments, no examples."""
    text = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("#"))
    found: dict[str, tuple[str, str, str]] = {}
    for match in _ID.finditer(text):
        kind, place = _PREFIXES[match[2]]
        found.setdefault(match[1], (match[1], kind, place + match[1]))
    for match in _COUPON.finditer(text):
        found.setdefault(match[1], (match[1], "coupon", f"/v1/coupons/{match[1]}"))
    return list(found.values())
