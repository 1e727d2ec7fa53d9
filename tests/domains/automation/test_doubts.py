"""A write whose outcome nobody can find out is settled by a person's word, and is never sent again without it."""

from __future__ import annotations

import pytest

from tests.domains.automation.stage import Stage
from tests.domains.automation.test_coupon_life import subscribed
from tests.domains.automation.test_safety import HEAD
from tillwright.domains import audit
from tillwright.domains.automation import RunState, StepState
from tillwright.domains.automation.interpreter import PARKED
from tillwright.domains.billing.model import KEY_LIFE
from tillwright.kit.errors import Absent, Conflict, Invalid

PAY = "  - {id: pay, action: pay_invoice, with: {invoice: '${object.id}'}}\n  - {id: end, stop: '${steps.pay.id}'}\n"


async def in_doubt(stage: Stage, *, to_the_end: bool = True) -> str:
    """A run whose payment left no trace that could be looked for: Stripe never answered, and has forgotten the key."""
    stage.automation._interpreter._waits = (1, 86_400, 60)  # type: ignore[attr-defined]
    await stage.automation.save(stage.principal, HEAD + PAY, activate=True)
    stage.sandbox.world.faults.add(kind="reset", path="/v1/invoices/*/pay", method="POST", effect="none", times=1000)
    await stage.happen()
    (run_id,) = await stage.relay()
    if to_the_end:
        assert await stage.execute(run_id) == RunState.UNKNOWN
    else:
        assert await stage.segment(run_id) == PARKED
    return run_id


async def go_on(stage: Stage, run_id: str) -> str:
    await stage.automation.hand_over(stage.queue)
    return await stage.segment(run_id)


async def test_declared_done_it_is_over_and_not_declared_it_is_never_sent(stage: Stage) -> None:
    run_id = await in_doubt(stage)
    sends = len(stage.sandbox.world.ledger.requests)
    await stage.automation.steering.retry(stage.principal, run_id)
    await stage.automation.hand_over(stage.queue)
    assert await stage.execute(run_id) == RunState.UNKNOWN
    asked = stage.sandbox.world.ledger.requests[sends:]
    assert not [one for one in asked if one.method == "POST"], "a key that is forgotten is not sent again"
    declare = stage.automation.doubts.declare
    with pytest.raises(Conflict, match="in doubt"):
        await declare(stage.principal, run_id, "_fetch", done=True)
    with pytest.raises(Absent):
        await declare(stage.principal, run_id, "none", done=True)
    with pytest.raises(Invalid):
        await declare(stage.principal, run_id, "pay", done=False, object_id="in_1")
    run = await declare(stage.principal, run_id, "pay", done=True, object_id=stage.invoice["id"], note="Seen there.")
    assert run.state is RunState.QUEUED
    assert await go_on(stage, run_id) == RunState.DONE
    shown = await stage.automation.timeline(stage.principal, run_id)
    assert shown.run.reason == stage.invoice["id"], "later steps read what it made"
    asked = stage.sandbox.world.ledger.requests[sends:]
    assert not [one for one in asked if one.method == "POST"]
    with pytest.raises(Conflict):
        await declare(stage.principal, run_id, "pay", done=False)
    async with stage.house.database.tenant(stage.principal.organisation_id) as tx:
        found = await audit.recent(tx, stage.principal.organisation_id, limit=5)
    entry = next(one for one in found if one.action == "automation:step:declared")
    assert (entry.detail["done"], entry.detail["note"]) == (True, "Seen there.")


async def test_declared_not_done_it_is_sent_anew_under_another_key_once(stage: Stage) -> None:
    run_id = await in_doubt(stage, to_the_end=False)
    stage.sandbox.world.faults.clear()
    with pytest.raises(Conflict, match="can't happen twice"):
        await stage.automation.doubts.declare(stage.principal, run_id, "pay", done=False)
    stage.clock.move(KEY_LIFE.total_seconds())
    await stage.automation.doubts.declare(stage.principal, run_id, "pay", done=False)
    client = stage.sandbox.client
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": str(stage.invoice["customer"])})
    client.v1.customers.update(
        str(stage.invoice["customer"]), {"invoice_settings": {"default_payment_method": card.id}}
    )
    assert await go_on(stage, run_id) == RunState.DONE
    rows = [row for row in (await stage.automation.timeline(stage.principal, run_id)).steps if row.step == "pay"]
    assert [row.attempt for row in rows] == [1, 2]
    assert rows[0].state is StepState.REFUSED
    assert rows[0].idempotency_key != rows[1].idempotency_key
    assert len(stage.writes(f"/v1/invoices/{stage.invoice['id']}/pay")) == 1


async def test_of_many_writes_only_those_that_did_not_take_place_are_meant_anew(stage: Stage) -> None:
    customer = str(stage.invoice["customer"])
    first, second = subscribed(stage, customer), subscribed(stage, customer)
    coupon = stage.sandbox.client.v1.coupons.create({"percent_off": 5, "duration": "once"}).id
    stage.automation._interpreter._waits = (86_400,)  # type: ignore[attr-defined]
    step = f"  - {{id: all, action: apply_coupon, with: {{customer: '${{object.customer}}', coupon: {coupon}}}}}\n"
    await stage.automation.save(stage.principal, HEAD + step, activate=True)
    path = f"/v1/subscriptions/{second}"
    stage.sandbox.world.faults.add(kind="reset", path=path, method="POST", effect="none", times=1000)
    await stage.happen()
    (run_id,) = await stage.relay()
    assert await stage.segment(run_id) == PARKED
    stage.sandbox.world.faults.clear()
    stage.clock.move(KEY_LIFE.total_seconds())
    await stage.automation.doubts.declare(stage.principal, run_id, "all", done=False)
    assert await go_on(stage, run_id) == RunState.DONE
    assert [len(stage.writes(f"/v1/subscriptions/{one}")) for one in (first, second)] == [1, 1]
    newest = (await stage.automation.timeline(stage.principal, run_id)).steps[-1]
    assert newest.answer is not None
    assert newest.answer["count"] == 2
