"""Back-tests on what no Stripe event says: events of ours, times, and what somebody would give; nothing is written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domains.automation.stage import Stage
from tests.domains.automation.test_control_steps import happen_ours
from tillwright.domains.automation import RunState, cases, definition, examples
from tillwright.domains.automation.past import MOST_TIMES
from tillwright.domains.mirror import EventCopy
from tillwright.kit.clock import from_unix, to_unix
from tillwright.kit.errors import Absent, Conflict, Invalid

DAY = 86_400
NOTE = "steps:\n  - {id: code, action: create_coupon, with: {percent_off: 5, name: '%s'}}\n"
ENDING = {"entitlementId": "ent_1", "name": "Pro", "buyerId": "cus_1", "buyerEmail": "a@example.com", "daysLeft": 30}


async def ends_soon(stage: Stage, **data: Any) -> None:
    await happen_ours(stage, "entitlement:STRIPE:end_soon", **ENDING, **data)


@pytest.fixture
async def quiet(stage: Stage) -> Any:
    """The stage; afterwards nothing was written, and nobody has started a run."""
    before = len(stage.sandbox.world.ledger.writes)
    yield stage
    assert len(stage.sandbox.world.ledger.writes) == before
    assert await stage.states() == []


async def test_notices_of_an_end_are_looked_back_at(quiet: Stage) -> None:
    await ends_soon(quiet, livemode=False, initial=True)
    await ends_soon(quiet, livemode=True, initial=True)
    quiet.clock.move(20 * DAY)
    await ends_soon(quiet, livemode=False, initial=True)
    await ends_soon(quiet, livemode=False, initial=False)
    backtest, source = quiet.automation.backtest, examples.text_of("renewal_offer")
    report = await backtest.run(quiet.principal, source, days=7)
    assert (report.events, report.matched, len(report.runs)) == (2, 1, 1)
    assert report.requests == {"POST /v1/coupons": 1, "POST /v1/promotion_codes": 1, "mail": 1}
    (run,) = report.runs
    assert (run.state, run.type, run.at) == (RunState.DONE, "entitlement:STRIPE:end_soon", to_unix(quiet.clock.now()))
    assert run.planned[2].request["subject"] == "Pro ends in 30 days"
    assert (await backtest.run(quiet.principal, source, days=30)).events == 3
    assert (await backtest.run(quiet.principal, source, days=30, livemode=True)).events == 1

    again = await backtest.with_event(quiet.principal, source, run.event)
    assert again.runs[0].planned == run.planned
    newest = await backtest.newest(quiet.principal, source)
    assert [one.trigger.created for one in newest] == sorted((one.trigger.created for one in newest), reverse=True)
    assert run.event in {one.trigger.stripe_event_id for one in newest}
    with pytest.raises(Absent, match="There is no stored event"):
        await backtest.with_event(
            quiet.principal, "name: t\ntrigger: {event: CANCEL.ENTITLEMENT}\n" + NOTE % "x", run.event
        )


async def test_a_scope_and_a_name_that_mean_the_same_event_count_it_once(quiet: Stage) -> None:
    await ends_soon(quiet)
    await happen_ours(quiet, "entitlement:STRIPE:cancel")
    await happen_ours(quiet, "user:MEMBER:added", userId="usr_1", name="Grace")
    triggers = "triggers: [{event: 'entitlement:*:end_soon'}, {event: END_SOON.ENTITLEMENT}, {event: ADD.USER}]\n"
    report = await quiet.automation.backtest.run(
        quiet.principal, "name: t\n" + triggers + NOTE % "${object.name}", days=1
    )
    assert [run.planned[0].request["params"]["name"] for run in report.runs] == ["Pro", "Grace"]


async def test_the_times_of_a_schedule_are_looked_back_at_over_a_change_of_clocks(quiet: Stage) -> None:
    quiet.clock.move(to_unix(from_unix(1_806_278_400)) - to_unix(quiet.clock.now()))  # 2027-03-29, 00:00
    source = (
        "name: t\ntrigger: {schedule: {cron: '30 2 * * *', time_zone: Europe/Berlin}}\n"
        + NOTE % "at ${object.scheduled}"
    )
    backtest = quiet.automation.backtest
    report = await backtest.run(quiet.principal, source, days=3)
    times = [from_unix(run.at).isoformat() for run in report.runs]
    assert times == ["2027-03-26T01:30:00+00:00", "2027-03-27T01:30:00+00:00", "2027-03-28T01:30:00+00:00"]
    assert report.runs[0].planned[0].request["params"]["name"] == f"at {report.runs[0].at}"
    assert (await backtest.with_event(quiet.principal, source, report.runs[1].event)).runs[0].at == report.runs[1].at
    assert len(await backtest.newest(quiet.principal, source, limit=2)) == 2
    often = await backtest.run(quiet.principal, source.replace("30 2 * * *", "* * * * *"), days=90)
    assert (often.events, often.cut) == (MOST_TIMES, True)


GIVEN = "name: t\ntrigger: {manual: {object: customer, inputs: {percent: {type: number, high: 50, required: true}}}}\n"
OFF = "steps:\n  - {id: c, action: create_coupon, with: {percent_off: '${inputs.percent}', name: '${object.email}'}}\n"


async def test_what_somebody_gives_is_tried_and_is_all_the_back_test_there_can_be(quiet: Stage) -> None:
    customer = {"id": "cus_1", "object": "customer", "email": "a@example.com", "created": 1}
    async with quiet.house.database.tenant(quiet.principal.organisation_id) as tx:
        now = quiet.clock.now()
        copy = EventCopy(
            livemode=False, object="customer", id="cus_1", account_id=quiet.sandbox.account, event_id="evt_1",
            event_type="customer.created", created=now, received=now, foreign=False, body=customer,
        )  # fmt: skip
        await quiet.house.mirror.apply(tx, quiet.principal.organisation_id, [copy])
    backtest = quiet.automation.backtest
    with pytest.raises(Invalid, match="nothing to look back at"):
        await backtest.run(quiet.principal, GIVEN + OFF)
    with pytest.raises(Invalid) as raised:
        await backtest.with_given(quiet.principal, GIVEN + OFF, {"percent": 90, "x": 1}, object_id="cus_1")
    assert {one.field for one in raised.value.problems} == {"percent", "x"}
    with pytest.raises(Invalid, match="about one customer"):
        await backtest.with_given(quiet.principal, GIVEN + OFF, {"percent": 9})
    with pytest.raises(Absent):
        await backtest.with_given(quiet.principal, GIVEN + OFF, {"percent": 9}, object_id="cus_none")
    with pytest.raises(Invalid, match="not started by webhook"):
        await backtest.with_given(quiet.principal, GIVEN + OFF, {}, kind="webhook")
    report = await backtest.with_given(quiet.principal, GIVEN + OFF, {"percent": 9}, object_id="cus_1")
    assert report.runs[0].planned[0].request["params"] == {
        "percent_off": 9,
        "duration": "once",
        "name": "a@example.com",
    }


@pytest.mark.parametrize("mixed", [False, True])
async def test_a_try_with_given_inputs_opens_live_mode_only_where_nothing_else_can(stage: Stage, mixed: bool) -> None:
    async def live(_: str) -> bool:
        return True

    stage.automation.steering.livemode = live  # type: ignore[method-assign]
    also = ", {stripe_event: invoice.paid}" if mixed else ""
    source = (
        f"name: t\ntriggers: [{{manual: {{inputs: {{who: {{type: text}}}}}}}}{also}]\nsteps:\n"
        "  - id: give\n    action: adjust_customer_balance\n"
        "    with: {customer: '${inputs.who}', amount: -7, currency: eur}\n"
    )
    report = await stage.automation.backtest.with_given(stage.principal, source, {"who": "cus_1"}, livemode=True)
    assert report.moved == {"credit": {"eur": 7}}
    if mixed:
        told = await stage.automation.backtest.run(stage.principal, source.replace("-7", "-8"), days=1)
        assert told.untried == ["Starts by hand can’t be looked back at: try it with inputs that a person would give."]
        with pytest.raises(Conflict, match="never tried"):
            await stage.automation.save(stage.principal, source, activate=True)
    else:
        assert (await stage.automation.save(stage.principal, source, activate=True)).state == "ACTIVE"


async def test_a_delivery_is_tried_with_its_body(quiet: Stage) -> None:
    source = "name: t\ntrigger: {webhook: {fields: {order: {type: text, required: true}}}}\n" + NOTE % "${object.order}"
    backtest = quiet.automation.backtest
    report = await backtest.with_given(quiet.principal, source, {"order": "A1", "more": True})
    assert report.runs[0].planned[0].request["params"]["name"] == "A1"
    with pytest.raises(Invalid):
        await backtest.with_given(quiet.principal, source, {"more": True})


@pytest.mark.parametrize(
    ("trigger", "given", "name"),
    [
        ("event: END_SOON.ENTITLEMENT", {}, "Pro plan for Acme"),
        ("event: 'entitlement:*:end_soon'", {"object": {"name": "Other"}}, "Other"),
        ("event: FAIL.WORKFLOW_EXECUTION", {"object": {"name": "x"}}, "x"),
        ("manual: {inputs: {name: {type: text}}}", {"inputs": {"name": "By hand"}}, "By hand"),
        ("schedule: {cron: '0 9 * * *'}", {"schedule": "2027-01-15T09:00:00Z"}, "1800003600"),
        ("webhook: {fields: {name: {type: text}}}", {"webhook": {"name": "Called"}}, "Called"),
        ("stripe_event: customer.created", {"object": {"id": "cus_1", "name": "Ada"}}, "Ada"),
    ],
)
async def test_a_case_beside_a_definition_may_give_any_kind_of_start(trigger: str, given: Any, name: str) -> None:
    kind = trigger.split(":")[0]
    field = {"manual": "inputs.name", "schedule": "string(object.scheduled)"}.get(kind, "object.name")
    field = "event.data.name" if "EXECUTION" in trigger else field
    source = f"name: t\ntrigger: {{{trigger}}}\n" + NOTE % f"${{{field}}}"
    if "EXECUTION" in trigger:
        with pytest.raises(Invalid, match="no field `name`"):
            definition.parse(source)
        source = source.replace("event.data.name", "object.workflow")
        name = "win_back_failed_payment"
    wanted = {"requests": [{"path": "/v1/coupons", "params": {"name": name}}]}
    (case,) = cases.read([{"given": given, "expect": wanted}], "t.test.yaml")
    tried = await cases.attempt(definition.parse(source), 1, case)
    assert tried["passed"], tried
    wrong = await cases.attempt(definition.parse(source), 1, {"given": given, "expect": {"requests": []}})
    assert not wrong["passed"]


def test_every_complaint_about_cases_comes_at_once() -> None:
    with pytest.raises(Invalid) as raised:
        cases.read([{"gven": 1}, "x", {"given": {"objekt": {}}}, {"expect": [1]}], "t.test.yaml")
    assert [one.field for one in raised.value.problems] == [f"t.test.yaml: case {number}" for number in (1, 2, 3, 4)]
