"""Workflows called from outside: signatures, replays, sizes, fields, secrets; and events kept while one is paused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.domains.automation.stage import Stage
from tillwright.domains.automation import RunState, definition
from tillwright.domains.automation.hooks import LARGEST_BODY
from tillwright.kit.clock import to_unix
from tillwright.kit.errors import Absent, Conflict, Denied, Invalid

HOOKED = (
    "name: hooked\ntrigger: {webhook: {fields: {n: {type: integer, required: true, high: 5}, who: {}}}}\n"
    "steps: [{id: s, stop: '${event.data.n} of ${object.who} by ${event.id}'}]\n"
)


class Sender:
    """Signs as the Standard Webhooks scheme says, written down here once more."""

    def __init__(self, stage: Stage, secret: str, workflow_id: str) -> None:
        self.stage, self.secret, self.workflow_id = stage, secret, workflow_id

    def headers(self, id: str, body: bytes, *, late: int = 0, secret: str | None = None) -> dict[str, list[bytes]]:
        stamp = str(to_unix(self.stage.clock.now()) - late)
        key = base64.b64decode((secret or self.secret).removeprefix("whsec_"))
        mark = base64.b64encode(hmac.new(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
        return {
            "webhook-id": [id.encode()],
            "webhook-timestamp": [stamp.encode()],
            "webhook-signature": [f"v1,{mark}".encode()],
        }

    async def send(
        self, id: str, data: Any, headers: Mapping[str, Sequence[bytes]] | None = None, **changes: Any
    ) -> Any:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        at = (self.stage.principal.organisation_id, self.workflow_id)
        return await self.stage.automation.hooks.deliver(*at, headers or self.headers(id, body, **changes), body)


async def opened(stage: Stage, source: str = HOOKED, *, activate: bool = True) -> Sender:
    saved = await stage.automation.save(stage.principal, source, activate=activate)
    _, secret = await stage.automation.hooks.open(stage.principal, saved.id)
    return Sender(stage, secret.reveal(), saved.id)


async def test_a_delivery_starts_one_run_however_often_it_comes(stage: Stage) -> None:
    sender = await opened(stage)
    first = await sender.send("msg_1", {"n": 3, "who": "Ada", "more": {"x": 1}})
    again = await sender.send("msg_1", {"n": 3, "who": "Ada"})
    assert (first.duplicate, again.duplicate, again.run_id) == (False, True, first.run_id)
    assert (await sender.send("msg_2", {"n": 1})).run_id != first.run_id
    (run_id, _) = await stage.relay()
    assert await stage.segment(run_id) == RunState.DONE
    assert (await stage.automation.timeline(stage.principal, run_id)).run.reason == "3 of Ada by msg_1"
    assert (await stage.automation.hooks.get(stage.principal, "hooked")).last_delivery == stage.clock.now()


@pytest.mark.parametrize("late", [301, -301])
async def test_what_is_old_or_changed_or_signed_by_others_starts_nothing(stage: Stage, late: int) -> None:
    sender = await opened(stage)
    body = b'{"n": 1}'
    good = sender.headers("msg_1", body)
    forged = [
        sender.headers("msg_1", body, late=late),
        sender.headers("msg_1", body, secret="whsec_" + base64.b64encode(b"x" * 32).decode()),
        sender.headers("msg_1", body + b" "),
        good | {"webhook-id": [b"msg_2"]},
        good | {"webhook-id": []},
        good | {"webhook-signature": good["webhook-signature"] * 2},
        good | {"webhook-signature": [good["webhook-signature"][0].replace(b"v1,", b"v2,")]},
        good | {"webhook-signature": [b"v1," + b"!" * 44]},
        good | {"webhook-timestamp": [b"-1"]},
        good | {"webhook-id": [b"a b"]},
    ]
    for headers in forged:
        with pytest.raises(Denied):
            await sender.send("", body, headers)
    assert await stage.states() == []
    assert not (await sender.send("", body, sender.headers("msg_1", body, late=299))).duplicate


async def test_what_is_no_payload_of_the_trigger_is_refused_with_every_complaint(stage: Stage) -> None:
    sender = await opened(stage)
    with pytest.raises(Invalid) as wrong:
        await sender.send("a", {"n": 9, "who": 7})
    assert [problem.field for problem in wrong.value.problems] == ["n", "who"]
    for body in (b"[]", b"{", b"", b'{"n": 1, "who": "\\u0000"}', b"\xff", b'{"n": NaN}'):
        with pytest.raises(Invalid):
            await sender.send("a", body)
    with pytest.raises(Invalid, match="256 KB"):
        await sender.send("a", b" " * (LARGEST_BODY + 1))
    assert await stage.states() == []


async def test_a_new_secret_leaves_the_one_before_a_day_and_a_closed_address_is_nobodys(stage: Stage) -> None:
    sender = await opened(stage)
    _, fresh = await stage.automation.hooks.open(stage.principal, "hooked")
    await sender.send("by_old", {"n": 1})
    await sender.send("by_new", {"n": 1}, secret=fresh.reveal())
    stage.clock.move(24 * 3600)
    with pytest.raises(Denied):
        await sender.send("late", {"n": 1})
    await sender.send("later", {"n": 1}, secret=fresh.reveal())
    await stage.automation.hooks.close(stage.principal, "hooked")
    with pytest.raises(Absent):
        await sender.send("closed", {"n": 1}, secret=fresh.reveal())
    for verb in (stage.automation.hooks.close, stage.automation.hooks.get):
        with pytest.raises(Absent):
            await verb(stage.principal, "hooked")


async def test_a_text_without_the_trigger_hears_nothing_and_opens_nothing(stage: Stage) -> None:
    sender = await opened(stage)
    await stage.automation.save(stage.principal, "name: hooked\ntrigger: manual\nsteps: [{id: s, stop: x}]\n")
    with pytest.raises(Absent):
        await sender.send("msg", {"n": 1})
    with pytest.raises(Conflict):
        await stage.automation.hooks.open(stage.principal, "hooked")


async def test_a_condition_that_does_not_hold_costs_no_run(stage: Stage) -> None:
    sender = await opened(stage, HOOKED.replace("steps:", "when: event.data.n > 3\nsteps:"))
    assert (await sender.send("a", {"n": 1})).run_id is None
    assert (await sender.send("b", {"n": 4})).run_id is not None
    assert len(await stage.states()) == 1


def test_wrong_field_names_of_a_payload_are_found_on_saving() -> None:
    with pytest.raises(Invalid) as wrong:
        definition.parse(HOOKED.replace("event.data.n}", "event.data.nn}").replace("object.who", "object.wo"))
    assert [problem.code for problem in wrong.value.problems] == ["field_unknown", "field_unknown"]
    with pytest.raises(Invalid) as wrong:
        definition.parse("name: h\ntrigger: {webhook: {fields: {N: 1}, x: 1}}\nsteps: [{id: s, stop: x}]\n")
    assert len(wrong.value.problems) == 3
    assert (
        definition.parse("name: h\ntriggers: [webhook, manual]\nsteps: [{id: s, stop: x}]\n").starts
        == "webhook, manual"
    )


async def test_events_for_a_paused_workflow_are_kept_and_replayed_once_each_in_their_order(stage: Stage) -> None:
    source = "name: trial\ntrigger: {stripe_event: invoice.payment_failed}\nsteps: [{id: s, stop: x}]\n"
    kept = stage.automation.kept
    await stage.automation.save(stage.principal, source, activate=True)
    await stage.happen()
    assert len(await stage.relay()) == 1
    workflow = await stage.automation.pause(stage.principal, "trial")
    events = [await stage.happen() for _ in range(3)]
    await stage.happen(event_id="evt_1")  # comes once more: it had its run
    await stage.happen(event_id=events[0])
    assert await stage.relay() == []
    assert [one.trigger.stripe_event_id for one in (await kept.list(stage.principal, "trial")).items] == events
    assert await kept.counts(stage.principal) == {workflow.id: 3}
    with pytest.raises(Conflict, match="paused"):
        await kept.replay(stage.principal, "trial")
    await stage.automation.activate(stage.principal, workflow.id)
    assert await kept.replay(stage.principal, "trial", [events[1]]) == 1
    assert await kept.replay(stage.principal, "trial") == 2
    assert await kept.replay(stage.principal, "trial") == 0
    await stage.happen(event_id=events[2])
    runs = await stage.relay()
    assert len(runs) == 3
    for run_id in runs:
        assert await stage.segment(run_id) == RunState.DONE
    assert len(await stage.states()) == 4


async def test_kept_events_can_be_let_go_and_pages_follow_one_another(stage: Stage) -> None:
    sender = await opened(stage, activate=False)
    for number in range(3):
        delivered = await sender.send(f"msg_{number}", {"n": 1})
        assert (delivered.kept, delivered.duplicate) == (True, False)
    assert (await sender.send("msg_0", {"n": 1})).duplicate
    page = await stage.automation.kept.list(stage.principal, "hooked", limit=2)
    rest = await stage.automation.kept.list(stage.principal, "hooked", cursor=page.next_cursor, limit=2)
    assert (len(page.items), len(rest.items), rest.next_cursor) == (2, 1, None)
    with pytest.raises(Invalid):
        await stage.automation.kept.list(stage.principal, "hooked", cursor="WyJ4Il0")
    assert await stage.automation.kept.discard(stage.principal, "hooked", ["msg_1"]) == 1
    await stage.automation.activate(stage.principal, sender.workflow_id)
    assert await stage.automation.kept.replay(stage.principal, "hooked") == 2
    assert (await sender.send("msg_2", {"n": 1})).duplicate
    assert len(await stage.relay()) == 2

    await stage.automation.pause(stage.principal, sender.workflow_id)
    await sender.send("msg_9", {"n": 1})
    async with stage.house.database.tenant(stage.principal.organisation_id) as tx:
        await stage.automation.stand_down(tx, stage.principal.organisation_id, "the deletion of the integration")
    assert await stage.automation.kept.counts(stage.principal) == {}, "nothing of what came is left"
