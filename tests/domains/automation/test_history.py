"""Back-tests on events that really came: read from Stripe, stored, and answered from the mirror; nothing is written."""

from __future__ import annotations

import pytest

from tests.domains.automation.stage import Stage, unpaid_invoice
from tillwright.domains.automation import RunState
from tillwright.kit.clock import to_unix
from tillwright.kit.errors import Absent, Invalid

SOURCE = """\
name: remind
trigger: {stripe_event: invoice.finalized}
when: object.amount_due > 2000
steps:
  - {id: buyer, action: find_object, with: {object: customer, where: {email: ada@example.com}}}
  - {id: got, action: get_customer, with: {customer: "${object.customer}"}}
  - {id: give, action: adjust_customer_balance, with: {customer: "${object.customer}", amount: -700, currency: eur}}
  - {id: mail, action: send_mail, with: {to: "${steps.got.email}", subject: Hello, text: "${steps.buyer.object.name}"}}
"""


async def test_a_backtest_on_real_events_tells_each_request_and_its_totals_and_writes_nothing(stage: Stage) -> None:
    house, principal = stage.house, stage.principal
    stage.clock.move(stage.sandbox.world.clock.now() - to_unix(stage.clock.now()))  # Stripe's time is not ours to set
    await house.webhooks.register(principal.organisation_id)
    large, small = unpaid_invoice(stage.sandbox, 9900), unpaid_invoice(stage.sandbox, 1000)
    stage.clock.move(600)
    while await house.webhooks.poll_step():
        stage.clock.move(600)
    while await house.webhooks.apply_pending():
        pass
    while await house.mirror.backfill_step():
        pass
    before = len(stage.sandbox.world.ledger.writes)
    reads = len(stage.sandbox.world.ledger.requests)

    report = await stage.automation.backtest.run(principal, SOURCE, days=30)
    assert report.matched >= 2, "the stage's own invoice and the large one"
    assert report.events == report.matched + 1
    assert report.moved == {"credit": {"eur": 700 * report.matched}}
    assert report.requests["mail"] == report.matched
    run = next(run for run in report.runs if run.object_id == large["id"])
    assert (run.state, run.reason) == (RunState.DONE, None)
    assert [(one.step, one.request.get("path")) for one in run.planned] == [
        ("give", f"/v1/customers/{large['customer']}/balance_transactions"), ("mail", None),
    ]  # fmt: skip
    assert run.planned[1].request["to"] == "ada@example.com", "what is read is answered from the mirror"
    assert run.planned[1].request["text"] == "Ada Example"

    one = await stage.automation.backtest.with_event(principal, SOURCE, run.event)
    assert (one.events, one.matched) == (1, 1)
    assert one.runs[0].planned == run.planned
    async with house.database.tenant(principal.organisation_id) as tx:
        rows = await (
            await tx.execute(
                "select id from stripe_events where object_id = %s and type like 'invoice.f%%'", (small["id"],)
            )
        ).fetchall()
    none = await stage.automation.backtest.with_event(principal, SOURCE, rows[0]["id"])
    assert (none.events, none.matched, none.runs) == (1, 0, [])
    with pytest.raises(Absent):
        await stage.automation.backtest.with_event(principal, SOURCE, "evt_none")
    with pytest.raises(Invalid, match="does not start on"):
        await stage.automation.backtest.with_event(principal, SOURCE.replace("finalized", "paid"), run.event)

    assert len(stage.sandbox.world.ledger.writes) == before
    assert len(stage.sandbox.world.ledger.requests) == reads, "Stripe was not even asked"
    assert await stage.states() == []
