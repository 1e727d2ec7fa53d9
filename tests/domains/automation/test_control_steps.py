"""Branches, loops, waits, approvals and calls: what they decide, and that a crash anywhere decides nothing twice."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domains.automation.stage import Stage
from tillwright.domains import events
from tillwright.domains.automation import RunState
from tillwright.domains.automation.interpreter import PARKED
from tillwright.domains.automation.model import ApprovalState
from tillwright.domains.notifications.notices.service import CONSUMER
from tillwright.kit.errors import Conflict, Denied

HEAD = "name: trial\ntrigger: {stripe_event: invoice.payment_failed}\nsteps:\n"
COUPON = "action: create_coupon, with: {percent_off: %s}"


async def run(stage: Stage, steps: str) -> Any:
    await stage.automation.save(stage.principal, HEAD + steps, activate=True)
    return await stage.run()


def made(stage: Stage) -> list[float]:
    """What the coupons take off, in the order the sandbox made them."""
    return [line.params["percent_off"] for line in stage.writes("/v1/coupons")]


def percents(stage: Stage) -> list[int]:
    return sorted(int(c.percent_off or 0) for c in stage.sandbox.client.v1.coupons.list({"limit": 100}).data)


def states(shown: Any) -> dict[str, str]:
    return {step.step: str(step.state) for step in shown.steps if step.step != "_fetch"}


async def test_an_if_takes_one_branch(stage: Stage) -> None:
    shown = await run(
        stage,
        "  - id: check\n    if: object.amount_due > 1000000\n"
        f"    then: [{{id: a, {COUPON % 5}}}]\n    else: [{{id: b, {COUPON % 6}}}]\n"
        f"  - {{id: c, {COUPON % 7}, when: has(steps.b)}}\n",
    )
    assert shown.run.state is RunState.DONE
    assert states(shown) == {"check": "DONE", "b": "DONE", "c": "DONE"}
    assert percents(stage) == [6, 7]


@pytest.mark.parametrize(("value", "expected"), [("object.currency", [5]), ("lower('USD')", [6]), ("lower('X')", [7])])
async def test_a_switch_takes_the_case_of_its_value(stage: Stage, value: str, expected: list[int]) -> None:
    shown = await run(
        stage,
        f"  - id: which\n    switch: {value}\n    cases:\n      eur: [{{id: a, {COUPON % 5}}}]\n"
        f"      usd: [{{id: b, {COUPON % 6}}}]\n    else: [{{id: c, {COUPON % 7}}}]\n",
    )
    assert shown.run.state is RunState.DONE
    assert percents(stage) == expected


@pytest.mark.parametrize("at_once", [1, 3])
async def test_a_loop_does_each_item_once(stage: Stage, at_once: int) -> None:
    shown = await run(
        stage,
        f"  - id: each\n    for_each: '[11, 12, 13, 14, 15]'\n    as: percent\n    at_once: {at_once}\n"
        "    steps:\n      - {id: coupon, action: create_coupon, with: {percent_off: '${percent}'}}\n"
        "      - {id: mail, action: send_mail, when: index == 1,"
        " with: {to: a@example.com, subject: x, text: '${steps.coupon.id}'}}\n"
        "  - {id: after, action: create_coupon, with: {percent_off: '${steps.each.count}'}}\n",
    )
    assert (shown.run.state, shown.run.reason) == (RunState.DONE, None)
    assert percents(stage) == [5, 11, 12, 13, 14, 15]
    assert len(stage.mailbox.letters) == 1
    assert states(shown)["each[3].coupon"] == "DONE"


@pytest.mark.parametrize("at_once", [1, 2])
async def test_a_loop_ends_the_run_with_the_item_that_failed(stage: Stage, at_once: int) -> None:
    shown = await run(
        stage,
        f"  - id: each\n    for_each: '[20, 200, 30]'\n    at_once: {at_once}\n"
        "    steps: [{id: c, action: create_coupon, with: {percent_off: '${item}'}}]\n",
    )
    assert shown.run.state is RunState.FAILED
    assert str(shown.run.reason).startswith("each[1].c: ")
    assert percents(stage) == [20]


async def test_a_loop_over_too_much_or_over_no_list_is_refused(stage: Stage) -> None:
    body = "    steps: [{id: c, action: create_coupon, with: {percent_off: 5}}]\n"
    shown = await run(stage, "  - id: each\n    for_each: '[1, 2, 3]'\n    at_most: 2\n" + body)
    assert "3 items; at most 2" in str(shown.run.reason)
    shown = await run(stage, "  - id: each\n    for_each: object.id\n" + body)
    assert "gives no list" in str(shown.run.reason)
    assert percents(stage) == []


async def test_a_stop_ends_the_run_as_it_says(stage: Stage) -> None:
    shown = await run(stage, f"  - {{id: s, stop: 'Nothing for ${{object.id}}.'}}\n  - {{id: a, {COUPON % 5}}}\n")
    assert (shown.run.state, shown.run.reason) == (RunState.DONE, f"Nothing for {stage.invoice['id']}.")
    shown = await run(stage, "  - {id: s, stop: No., state: failed}\n")
    assert (shown.run.state, shown.run.reason) == (RunState.FAILED, "No.")
    assert percents(stage) == []


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [("{for: 20s}", 20), ("{for: 3d}", 259_200), ("{until: 1800100000}", None), ("{until: \"'2027-01-20'\"}", 388_800)],
)
async def test_a_wait_lets_go_of_the_worker_until_its_time(stage: Stage, wait: str, seconds: int | None) -> None:
    await stage.automation.save(
        stage.principal, f"{HEAD}  - {{id: w, wait: {wait}}}\n  - {{id: a, {COUPON % 5}}}\n", activate=True
    )
    await stage.happen()
    (run_id,) = await stage.relay()
    before = stage.clock.now()
    if seconds is None or seconds > 60:
        assert await stage.segment(run_id) == PARKED
        shown = await stage.automation.timeline(stage.principal, run_id)
        assert (shown.run.state, shown.run.waits_for) == (RunState.WAITING, "time")
        assert percents(stage) == []
        assert await stage.automation.hand_over(stage.queue) == 0
        assert shown.run.wake_at is not None
        stage.clock.move((shown.run.wake_at - before).total_seconds())
        assert await stage.automation.hand_over(stage.queue) == 1
    assert await stage.segment(run_id) == RunState.DONE
    if seconds is not None:
        assert (stage.clock.now() - before).total_seconds() == pytest.approx(seconds, abs=1)
    assert percents(stage) == [5]


WAIT = (
    "  - id: w\n    wait: {event: 'entitlement:STRIPE:cancel', at_most: 2d, "
    "match: arrived.object.buyerId == object.customer}\n"
    f"  - {{id: a, {COUPON % 5}, when: steps.w.timed_out}}\n  - {{id: b, {COUPON % 6}, when: '!steps.w.timed_out'}}\n"
)


async def happen_ours(stage: Stage, name: str, /, **data: Any) -> None:
    organisation_id = stage.principal.organisation_id
    async with stage.house.database.tenant(organisation_id) as tx:
        await events.record(tx, organisation_id, name, data, stage.clock.now())


async def test_an_awaited_event_wakes_the_run_if_it_fits(stage: Stage) -> None:
    await stage.automation.save(stage.principal, HEAD + WAIT, activate=True)
    await stage.happen()
    (run_id,) = await stage.relay()
    assert await stage.segment(run_id) == PARKED
    await happen_ours(stage, "entitlement:STRIPE:cancel", buyerId="cus_other")
    assert await stage.relay() == []
    await happen_ours(stage, "entitlement:STRIPE:cancel", buyerId=stage.invoice["customer"])
    await stage.relay()
    assert await stage.segment(run_id) == RunState.DONE
    assert percents(stage) == [6]


async def test_an_event_that_came_before_the_wait_began_counts_once(stage: Stage) -> None:
    await stage.automation.save(stage.principal, HEAD + WAIT, activate=True)
    await stage.happen()
    (run_id,) = await stage.relay()
    await happen_ours(stage, "entitlement:STRIPE:cancel", buyerId=stage.invoice["customer"])
    await stage.relay()
    assert await stage.segment(run_id) == RunState.DONE
    assert percents(stage) == [6]


async def test_an_event_that_never_comes_times_the_wait_out(stage: Stage) -> None:
    shown = await run(stage, WAIT)
    assert shown.run.state is RunState.DONE
    assert percents(stage) == [5]


ASK = "  - {id: a, action: create_coupon, with: {percent_off: 9}, approval: {role: ADMIN, within: 2d, ask: 'Nine?', amount: object.amount_due, currency: object.currency}}\n"  # noqa: E501


async def asked(stage: Stage, steps: str = ASK) -> str:
    await stage.automation.save(stage.principal, HEAD + steps, activate=True)
    await stage.happen()
    (run_id,) = await stage.relay()
    assert await stage.segment(run_id) == PARKED
    return run_id


async def test_nothing_is_sent_before_a_person_says_yes(stage: Stage) -> None:
    run_id = await asked(stage)
    (approval,) = (await stage.automation.approvals.list(stage.principal, state=ApprovalState.PENDING)).items
    assert (approval.amount, approval.currency, approval.role, approval.question) == (4900, "eur", "ADMIN", "Nine?")
    assert approval.request["params"]["percent_off"] == 9
    editor = stage.principal.__class__(stage.principal.organisation_id, "USER", "u", "Ed", "EDITOR")
    with pytest.raises(Denied):
        await stage.automation.approvals.decide(editor, approval.id, approve=True)
    with pytest.raises(Conflict, match="has changed"):
        await stage.automation.approvals.decide(stage.principal, approval.id, approve=True, payload_hash="0" * 64)
    await stage.automation.approvals.decide(
        stage.principal, approval.id, approve=True, payload_hash=approval.payload_hash
    )
    with pytest.raises(Conflict, match="already"):
        await stage.automation.approvals.decide(stage.principal, approval.id, approve=False)
    assert await stage.automation.hand_over(stage.queue) == 1
    assert await stage.segment(run_id) == RunState.DONE
    assert percents(stage) == [9]


async def test_a_no_cancels_the_run_and_silence_fails_it(stage: Stage) -> None:
    run_id = await asked(stage)
    (approval,) = (await stage.automation.approvals.list(stage.principal)).items
    await stage.automation.approvals.decide(stage.principal, approval.id, approve=False, note="too much")
    await stage.automation.hand_over(stage.queue)
    assert await stage.segment(run_id) == RunState.CANCELLED
    assert "too much" in str((await stage.automation.timeline(stage.principal, run_id)).run.reason)

    run_id = await asked(stage)
    stage.clock.move(2 * 86_400)
    (late,) = (await stage.automation.approvals.list(stage.principal, state=ApprovalState.PENDING)).items
    with pytest.raises(Conflict, match="EXPIRED"):
        await stage.automation.approvals.decide(stage.principal, late.id, approve=True)
    await stage.automation.hand_over(stage.queue)
    assert await stage.segment(run_id) == RunState.FAILED
    assert percents(stage) == []


async def test_a_yes_is_no_yes_to_a_changed_request(stage: Stage) -> None:
    run_id = await asked(stage)
    (first,) = (await stage.automation.approvals.list(stage.principal)).items
    await stage.automation.approvals.decide(stage.principal, first.id, approve=True)
    await stage.automation.hand_over(stage.queue)
    newest = list(stage.queue.payloads)[-1]
    payload: Any = stage.queue.payloads[newest]
    payload["definition"]["steps"][0]["with"]["percent_off"] = 90
    assert await stage.segment(run_id) == PARKED
    kept = {a.state: a for a in (await stage.automation.approvals.list(stage.principal)).items}
    assert set(kept) == {ApprovalState.SUPERSEDED, ApprovalState.PENDING}
    assert kept[ApprovalState.PENDING].request["params"]["percent_off"] == 90
    assert percents(stage) == []


async def test_who_is_to_be_told_gets_one_mail_with_the_link_and_the_sum(stage: Stage) -> None:
    run_id = await asked(stage, ASK.replace("role: ADMIN", "role: ADMIN, notify: [boss@example.com]"))
    (approval,) = (await stage.automation.approvals.list(stage.principal)).items
    stage.clock.move(3600)
    await stage.automation.hand_over(stage.queue)
    assert await stage.segment(run_id) == PARKED
    while await stage.house.notifications.deliver_due():
        pass
    (letter,) = stage.mailbox.letters
    assert letter.to == "boss@example.com"
    assert f"{stage.house.settings.web.public_url}/approvals/{approval.id}" in letter.text
    assert "49.00 EUR" in letter.text


async def test_who_may_approve_is_told_unless_others_are_named(stage: Stage) -> None:
    house, address = stage.house, stage.principal.organisation_id
    for role, told in (("", "ada@example.com"), (", notify: [boss@example.com]", "boss@example.com")):
        stage.clock.move(60)
        await asked(stage, ASK.replace("role: ADMIN", f"role: ADMIN{role}"))
        await events.hand_on(house.database, address, CONSUMER, house.notices.notices.react)
        while await house.notifications.deliver_due():
            pass
        letters = [letter for letter in stage.mailbox.letters if "approve" in letter.subject]
        assert [letter.to for letter in letters] == [told]
        (newest, *_) = (await stage.automation.approvals.list(stage.principal)).items
        assert f"{house.settings.web.public_url}/approvals/{newest.id}" in letters[0].text
        stage.mailbox.letters.clear()


async def test_an_approval_as_a_step_of_its_own(stage: Stage) -> None:
    run_id = await asked(
        stage, f"  - {{id: ok, approval: {{ask: 'Go on with ${{object.id}}?'}}}}\n  - {{id: a, {COUPON % 5}}}\n"
    )
    (approval,) = (await stage.automation.approvals.list(stage.principal)).items
    assert approval.question == f"Go on with {stage.invoice['id']}?"
    await stage.automation.approvals.decide(stage.principal, approval.id, approve=True)
    await stage.automation.hand_over(stage.queue)
    assert await stage.segment(run_id) == RunState.DONE
    assert percents(stage) == [5]


CALLED = (
    "name: called\ntriggers: [{manual: {inputs: {percent: {type: integer, required: true, low: 1, high: 50}}}}]\n"
    "steps: [{id: c, action: create_coupon, with: {percent_off: '${inputs.percent}'}}]\n"
)


async def test_a_call_runs_another_workflow_and_waits_for_it(stage: Stage) -> None:
    await stage.automation.save(stage.principal, CALLED, activate=True)
    calling = f"  - {{id: go, call: called, with: {{percent: 8}}}}\n  - {{id: a, {COUPON % 5}, when: \"steps.go.state == 'DONE'\"}}\n"  # noqa: E501
    await stage.automation.save(stage.principal, HEAD + calling, activate=True)
    await stage.happen()
    (run_id,) = await stage.relay()
    assert await stage.segment(run_id) == PARKED
    (child,) = await stage.relay()
    assert await stage.execute(child) == RunState.DONE
    await stage.automation.hand_over(stage.queue)
    assert await stage.segment(run_id) == RunState.DONE
    assert percents(stage) == [5, 8]


async def test_a_call_with_wrong_inputs_fails_with_the_reason(stage: Stage) -> None:
    await stage.automation.save(stage.principal, CALLED, activate=True)
    shown = await run(stage, "  - {id: go, call: called, with: {percent: 80}}\n")
    assert shown.run.state is RunState.FAILED
    assert "80" in str(shown.run.reason)
    shown = await run(stage, "  - {id: go, call: nobody}\n")
    assert "no workflow nobody" in str(shown.run.reason)


async def test_a_workflow_that_calls_itself_is_stopped(stage: Stage) -> None:
    await stage.automation.save(
        stage.principal, "name: again\ntrigger: {manual: {}}\nsteps: [{id: go, call: again}]\n", activate=True
    )
    first = await stage.automation.steering.start(stage.principal, "again")
    await stage.relay()
    pending, seen = [first.id], 0
    while pending:
        seen += 1
        await stage.segment(pending.pop())
        pending += [queued.split(".")[0] for queued in await stage.relay()]
        assert seen < 30
    assert await stage.states() == [RunState.FAILED] * 9
