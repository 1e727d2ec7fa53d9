"""Who comes when: a customer's runs one after the other, others beside them, and no organisation before another."""

from __future__ import annotations

from tests.domains.automation.stage import Stage, unpaid_invoice
from tests.domains.automation.test_safety import CREDIT, HEAD
from tillwright.domains.automation import RunState
from tillwright.domains.automation.interpreter import PARKED

BY_HAND = "name: by_hand\ntrigger: manual\nsteps: [{id: s, stop: Enough.}]\n"


async def mirrored(stage: Stage) -> None:
    async with stage.house.database.tenant(stage.principal.organisation_id) as tx:
        await stage.house.mirror.start_backfill(tx, stage.principal.organisation_id, livemode=False)
    while await stage.house.mirror.backfill_step():
        pass


async def test_a_customers_runs_go_one_after_the_other_and_anothers_go_beside_them(stage: Stage) -> None:
    other = unpaid_invoice(stage.sandbox)
    await mirrored(stage)
    steps = "  - {id: w, wait: {for: 1h}}\n" + CREDIT
    await stage.automation.save(stage.principal, "concurrency: by customer\n" + HEAD + steps, activate=True)
    await stage.happen()
    await stage.happen()
    await stage.happen(object_id=other["id"])
    first, beside = await stage.relay()
    runs = {run.id: run for run in (await stage.automation.runs(stage.principal)).items}
    assert runs[first].trigger.object_id == stage.invoice["id"]
    assert runs[beside].trigger.object_id == other["id"]
    assert await stage.segment(first) == PARKED
    assert await stage.segment(beside) == PARKED
    assert await stage.relay() == [], "one that waits holds its customer's next"
    stage.clock.move(3600)
    await stage.automation.hand_over(stage.queue)
    assert await stage.segment(first) == RunState.DONE
    (second,) = await stage.relay()
    assert runs[second].trigger.object_id == stage.invoice["id"]


async def test_of_two_organisations_the_quiet_ones_run_does_not_wait_for_the_loud_ones(stage: Stage) -> None:
    quiet = await stage.house.tenancy.create_organisation("Quiet", "q@example.com", "a long enough password")
    await stage.automation.save(stage.principal, BY_HAND, activate=True)
    await stage.automation.save(quiet, BY_HAND, activate=True)
    for _ in range(45):
        await stage.automation.steering.start(stage.principal, "by_hand")
    late = await stage.automation.steering.start(quiet, "by_hand")
    assert await stage.automation.hand_over(stage.queue, limit=2) == 2
    assert late.id in stage.queue.payloads, "though 45 were there before it"
    while await stage.automation.hand_over(stage.queue):
        pass
    assert len(stage.queue.payloads) == 41, "the loud one has 40 in the workers' hands, and no more"
