"""Refunds: capped by what remains, one at a time a charge, the same amount through every crash."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.domains.automation.stage import Crash, KeptSteps, Stage
from tests.domains.automation.test_coupon_life import run_of
from tillwright.domains.automation import RunState, StepState
from tillwright.domains.billing.remainder import judge

CHARGE = {"amount": 1000, "amount_captured": 1000, "amount_refunded": 0, "paid": True, "captured": True}


@pytest.mark.parametrize(
    ("changes", "wanted", "state", "amount"),
    [
        ({}, None, "refund", 1000),
        ({}, 400, "refund", 400),
        ({}, 1001, "refund", 1000),
        ({"amount_refunded": 700}, 400, "refund", 300),
        ({"amount_refunded": 1000}, None, "nothing", 0),
        ({"amount_captured": 600}, None, "refund", 600),
        ({"amount_captured": 600, "amount_refunded": 600}, 1, "nothing", 0),
        ({"amount_captured": 600, "amount_refunded": 400}, None, "refund", 200),
        ({"disputed": True}, 1, "refused", 0),
        ({"paid": False}, 1, "refused", 0),
        ({"captured": False}, 1, "refused", 0),
    ],
)
def test_judging_a_charge(changes: dict[str, Any], wanted: int | None, state: str, amount: int) -> None:
    verdict = judge(CHARGE | changes, wanted)
    assert (verdict.state, verdict.amount) == (state, amount)


def paid(stage: Stage, amount: int = 1000) -> str:
    """A succeeded payment's charge."""
    made = stage.sandbox.client.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": "eur",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    return str(made.latest_charge)


def refunded(stage: Stage, charge: str) -> list[int]:
    return [refund.amount for refund in stage.sandbox.client.v1.refunds.list({"charge": charge, "limit": 100}).data]


async def test_it_is_capped_and_then_skipped(stage: Stage) -> None:
    charge = paid(stage)
    shown = await run_of(
        stage,
        f"""
  - id: some
    action: refund_payment
    with: {{charge: {charge}, amount: 700, reason: requested_by_customer}}
  - id: more
    action: refund_payment
    with: {{charge: {charge}, amount: 700}}
  - id: rest
    action: refund_payment
    with: {{charge: {charge}}}
""",
    )
    assert shown.run.state is RunState.DONE, shown.run.reason
    assert [step.state for step in shown.steps[1:]] == [StepState.DONE, StepState.DONE, StepState.SKIPPED]
    assert sorted(refunded(stage, charge)) == [300, 700]


async def test_by_its_payment_intent_and_never_a_disputed_one(stage: Stage) -> None:
    client = stage.sandbox.client
    charge = client.v1.charges.retrieve(paid(stage))
    shown = await run_of(
        stage,
        f"""
  - id: all
    action: refund_payment
    with: {{payment_intent: {charge.payment_intent}}}
""",
    )
    assert (shown.steps[-1].answer or {})["amount"] == 1000
    disputed = client.v1.payment_intents.create(
        {
            "amount": 1000,
            "currency": "eur",
            "payment_method": "pm_card_createDispute",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    shown = await run_of(
        stage,
        f"""
  - id: all
    action: refund_payment
    with: {{payment_intent: {disputed.id}}}
""",
    )
    assert shown.run.state is RunState.FAILED
    assert (shown.steps[-1].error or {})["code"] == "charge_disputed"


async def test_two_runs_at_once_never_give_back_more_than_there_is(stage: Stage) -> None:
    charge = paid(stage)
    for name in ("one", "two", "three"):
        await stage.automation.save(
            stage.principal,
            f"""
name: {name}
trigger: {{stripe_event: invoice.payment_failed}}
steps:
  - id: back
    action: refund_payment
    with: {{charge: {charge}, amount: 450}}
""",
            activate=True,
        )
    await stage.happen()
    runs = await stage.relay()
    assert len(runs) == 3
    await asyncio.gather(*(stage.execute(run_id) for run_id in runs))
    assert sorted(refunded(stage, charge)) == [100, 450, 450]


@pytest.mark.timeout(300)
async def test_every_crash_leaves_one_refund_of_one_amount(stage: Stage) -> None:
    charge = paid(stage, 100_000)
    await stage.automation.save(
        stage.principal,
        f"""
name: back
trigger: {{stripe_event: invoice.payment_failed}}
steps:
  - id: back
    action: refund_payment
    with: {{charge: {charge}, amount: 100}}
""",
        activate=True,
    )
    stage.points.count = 0
    await stage.run()
    points, names = stage.points.count, list(stage.points.names[-stage.points.count :])
    for point in range(1, points + 1):
        before = len(refunded(stage, charge))
        await stage.happen()
        (run_id,) = await stage.relay()
        steps = KeptSteps(stage.clock, stage.points)
        stage.points.count, stage.points.at = 0, point
        with pytest.raises(Crash):
            await stage.execute(run_id, steps)
        stage.points.at = None
        assert await stage.execute(run_id, steps) == RunState.DONE, names[point - 1]
        assert refunded(stage, charge)[: len(refunded(stage, charge)) - before] == [100], names[point - 1]
