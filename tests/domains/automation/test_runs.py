"""Runs against a real sandbox: what they do, what they refuse, and what their timeline tells."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.domains.automation.stage import Stage
from tillwright.domains.automation import RunState, StepState
from tillwright.gateways.mail import MailRefused, MailUnavailable
from tillwright.kit.errors import Absent, Denied, Invalid

EXAMPLE = "win_back_failed_payment"
STEPS = """\
name: {name}
trigger: {{stripe_event: invoice.payment_failed}}
steps:
"""


def workflow(steps: str, name: str = "trial", when: str = "") -> str:
    return STEPS.format(name=name) + steps + (f"when: {when}\n" if when else "")


async def test_the_example_does_what_it_says_and_shows_it(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, EXAMPLE, activate=True)
    shown = await stage.run()
    assert (shown.run.state, shown.run.reason) == (RunState.DONE, None)
    assert shown.run.finished is not None
    fetch, coupon, code, mail = shown.steps
    assert fetch.answer is not None
    assert fetch.answer["id"] == stage.invoice["id"]
    assert coupon.request is not None
    assert (coupon.request["method"], coupon.request["path"]) == ("POST", "/v1/coupons")
    assert coupon.answer is not None
    assert coupon.answer["percent_off"] == 15
    assert coupon.idempotency_key
    assert coupon.effect_id
    made = stage.sandbox.client.v1.promotion_codes.list({"customer": stage.invoice["customer"]}).data
    assert [c.id for c in made] == [code.answer["id"] if code.answer else None]
    (letter,) = stage.mailbox.letters
    assert letter.to == "ada@example.com"
    assert str(made[0].code) in letter.text
    assert "49.00 EUR" in letter.subject
    assert mail.message_id
    keys = [line.idempotency_key for line in stage.writes("/v1/coupons")]
    assert keys == [coupon.idempotency_key]


async def test_a_second_delivery_of_the_same_event_starts_no_second_run(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, EXAMPLE, activate=True)
    await stage.happen(event_id="evt_same")
    await stage.relay()
    await stage.happen(event_id="evt_same")
    assert await stage.relay() == []
    assert await stage.states() == [RunState.QUEUED]


async def test_a_new_version_between_two_deliveries_starts_no_second_run(stage: Stage) -> None:
    source = workflow("  - {id: a, action: create_coupon, with: {percent_off: 5}}\n")
    saved = await stage.automation.save(stage.principal, source, activate=True)
    await stage.happen(event_id="evt_same")
    (run_id,) = await stage.relay()
    again = await stage.automation.save(stage.principal, source.replace("5}", "6}"))
    assert (again.id, again.version) == (saved.id, 2)
    await stage.happen(event_id="evt_same")
    assert await stage.relay() == []
    await stage.execute(run_id)
    assert stage.sandbox.client.v1.coupons.list().data[0].percent_off == 5


async def test_what_nothing_matches_costs_no_run(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, EXAMPLE, activate=False)
    await stage.happen()
    assert await stage.relay() == []
    assert await stage.states() == []


async def test_the_rule_is_decided_on_the_object_as_it_is_now(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, EXAMPLE, activate=True)
    await stage.happen()
    (run_id,) = await stage.relay()
    stage.sandbox.client.v1.invoices.pay(stage.invoice["id"], {"paid_out_of_band": True})
    assert await stage.execute(run_id) == RunState.SKIPPED
    shown = await stage.automation.timeline(stage.principal, run_id)
    assert "no longer holds" in str(shown.run.reason)
    assert stage.writes("/v1/coupons") == []


async def test_stripes_no_fails_the_run_with_its_reason(stage: Stage) -> None:
    steps = "  - {id: code, action: create_promotion_code, with: {coupon: co_none}}\n"
    steps += "  - {id: b, action: create_coupon, with: {percent_off: 1}}\n"
    await stage.automation.save(stage.principal, workflow(steps), activate=True)
    shown = await stage.run()
    assert shown.run.state is RunState.FAILED
    assert "No such coupon" in str(shown.run.reason)
    assert [step.state for step in shown.steps] == [StepState.DONE, StepState.REFUSED]
    assert stage.writes("/v1/coupons") == []


async def test_a_field_that_is_not_there_fails_the_step_and_says_which(stage: Stage) -> None:
    steps = "  - {id: a, action: delete_coupon, with: {coupon: '${object.metadata.no_such}'}}\n"
    await stage.automation.save(stage.principal, workflow(steps), activate=True)
    shown = await stage.run()
    assert shown.run.state is RunState.FAILED
    assert "no field 'no_such'" in str(shown.run.reason)


async def test_a_step_whose_condition_is_false_is_skipped_and_the_run_goes_on(stage: Stage) -> None:
    steps = (
        "  - {id: a, action: create_coupon, when: object.amount_due > 1000000, with: {percent_off: 5}}\n"
        "  - {id: b, action: create_coupon, when: '!has(steps.a)', with: {percent_off: 6}}\n"
    )
    await stage.automation.save(stage.principal, workflow(steps), activate=True)
    shown = await stage.run()
    assert shown.run.state is RunState.DONE
    assert [step.state for step in shown.steps] == [StepState.DONE, StepState.SKIPPED, StepState.DONE]


async def test_a_mail_server_that_is_away_delays_the_mail_and_the_run(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, EXAMPLE, activate=True)
    stage.mailbox.fail = MailUnavailable("mail_unavailable", "Not now.")
    await stage.happen()
    (run_id,) = await stage.relay()
    before, sleep = stage.clock.now(), stage.clock.sleep

    async def recover(seconds: float) -> None:
        await sleep(seconds)
        if stage.clock.now() - before > timedelta(minutes=10):
            stage.mailbox.fail = None

    stage.clock.sleep = recover  # type: ignore[method-assign]
    assert await stage.execute(run_id) == RunState.DONE
    assert len(stage.mailbox.letters) == 1


async def test_a_mail_that_is_refused_fails_the_run(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, EXAMPLE, activate=True)
    stage.mailbox.fail = MailRefused("mail_refused", "No such mailbox.")
    shown = await stage.run()
    assert shown.run.state is RunState.FAILED
    assert "No such mailbox" in str(shown.run.reason)


@pytest.mark.parametrize(
    ("changes", "state", "part"),
    [
        ({"livemode": True}, RunState.FAILED, "other one"),
        ({"account_id": "acct_other"}, RunState.FAILED, "acct_other"),
        ({"object_id": "in_gone"}, RunState.SKIPPED, "No such"),
        ({"object_type": "mystery"}, RunState.FAILED, "can't be fetched"),
        ({"object_type": None, "object_id": None}, RunState.FAILED, "can't be fetched"),
    ],
)
async def test_no_run_acts_without_its_own_object(
    stage: Stage, changes: dict[str, Any], state: RunState, part: str
) -> None:
    await stage.automation.save_example(stage.principal, EXAMPLE, activate=True)
    shown = await stage.run(**changes)
    assert (shown.run.state, part in str(shown.run.reason)) == (state, True), shown.run.reason
    assert stage.writes("/v1/coupons") == []


async def test_a_run_of_another_organisation_is_not_shown(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, EXAMPLE, activate=True)
    shown = await stage.run()
    other = await stage.house.tenancy.create_organisation("Other", "eve@example.com", "another long password")
    with pytest.raises(Absent):
        await stage.automation.timeline(other, shown.run.id)
    with pytest.raises(Absent):
        await stage.automation.get(other, shown.run.workflow_id)
    assert (await stage.automation.runs(other)).items == []
    assert await stage.automation.list(other) == []


async def test_saving_versions_switching_and_deleting(stage: Stage) -> None:
    a = workflow("  - {id: a, action: create_coupon, with: {percent_off: 5}}\n")
    b = a.replace("percent_off: 5", "percent_off: 6")
    first = await stage.automation.save(stage.principal, a)
    assert (first.version, first.state) == (1, "PAUSED")
    assert await stage.automation.save(stage.principal, a) == first
    second = await stage.automation.save(stage.principal, b, activate=True)
    assert (second.id, second.version, second.state) == (first.id, 2, "ACTIVE")
    back = await stage.automation.activate(stage.principal, first.id, version=1)
    assert back.version == 1
    third = await stage.automation.save(stage.principal, b)
    assert third.version == 3
    kept = await stage.automation.versions(stage.principal, "trial")
    assert [(v.number, v.source) for v in kept] == [(3, b), (2, b), (1, a)]
    assert (await stage.automation.pause(stage.principal, first.id)).state == "PAUSED"
    with pytest.raises(Absent):
        await stage.automation.activate(stage.principal, first.id, version=9)
    with pytest.raises(Invalid):
        await stage.automation.save(stage.principal, "name: [")
    await stage.automation.delete(stage.principal, first.id)
    assert await stage.automation.list(stage.principal) == []


async def test_a_viewer_can_look_and_not_touch(stage: Stage) -> None:
    viewer = stage.principal.__class__(stage.principal.organisation_id, "USER", "u", "Vic", "VIEWER")
    saved = await stage.automation.save_example(stage.principal, EXAMPLE)
    assert [w.id for w in await stage.automation.list(viewer)] == [saved.id]
    for attempt in (
        stage.automation.save_example(viewer, EXAMPLE),
        stage.automation.activate(viewer, saved.id),
        stage.automation.pause(viewer, saved.id),
        stage.automation.delete(viewer, saved.id),
    ):
        with pytest.raises(Denied):
            await attempt


async def test_runs_are_paged_newest_first(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, EXAMPLE, activate=True)
    for _ in range(5):
        await stage.happen()
        stage.clock.move(1)
        await stage.relay()
    first = await stage.automation.runs(stage.principal, limit=3)
    assert first.next_cursor
    second = await stage.automation.runs(stage.principal, limit=3, cursor=first.next_cursor)
    created = [run.created for run in (*first.items, *second.items)]
    assert len(created) == 5
    assert created == sorted(created, reverse=True)
    assert second.next_cursor is None
    queued = await stage.automation.runs(stage.principal, state=RunState.QUEUED, workflow_id=first.items[0].workflow_id)
    assert len(queued.items) == 5
    assert await stage.automation.run_counts(stage.principal) == {first.items[0].workflow_id: {"QUEUED": 5}}


async def test_runs_are_found_by_what_they_are_about_and_by_what_was_said(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, "win_back_failed_payment", activate=True)
    run = (await stage.run()).run
    stage.clock.move(3 * 86_400)
    await stage.happen(object_id="in_100%_gone")
    (lost,) = await stage.relay()
    await stage.execute(lost)

    async def found(**wanted: Any) -> list[str]:
        return [found.id for found in (await stage.automation.runs(stage.principal, **wanted)).items]

    assert await found() == [lost, run.id]
    assert await found(about=stage.invoice["id"]) == await found(about=stage.invoice["customer"]) == [run.id]
    assert await found(about="in_100%_gone") == [lost]
    assert await found(about="cus_none") == []
    assert await found(until=run.created + timedelta(days=1)) == [run.id]
    assert await found(since=run.created + timedelta(days=1)) == [lost]
    assert await found(text=lost[4:20].upper()) == [lost]
    reason = str((await stage.automation.timeline(stage.principal, lost)).run.reason)
    assert await found(text=reason[3:].upper()) == [lost], reason
    assert await found(text="win_back") == [lost, run.id]
    assert await found(text="%") == await found(text="win back") == []


async def test_handing_over_again_after_a_crash_changes_nothing(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, EXAMPLE, activate=True)
    await stage.happen()
    (run_id,) = await stage.relay()
    async with stage.house.database.tenant(stage.principal.organisation_id) as tx:
        await tx.execute("update workflow_runs set handed_over = null")
    assert await stage.automation.hand_over(stage.queue) == 1
    assert list(stage.queue.payloads) == [run_id]
    assert await stage.automation.hand_over(stage.queue) == 0


async def test_a_broken_run_is_given_up_in_plain_words(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, EXAMPLE, activate=True)
    await stage.happen()
    (run_id,) = await stage.relay()
    await stage.automation.give_up(stage.queue.payloads[run_id], "KeyError: 'x'")
    shown = await stage.automation.timeline(stage.principal, run_id)
    assert shown.run.state is RunState.FAILED
    assert "Tillwright itself failed" in str(shown.run.reason)


async def test_an_action_that_is_no_more_ends_the_run_with_the_reason(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, EXAMPLE, activate=True)
    await stage.happen()
    (run_id,) = await stage.relay()
    payload: Any = stage.queue.payloads[run_id]
    payload["definition"]["steps"][0]["action"] = "gone_since"
    assert await stage.execute(run_id) == RunState.FAILED
    shown = await stage.automation.timeline(stage.principal, run_id)
    assert "no action 'gone_since' any more" in str(shown.run.reason)
