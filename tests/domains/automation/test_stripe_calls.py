"""Stripe's operations as actions: all of them, under names of one kind, each checked against its shapes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.domains.automation.stage import Stage
from tillwright.domains.automation import RunState, parameters
from tillwright.domains.automation.catalogue import catalogue
from tillwright.domains.automation.requests import StripeRead, StripeWrite
from tillwright.gateways.stripe import facts
from tillwright.gateways.stripe.operations import operations
from tillwright.kit.errors import Invalid
from tillwright_sandbox import tables

FILES = {("POST", "/v1/files"), ("GET", "/v1/quotes/{quote}/pdf")}
"""What takes a file or answers one: no step of a workflow."""


def test_every_operation_of_stripes_page_is_an_action() -> None:
    page = {(row["method"], row["path"]) for row in tables.operations()}
    ours = {(row.method, row.path) for row in operations().values()}
    assert len(ours) == 592
    assert page - ours == FILES
    assert ours <= page
    assert set(operations()) == {name for name, action in catalogue().items() if action.generated}


def test_each_makes_the_request_of_its_row() -> None:
    for name, row in operations().items():
        given: dict[str, Any] = {part: "id_1" for part in row.in_path}
        request = catalogue()[name].build(given)
        path = re.sub(r"\{\w+\}", "id_1", row.path)
        expected = StripeRead(path, {}) if row.method == "GET" else StripeWrite(row.method, path, {})
        assert request == expected
        assert facts.known(path)


@pytest.mark.parametrize(
    ("name", "given", "fields"),
    [
        ("stripe.customers.create", {"email": "ada@example.com", "metadata": {"a": 1, "b": True}}, []),
        ("stripe.customers.create", {"email": 7}, ["email"]),
        ("stripe.customers.create", {"colour": "blue"}, ["colour"]),
        ("stripe.customers.create", {"address": {"city": "Graz", "planet": "Earth"}}, ["address.planet"]),
        ("stripe.customers.create", {"address": ""}, []),
        ("stripe.customers.create", {"metadata": {"a": {"b": "c"}}}, ["metadata.a"]),
        ("stripe.customers.update", {"name": "Ada"}, ["customer"]),
        ("stripe.customers.update", {"customer": "../cus_1"}, ["customer"]),
        ("stripe.subscriptions.create", {"customer": "cus_1", "items": [{"price": "price_1", "quantity": 1}]}, []),
        ("stripe.subscriptions.create", {"customer": "cus_1", "items": [{"quantity": "1"}]}, ["items[0].quantity"]),
        ("stripe.subscriptions.create", {"customer": "cus_1", "items": {"price": "price_1"}}, ["items"]),
        ("stripe.coupons.create", {"duration": "sometimes", "percent_off": True}, ["duration", "percent_off"]),
        ("stripe.invoices.list", {"created": {"gte": 1_800_000_000}, "limit": 100}, []),
        ("stripe.invoices.list", {"created": {"after": 1}}, ["created.after"]),
    ],
)
def test_inputs_are_checked_against_their_shapes(name: str, given: dict[str, Any], fields: list[str]) -> None:
    action = catalogue()[name]
    assert [problem.field for problem in action.problems(given, draft=False)] == fields
    if fields:
        with pytest.raises(Invalid):
            action.request(given)


def test_an_expression_may_stand_for_any_value_of_a_draft() -> None:
    given = {"customer": "${object.customer}", "items": [{"price": "${object.price}", "quantity": "${1 + 1}"}]}
    assert catalogue()["stripe.subscriptions.create"].problems(given, draft=True) == []


def test_kinds_for_people() -> None:
    params = operations()["stripe.subscriptions.create"].params
    assert parameters.kind_of(params["items"]) == "list of maps"
    assert parameters.kind_of(params["metadata"]) == "map"
    assert parameters.kind_of(params["backdate_start_date"]) == "unix seconds"


async def test_a_run_writes_and_reads_by_them(stage: Stage) -> None:
    await stage.automation.save(
        stage.principal,
        """
name: by_operations
trigger: {stripe_event: invoice.payment_failed}
steps:
  - id: invoice
    action: stripe.invoices.get
    with: {invoice: "${object.id}"}
  - id: note
    action: stripe.customers.update
    with:
      customer: ${steps.invoice.customer}
      metadata: {owes: "${steps.invoice.amount_remaining}"}
  - id: open
    action: stripe.invoices.list
    with: {customer: "${object.customer}", status: open, limit: 10}
  - id: gone
    action: stripe.customers.get
    with: {customer: cus_nobody}
""",
        activate=True,
    )
    timeline = await stage.run()
    assert timeline.run.state is RunState.FAILED
    assert "cus_nobody" in str(timeline.run.reason)
    steps = {step.step: step for step in timeline.steps}
    customer = stage.sandbox.client.v1.customers.retrieve(stage.invoice["customer"])
    assert customer.to_dict()["metadata"]["owes"] == "4900"
    assert [invoice["id"] for invoice in (steps["open"].answer or {})["data"]] == [stage.invoice["id"]]
    assert steps["note"].idempotency_key
    assert steps["invoice"].idempotency_key is None
