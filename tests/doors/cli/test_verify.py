"""What `tillwright verify` prints for a person."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import Sandbox
from tillwright.doors.cli.verify import show
from tillwright.kit.seal import Secret
from tillwright.wiring import House


async def test_account_permissions_facts_outcome_and_what_changed(
    house: House, stripe_sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    principal = await house.tenancy.create_organisation("Northwind", "ada@example.com", "correct horse battery")
    keys = {
        "publishable_key": stripe_sandbox.publishable_key,
        "secret_key": Secret(stripe_sandbox.restricted_key),
    }
    await house.integrations.connect(principal, **keys)
    await house.verification.verify(principal)
    await house.webhooks.register(principal.organisation_id)
    show(await house.verification.verify(principal))
    said = capsys.readouterr().out
    print(said)
    for part in (
        "Northwind Demo", stripe_sandbox.account, "test mode", "✓ Coupons: Write rak_coupon_write", "US, USD",
        "webhook endpoint enabled", "round trip", "against Stripe's", "API 20", "VERIFIED",
        "Since the last one: Our webhook endpoint was none, now enabled.",
    ):  # fmt: skip
        assert part in said
