"""A coupon from its making to its end, done by runs and seen at Stripe."""

from __future__ import annotations

from typing import Any

from tests.domains.automation.stage import Stage
from tillwright.domains.automation import RunState, StepState, Timeline


async def run_of(stage: Stage, steps: str, **changes: Any) -> Timeline:
    """One run of a workflow with these steps, started by the unpaid invoice."""
    stage.numbers += 1
    text = f"name: tried_{stage.numbers}\ntrigger: {{stripe_event: invoice.payment_failed}}\nsteps:\n{steps}"
    workflow = await stage.automation.save(stage.principal, text, activate=True)
    timeline = await stage.run(**changes)
    await stage.automation.pause(stage.principal, workflow.id)
    return timeline


def subscribed(stage: Stage, customer: str) -> str:
    client = stage.sandbox.client
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    product = client.v1.products.create({"name": "Plan"})
    price = client.v1.prices.create(
        {"product": product.id, "currency": "eur", "unit_amount": 2000, "recurring": {"interval": "month"}}
    )
    made = client.v1.subscriptions.create(
        {"customer": customer, "items": [{"price": price.id}], "default_payment_method": card.id}
    )
    return str(made.id)


def discounts(stage: Stage, subscription: str) -> list[str]:
    found = stage.sandbox.client.v1.subscriptions.retrieve(subscription, {"expand": ["discounts"]}).to_dict()
    return [discount["source"]["coupon"] for discount in found["discounts"]]


async def test_from_its_making_to_its_end(stage: Stage) -> None:
    customer = stage.invoice["customer"]
    first, second = subscribed(stage, customer), subscribed(stage, customer)

    made = await run_of(
        stage,
        """
  - id: coupon
    action: create_coupon
    with: {percent_off: 20, duration: forever, name: Life}
  - id: one
    action: create_promotion_code
    with: {coupon: "${steps.coupon.id}", customer: "${object.customer}", code: ONLYYOU, max_redemptions: 1}
  - id: everything
    action: apply_coupon
    with: {customer: "${object.customer}", coupon: "${steps.coupon.id}"}
""",
    )
    assert made.run.state is RunState.DONE, made.run.reason
    steps = {step.step: step.answer or {} for step in made.steps}
    coupon = steps["coupon"]["id"]
    assert sorted(steps["everything"]["ids"]) == sorted([first, second])
    assert discounts(stage, first) == discounts(stage, second) == [coupon]

    taken = await run_of(
        stage,
        f"""
  - id: off
    action: remove_discount
    with: {{subscription: {first}}}
""",
    )
    assert taken.run.state is RunState.DONE, taken.run.reason
    assert discounts(stage, first) == []
    assert discounts(stage, second) == [coupon]

    ended = await run_of(
        stage,
        f"""
  - id: end
    action: expire_coupon
    with: {{coupon: {coupon}}}
""",
    )
    assert ended.run.state is RunState.DONE, ended.run.reason
    code = stage.sandbox.client.v1.promotion_codes.retrieve(steps["one"]["id"])
    assert code.active is False
    coupons = [found.id for found in stage.sandbox.client.v1.coupons.list().data]
    assert coupon not in coupons
    assert discounts(stage, second) == [coupon]  # what was given stays


async def test_a_draft_invoice_takes_a_discount_and_loses_it(stage: Stage) -> None:
    client = stage.sandbox.client
    customer = stage.invoice["customer"]
    draft = client.v1.invoices.create({"customer": customer, "currency": "eur", "auto_advance": False})
    client.v1.invoice_items.create({"customer": customer, "invoice": str(draft.id), "amount": 1000, "currency": "eur"})
    coupon = client.v1.coupons.create({"percent_off": 10, "duration": "once"})
    shown = await run_of(
        stage,
        f"""
  - id: apply
    action: apply_coupon
    with: {{invoice: {draft.id}, coupon: {coupon.id}}}
""",
    )
    assert shown.run.state is RunState.DONE, shown.run.reason
    assert client.v1.invoices.retrieve(str(draft.id)).total == 900
    await run_of(
        stage,
        f"""
  - id: remove
    action: remove_discount
    with: {{invoice: {draft.id}}}
""",
    )
    assert client.v1.invoices.retrieve(str(draft.id)).total == 1000


async def test_all_subscriptions_end_at_once(stage: Stage) -> None:
    customer = stage.invoice["customer"]
    both = {subscribed(stage, customer), subscribed(stage, customer)}
    shown = await run_of(
        stage,
        """
  - id: stop
    action: cancel_all_subscriptions
    with: {customer: "${object.customer}"}
  - id: again
    action: cancel_all_subscriptions
    with: {customer: "${object.customer}"}
""",
    )
    assert [step.state for step in shown.steps] == [StepState.DONE] * 3
    assert set((shown.steps[1].answer or {})["ids"]) == both
    assert (shown.steps[2].answer or {})["count"] == 0
    left = stage.sandbox.client.v1.subscriptions.list({"customer": customer}).data
    assert left == []
