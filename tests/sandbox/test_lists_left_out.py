"""Some lists have less than there is: closed reviews, customers' tax ids, what lives on a test clock."""

from __future__ import annotations

from tests.sandbox.conftest import Sandbox


def test_the_account_s_own_tax_ids_are_listed_and_a_customer_s_by_its_owner(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    customer = v1.customers.create({"name": "Ada"}).id
    mine = v1.tax_ids.create({"type": "eu_vat", "value": "DE123456789"}).id
    theirs = v1.customers.tax_ids.create(customer, {"type": "eu_vat", "value": "DE987654321"}).id
    assert [row.id for row in v1.tax_ids.list().data] == [mine]
    assert [row.id for row in v1.customers.tax_ids.list(customer).data] == [theirs]


def test_only_the_named_clock_s_customers_are_listed(sandbox: Sandbox) -> None:
    v1 = sandbox.client.v1
    clock = v1.test_helpers.test_clocks.create({"frozen_time": sandbox.world.clock.now()}).id
    plain, timed = (v1.customers.create(extra).id for extra in ({"name": "Ada"}, {"name": "Bea", "test_clock": clock}))  # type: ignore[misc]
    assert [row.id for row in v1.customers.list().data] == [plain]
    assert [row.id for row in v1.customers.list({"test_clock": clock}).data] == [timed]
