"""What is known of Stripe's paths, and that it is what Stripe's API description says."""

from __future__ import annotations

import pytest

from tillwright.gateways.stripe import facts
from tillwright_sandbox.tables import operations


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/v1/customers", "/v1/customers"),
        ("/v1/customers/cus_123", "/v1/customers/{}"),
        ("/v1/customers/search", "/v1/customers/search"),
        ("/v1/coupons/SUMMER", "/v1/coupons/{}"),
        ("/v1/payment_intents/pi_1/confirm", "/v1/payment_intents/{}/confirm"),
        ("/v1/checkout/sessions/cs_none/expire", "/v1/checkout/sessions/{}/expire"),
        ("/v1/not_yet_known/x_1/deep", "/v1/not_yet_known"),
    ],
)
def test_ids_are_told_from_names(path: str, template: str) -> None:
    assert facts.template_of(path) == template


def test_what_takes_metadata() -> None:
    assert facts.takes_metadata("POST", "/v1/coupons")
    assert facts.takes_metadata("POST", "/v1/customers/cus_1")
    assert not facts.takes_metadata("POST", "/v1/invoices/in_1/pay")
    assert not facts.takes_metadata("DELETE", "/v1/customers/cus_1")
    assert not facts.takes_metadata("POST", "/v1/tokens")


def test_what_is_listed() -> None:
    listing = facts.listing_of("/v1/promotion_codes")
    assert listing is not None
    assert listing.by_created
    assert facts.listing_of("/v1/promotion_codes/promo_1") is None
    assert facts.listing_of("/v1/customers/cus_1/sources") is not None
    assert facts.listing_of("/v1/tokens") is None


def test_the_table_agrees_with_the_sandbox_s_own_reading_of_the_same_page() -> None:
    seen = 0
    for row in operations():
        path = "/".join("x_1" if part.startswith("{") else part for part in row["path"].split("/"))
        assert facts.known(path), path
        if row["method"].upper() == "POST":
            seen += 1
            assert facts.takes_metadata("POST", path) == ("metadata" in row["params"].get("properties", {})), path
    assert seen > 250
