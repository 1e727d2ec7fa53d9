"""Limits, the loop guard, the stop switch, rehearsals and the guard of live mode: each tried to be broken."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
import yaml

from tests.domains.automation.stage import Stage
from tillwright.domains import audit
from tillwright.domains.automation import RunState, definition
from tillwright.domains.automation.handing_over import IN_HAND
from tillwright.domains.automation.interpreter import PARKED
from tillwright.domains.automation.money_table import ROWS
from tillwright.domains.automation.moving import movement, moves_money
from tillwright.domains.automation.rehearsal import rehearse
from tillwright.domains.automation.triggers import trigger_of
from tillwright.domains.events import SpineEvent
from tillwright.gateways.stripe.operations import operations
from tillwright.kit.clock import from_unix
from tillwright.kit.errors import Conflict, Invalid

HEAD = "name: trial\ntrigger: {stripe_event: invoice.payment_failed}\nsteps:\n"
CREDIT = (
    "  - {id: give, action: adjust_customer_balance, "
    "with: {customer: '${object.customer}', amount: -700, currency: eur}}\n"
)
BALANCE = "balance_transactions"


def credits(stage: Stage) -> int:
    """What was credited to the invoice's customer, in minor units, as the sandbox has it."""
    found = stage.sandbox.client.v1.customers.balance_transactions.list(stage.invoice["customer"], {"limit": 100})
    return -sum(one.amount for one in found.data)


async def begin(stage: Stage, runs: int) -> list[str]:
    for _ in range(runs):
        await stage.happen()
    return await stage.relay()


@pytest.mark.parametrize("at_once", [1, 12])
@pytest.mark.parametrize(
    ("limits", "allowed"),
    [("{amount_per_day: {eur: 2800}}", 4), ("{amount_per_day: {eur: 2799}}", 3), ("{writes_per_day: 2}", 2)],
)
async def test_a_limit_holds_to_the_minor_unit_however_many_at_once(
    stage: Stage, limits: str, allowed: int, at_once: int
) -> None:
    await stage.automation.save(stage.principal, f"limits: {limits}\n{HEAD}{CREDIT}", activate=True)
    runs = await begin(stage, 12)
    if at_once == 1:
        ended = [await stage.segment(run_id) for run_id in runs]
    else:
        ended = list(await asyncio.gather(*(stage.segment(run_id) for run_id in runs)))
    assert ended.count(RunState.DONE) == allowed
    assert ended.count(RunState.FAILED) == 12 - allowed
    assert credits(stage) == 700 * allowed


async def test_an_organisations_limit_holds_over_all_its_workflows(stage: Stage) -> None:
    await stage.automation.stop_switch.set_caps(stage.principal, {"amount_per_day": {"eur": 1500}})
    await stage.automation.save(stage.principal, HEAD + CREDIT, activate=True)
    await stage.automation.save(stage.principal, (HEAD + CREDIT).replace("trial", "other"), activate=True)
    runs = await begin(stage, 3)
    ended = await asyncio.gather(*(stage.segment(run_id) for run_id in runs))
    assert list(ended).count(RunState.DONE) == 2
    assert credits(stage) == 1400
    with pytest.raises(Invalid):
        await stage.automation.stop_switch.set_caps(stage.principal, {"amount_per_day": {"eur": 1.5}, "x": 1})


async def test_what_stripe_refused_counts_for_nothing_and_a_day_begins_anew(stage: Stage) -> None:
    refused = CREDIT.replace("'${object.customer}'", "cus_none")
    limits = "limits: {amount_per_day: {eur: 700}}\n"
    await stage.automation.save(stage.principal, limits + HEAD + refused, activate=True)
    for run_id in await begin(stage, 2):
        assert await stage.segment(run_id) == RunState.FAILED
    await stage.automation.save(stage.principal, limits + HEAD + CREDIT)
    first, second = await begin(stage, 2)
    assert await stage.segment(first) == RunState.DONE
    assert await stage.segment(second) == RunState.FAILED
    stage.clock.move(86_400)
    await stage.automation.steering.retry(stage.principal, second)
    await stage.automation.hand_over(stage.queue)
    assert await stage.segment(second) == RunState.DONE
    assert credits(stage) == 1400


async def test_a_run_has_its_own_limit_and_so_has_a_day_of_runs(stage: Stage) -> None:
    limits = "limits: {amount_per_run: {eur: 1000}, runs_per_day: 2}\n"
    more = CREDIT.replace("give", "more")
    await stage.automation.save(stage.principal, limits + HEAD + CREDIT + more, activate=True)
    runs = await begin(stage, 3)
    assert len(runs) == 2
    assert await stage.segment(runs[0]) == RunState.FAILED
    assert credits(stage) == 700
    reasons = [run.reason for run in (await stage.automation.runs(stage.principal, state=RunState.FAILED)).items]
    assert any("2 runs a day" in str(reason) for reason in reasons)


async def test_events_of_a_runs_own_making_stop_after_the_eighth(stage: Stage) -> None:
    await stage.automation.save(stage.principal, HEAD + CREDIT, activate=True)
    seen, cause = 0, None
    while seen < 20:
        await stage.happen(cause=cause)
        fresh = await stage.relay()
        if not fresh:
            break
        seen += 1
        assert await stage.segment(fresh[0]) == RunState.DONE
        steps = (await stage.automation.timeline(stage.principal, fresh[0])).steps
        cause = steps[-1].idempotency_key
    assert seen == 9
    assert credits(stage) == 9 * 700
    newest = (await stage.automation.runs(stage.principal)).items[0]
    assert "Loop guard" in str(newest.reason) or any(
        "Loop guard" in str(run.reason) for run in (await stage.automation.runs(stage.principal)).items
    )


async def test_the_stop_switch_holds_what_runs_and_what_comes_and_lets_it_go_on(stage: Stage) -> None:
    await stage.automation.save(stage.principal, HEAD + "  - {id: w, wait: {for: 1m}}\n" + CREDIT, activate=True)
    going, held = await begin(stage, 2)
    assert await stage.segment(going) == PARKED
    await stage.automation.stop_switch.stop(stage.principal)
    assert await stage.segment(held) == PARKED
    await stage.happen()
    stage.clock.move(120)
    assert await stage.relay() == []
    shown = await stage.automation.timeline(stage.principal, held)
    assert shown.run.waits_for == "stop_switch"
    assert credits(stage) == 0
    await stage.automation.stop_switch.release(stage.principal)
    assert len(await stage.relay()) == 3
    for run_id in (going, held):
        assert await stage.execute(run_id) in (RunState.DONE, PARKED)
    assert credits(stage) == 1400


async def test_cancelling_and_taking_up_again(stage: Stage) -> None:
    await stage.automation.save(stage.principal, HEAD + "  - {id: w, wait: {for: 1h}}\n" + CREDIT, activate=True)
    (run_id,) = await begin(stage, 1)
    assert await stage.segment(run_id) == PARKED
    ended = await stage.automation.steering.cancel(stage.principal, run_id)
    assert (ended.state, ended.reason) == (RunState.CANCELLED, "Cancelled by ada@example.com.")
    with pytest.raises(Conflict):
        await stage.automation.steering.cancel(stage.principal, run_id)
    assert await stage.automation.hand_over(stage.queue) == 0
    await stage.automation.steering.retry(stage.principal, run_id)
    await stage.automation.hand_over(stage.queue)
    assert await stage.execute(run_id) == RunState.DONE
    assert credits(stage) == 700


async def test_going_on_repeats_what_failed_under_a_new_key_and_nothing_that_was_done(stage: Stage) -> None:
    steps = CREDIT + "  - {id: bad, action: delete_coupon, with: {coupon: '${steps.give.id}'}}\n"
    await stage.automation.save(stage.principal, HEAD + steps, activate=True)
    (run_id,) = await begin(stage, 1)
    assert await stage.segment(run_id) == RunState.FAILED
    for from_step, expected in ((None, 700), ("bad", 700), ("give", 1400)):
        await stage.automation.steering.retry(stage.principal, run_id, from_step=from_step)
        await stage.automation.hand_over(stage.queue)
        assert await stage.segment(run_id) == RunState.FAILED
        assert credits(stage) == expected
    rows = (await stage.automation.timeline(stage.principal, run_id)).steps
    assert [row.attempt for row in rows if row.step == "bad"] == [1, 2, 3, 4]
    keys = [row.idempotency_key for row in rows if row.step == "bad"]
    assert len(set(keys)) == 4


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"path": "/v1/refunds", "params": {"charge": "ch_1", "amount": 5}}, ("refund", 5, None, "/v1/charges/ch_1")),
        ({"path": "/v1/refunds", "params": {"payment_intent": "pi_1"}},
         ("refund", None, None, "/v1/payment_intents/pi_1")),
        ({"path": "/v1/payment_intents", "params": {"amount": 5, "currency": "eur", "confirm": True}},
         ("charge", 5, "eur", None)),
        ({"path": "/v1/payment_intents", "params": {"amount": 5, "currency": "eur"}}, None),
        ({"path": "/v1/invoices/in_1/pay", "params": {}}, ("charge", None, None, "/v1/invoices/in_1")),
        ({"path": "/v1/customers/cus_1", "params": {"name": "x"}}, None),
        ({"path": "/v1/customers/cus_1/balance_transactions", "params": {"amount": -7, "currency": "eur"}},
         ("credit", 7, "eur", None)),
        ({"path": "/v1/coupons", "params": {"amount_off": 5}}, None),
        ({"path": "/v1/payouts", "params": {"amount": 5, "currency": "eur"}}, ("payout", 5, "eur", None)),
        ({"path": "/v1/charges/ch_1/refund", "params": {}}, ("refund", None, None, "/v1/charges/ch_1")),
        ({"path": "/v1/disputes/dp_1/close", "params": {}}, ("refund", None, None, "/v1/disputes/dp_1")),
        ({"path": "/v1/customers", "params": {"balance": -5}}, ("credit", 5, None, None)),
        ({"path": "/v1/billing/credit_grants", "params": {"amount": {"monetary": {"value": 5, "currency": "eur"}}}},
         ("credit", 5, "eur", None)),
    ],
)  # fmt: skip
def test_what_a_request_moves(request_: dict[str, Any], expected: tuple[Any, ...] | None) -> None:
    moved = movement({"kind": "stripe", "method": "POST", **request_})
    assert (moved and (moved.kind, moved.amount, moved.currency, moved.source)) == expected


NO_MONEY = {
    "stripe.invoiceitems.create",
    "stripe.invoiceitems.update",
    "stripe.invoices.lines.update",
    "stripe.issuing.disputes.create",
    "stripe.issuing.disputes.update",
    "stripe.payment_intents.increment_authorization",
    "stripe.payment_intents.update",
    "stripe.payment_records.report_refund",
    "stripe.plans.create",
    "stripe.sources.create",
    "stripe.sources.update",
    "stripe.transfers.reversals.create",
}
"""What has an amount and moves nothing out: what is billed later, only held, only reported, or comes back to us."""


def test_every_operation_of_stripes_with_an_amount_is_a_row_of_the_money_table_or_known_to_move_none() -> None:
    found: set[str] = set()
    for operation in operations().values():
        helper = operation.name.startswith("stripe.test_helpers")
        if operation.method == "POST" and "amount" in operation.params and not helper:
            params = {"amount": 5, "confirm": True}
            path = re.sub(r"{\w+}", "x_1", operation.path)
            if movement({"kind": "stripe", "method": "POST", "path": path, "params": params}) is None:
                found.add(operation.name)
    assert found == NO_MONEY
    paths = {re.sub(r"{\w+}", "{}", operation.path) for operation in operations().values()}
    rows = {row.path.replace("refunds?", "refunds") for row in ROWS}
    assert rows <= paths, "a row for what Stripe does not have"


def test_what_moves_money_is_told_from_the_definition() -> None:
    def moves(action: str, given: str = "{}") -> bool:
        return moves_money([{"then": [{"action": action, "with": yaml.safe_load(given)}]}])

    assert moves("stripe.payouts.create", "{amount: 5, currency: eur}")
    assert moves("stripe.disputes.close", "{dispute: '${object.id}'}")
    assert moves("stripe.customers.update", "{customer: '${object.id}', balance: '${object.balance}'}")
    assert moves("refund_payment", "{charge: '${object.charge}'}")
    assert not moves("stripe.customers.update", "{customer: '${object.id}', name: x}")
    assert not moves("create_coupon", "{percent_off: 5}")


async def test_a_refund_by_the_plain_operation_is_held_to_the_limit_by_what_remains(stage: Stage) -> None:
    client = stage.sandbox.client
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": str(stage.invoice["customer"])})
    intent = client.v1.payment_intents.create({
        "amount": 1000, "currency": "eur", "customer": str(stage.invoice["customer"]), "payment_method": card.id,
        "confirm": True, "off_session": True,
    })  # fmt: skip
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 300})
    refund = f"  - {{id: back, action: stripe.refunds.create, with: {{payment_intent: {intent.id}}}}}\n"
    for limit, ended in ((699, RunState.FAILED), (700, RunState.DONE)):
        source = f"limits: {{amount_per_day: {{eur: {limit}}}}}\n{HEAD}{refund}"
        await stage.automation.save(stage.principal, source, activate=True)
        (run_id,) = await begin(stage, 1)
        assert await stage.segment(run_id) == ended
    charge = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]}).to_dict()["latest_charge"]
    assert charge["amount_refunded"] == 1000


async def test_a_rehearsal_shows_each_request_and_sends_none(stage: Stage) -> None:
    before = len(stage.sandbox.world.ledger.writes)
    found = definition.parse(
        HEAD + "  - {id: c, action: create_coupon, with: {percent_off: 5}}\n"
        "  - {id: p, action: create_promotion_code, with: {coupon: '${steps.c.id}'}}\n"
        "  - {id: w, wait: {for: 3d}}\n" + CREDIT + "  - {id: ask, approval: {ask: 'Really?'}}\n"
        "  - {id: m, action: send_mail, with: {to: a@example.com, subject: x, text: '${steps.p.code}'}}\n"
    )
    happened = SpineEvent(
        0, "org", "stripe:event:invoice.payment_failed",
        {"event_id": "evt", "created": 1, "livemode": False, "object_type": "invoice", "object_id": "in"}, from_unix(1),
    )  # fmt: skip
    shown = await rehearse(found, trigger_of(happened), stage.invoice)
    assert (shown.state, shown.reason) == (RunState.DONE, None)
    assert [(one.step, one.request.get("path")) for one in shown.planned] == [
        ("c", "/v1/coupons"), ("p", "/v1/promotion_codes"),
        ("give", f"/v1/customers/{stage.invoice['customer']}/balance_transactions"), ("m", None),
    ]  # fmt: skip
    assert "FROM_c_id" in str(shown.planned[1].request)
    assert shown.planned[2].movement is not None
    assert len(shown.notes) == 2
    assert len(stage.sandbox.world.ledger.writes) == before


async def test_a_backtest_tells_what_would_have_been_and_opens_live_mode(stage: Stage) -> None:
    source = HEAD + CREDIT
    before = len(stage.sandbox.world.ledger.writes)
    report = await stage.automation.backtest.run(stage.principal, source, days=30)
    assert (report.events, report.matched, report.cut) == (0, 0, False)
    assert len(stage.sandbox.world.ledger.writes) == before
    with pytest.raises(Invalid):
        await stage.automation.backtest.run(stage.principal, source, days=0)

    async def live(_: str) -> bool:
        return True

    stage.automation.steering.livemode = live  # type: ignore[method-assign]
    untried = source.replace("-700", "-701")
    with pytest.raises(Conflict, match="never tried"):
        await stage.automation.save(stage.principal, untried, activate=True)
    assert await stage.automation.list(stage.principal) == []
    saved = await stage.automation.save(stage.principal, source, activate=True)
    assert saved.state == "ACTIVE"
    with pytest.raises(Conflict, match="never tried"):
        await stage.automation.save(stage.principal, untried)
    assert (await stage.automation.save(stage.principal, untried, override=True)).version == 2
    async with stage.house.database.tenant(stage.principal.organisation_id) as tx:
        entries = await audit.recent(tx, stage.principal.organisation_id, action="automation:workflow")
    assert ["override" in entry.detail for entry in entries] == [True, False], "who overrode is in the trail"


async def test_runs_of_one_customer_go_one_after_the_other(stage: Stage) -> None:
    await stage.automation.save(
        stage.principal, "concurrency: by object\n" + HEAD + "  - {id: w, wait: {for: 1h}}\n" + CREDIT, activate=True
    )
    await stage.happen()
    (first,) = await stage.relay()
    await stage.happen()
    assert await stage.relay() == []
    assert await stage.segment(first) == PARKED
    assert await stage.relay() == []
    stage.clock.move(3600)
    await stage.automation.hand_over(stage.queue)
    assert await stage.segment(first) == RunState.DONE
    assert len(await stage.relay()) == 1


async def test_a_loud_organisation_does_not_stand_before_a_quiet_one(stage: Stage) -> None:
    await stage.automation.save(stage.principal, HEAD + CREDIT, activate=True)
    runs = await begin(stage, 60)
    assert len(runs) == IN_HAND < 60
    assert await stage.automation.hand_over(stage.queue) == 0
    await stage.segment(runs[0])
    assert await stage.automation.hand_over(stage.queue) == 1


async def test_a_schedule_starts_one_run_a_time_however_often_it_is_looked_at(stage: Stage) -> None:
    await stage.automation.save(
        stage.principal,
        "name: daily\ntrigger: {schedule: {cron: '0 9 * * *', time_zone: Europe/Berlin}}\n"
        "steps: [{id: s, stop: 'At ${object.scheduled}.'}]\n",
        activate=True,
    )
    assert await stage.automation.steering.tick() == 0
    stage.clock.move(3 * 86_400)
    assert await stage.automation.steering.tick() == 1
    assert await stage.automation.steering.tick() == 0
    (run_id,) = await stage.relay()
    assert await stage.segment(run_id) == RunState.DONE
    await stage.automation.pause(stage.principal, "daily")
    stage.clock.move(3 * 86_400)
    assert await stage.automation.steering.tick() == 0


async def test_a_start_by_hand_checks_its_form_and_its_key(stage: Stage) -> None:
    await stage.automation.save(
        stage.principal,
        "name: byhand\ntrigger: {manual: {object: invoice, inputs: {n: {type: integer, required: true, high: 5}}}}\n"
        "steps: [{id: s, stop: '${object.id} ${inputs.n}'}]\n",
        activate=True,
    )
    start = stage.automation.steering.start
    with pytest.raises(Invalid, match="`n`"):
        await start(stage.principal, "byhand", {"n": 9}, object_id=stage.invoice["id"])
    with pytest.raises(Invalid, match="one invoice"):
        await start(stage.principal, "byhand", {"n": 1})
    run = await start(stage.principal, "byhand", {"n": 1}, object_id=stage.invoice["id"], key="k")
    assert (await start(stage.principal, "byhand", {"n": 1}, object_id=stage.invoice["id"], key="k")).id == run.id
    await stage.relay()
    await stage.segment(run.id)
    assert (await stage.automation.timeline(stage.principal, run.id)).run.reason == f"{stage.invoice['id']} 1"
