"""Effects against a sandbox whose ledger tells how many writes took place."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import make_organisation
from tests.domains.connected import Rooms
from tillwright.domains.billing import EffectResult
from tillwright.domains.billing.model import MOST_SENDS
from tillwright.domains.billing.service import QUIET
from tillwright.kit.errors import Absent, Conflict, Invalid
from tillwright.kit.seal import Secret

COUPON = {"percent_off": 20, "duration": "once"}
DAY = timedelta(hours=24).total_seconds()


@pytest.fixture
async def connected(rooms: Rooms) -> Rooms:
    await rooms.connect(secret=rooms.sandbox.secret_key)
    rooms.sandbox.world.ledger.lines.clear()
    return rooms


async def perform(rooms: Rooms, **changed: Any) -> EffectResult:
    wanted: dict[str, Any] = {
        "run_id": "run_1",
        "step": "coupon",
        "method": "POST",
        "path": "/v1/coupons",
        "params": COUPON,
        "livemode": False,
    }
    return await rooms.effects.perform(rooms.principal.organisation_id, **{**wanted, **changed})


async def test_an_effect_takes_place_once_and_is_answered_from_the_record(connected: Rooms) -> None:
    first = await perform(connected)
    assert first.state == "DONE"
    assert first.answer is not None
    assert first.answer["metadata"] == {"tillwright_operation": first.effect_id}
    requests = len(connected.sandbox.world.ledger.requests)
    again = await perform(connected)
    assert again == first
    assert len(connected.sandbox.world.ledger.requests) == requests, "a settled effect is not sent again"
    assert connected.writes == 1
    effect = await connected.effects.get(connected.principal.organisation_id, first.effect_id)
    assert (effect.sends, effect.state, effect.account_id) == (1, "DONE", connected.sandbox.account)
    assert effect.settled is not None
    assert connected.sandbox.world.ledger.writes[0].idempotency_key == first.idempotency_key


async def test_it_is_recorded_before_it_is_sent(connected: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict] = []

    async def send(*args: Any, **options: Any) -> None:
        seen.extend(await connected.rows("select state, sends, idempotency_key from effects"))
        raise asyncio.CancelledError

    monkeypatch.setattr(connected.writer, "send", send)
    with pytest.raises(asyncio.CancelledError):
        await perform(connected)
    assert [(row["state"], row["sends"]) for row in seen] == [("PENDING", 1)]


async def test_many_at_once_make_one(connected: Rooms) -> None:
    results = await asyncio.gather(*(perform(connected) for _ in range(8)))
    assert connected.writes == 1
    assert {result.state for result in results} <= {"DONE", "PENDING", "UNKNOWN"}
    assert (await perform(connected)).state == "DONE"
    assert connected.writes == 1


async def test_a_decline_is_final_until_it_is_meant_anew(connected: Rooms) -> None:
    connected.sandbox.world.faults.add(kind="stored", path="/v1/coupons", status=402, times=1)
    first = await perform(connected)
    assert first.state == "REFUSED"
    assert first.error is not None
    assert first.error["stripe"]["decline_code"] == "generic_decline"
    assert await perform(connected) == first
    assert connected.writes == 0
    second = await perform(connected, attempt=2)
    assert second.state == "DONE"
    assert second.idempotency_key != first.idempotency_key


async def test_a_wrong_request_is_refused_with_stripes_words(connected: Rooms) -> None:
    result = await perform(connected, params={"percent_off": 20, "duration": "sometimes"})
    assert result.state == "REFUSED"
    assert result.error is not None
    assert result.error["stripe"]["param"] == "duration"


async def test_a_rate_limit_leaves_it_pending(connected: Rooms) -> None:
    connected.sandbox.world.faults.add(kind="status", path="/v1/coupons", status=429, times=3)
    assert (await perform(connected)).state == "PENDING"
    assert (await perform(connected)).state == "DONE"
    assert connected.writes == 1


@pytest.mark.parametrize("kind", ["reset", "cut", "html"])
async def test_an_answer_that_never_came_is_unknown_and_then_the_same_effect(connected: Rooms, kind: str) -> None:
    connected.sandbox.world.faults.add(kind=kind, path="/v1/coupons", effect="done", status=502, times=3)
    lost = await perform(connected)
    # A 502 that Stripe marks as replayed is settled by looking; the others are not known yet.
    assert lost.state == ("DONE" if kind == "html" else "UNKNOWN")
    found = await perform(connected)
    assert found.state == "DONE"
    assert found.idempotency_key == lost.idempotency_key
    assert connected.writes == 1


async def test_a_key_stripe_has_forgotten_is_not_sent_before_looking(connected: Rooms) -> None:
    connected.sandbox.world.faults.add(kind="reset", path="/v1/coupons", effect="done", times=3)
    assert (await perform(connected)).state == "UNKNOWN"
    connected.clock.move(DAY)
    connected.sandbox.world.idempotency.expire()
    requests = len(connected.sandbox.world.ledger.requests)
    found = await perform(connected)
    assert found.state == "DONE"
    assert found.answer is not None
    assert found.answer["metadata"]["tillwright_operation"] == found.effect_id
    assert len(connected.sandbox.world.ledger.requests) == requests, "found by list, not sent"
    assert connected.writes == 1


async def test_a_forgotten_key_is_sent_again_when_nothing_took_place(connected: Rooms) -> None:
    connected.sandbox.world.faults.add(kind="reset", path="/v1/coupons", method="POST", effect="none", times=3)
    lost = await perform(connected)
    assert lost.state == "UNKNOWN"
    for number in range(3):
        await perform(connected, run_id=f"other_{number}")  # others' coupons do not count as ours
    connected.clock.move(DAY)
    connected.sandbox.world.idempotency.expire()
    done = await perform(connected)
    assert (done.state, done.idempotency_key) == ("DONE", lost.idempotency_key)
    assert connected.writes == 4


async def test_what_leaves_no_mark_stays_unknown_and_is_not_sent_again(connected: Rooms) -> None:
    made = await perform(connected, path="/v1/payment_intents", params={"amount": 500, "currency": "usd"})
    assert made.answer is not None
    cancel = {"step": "cancel", "path": f"/v1/payment_intents/{made.answer['id']}/cancel", "params": {}}
    connected.sandbox.world.faults.add(kind="reset", path="*/cancel", effect="none", times=3)
    assert (await perform(connected, **cancel)).state == "UNKNOWN"
    connected.clock.move(DAY)
    requests = len(connected.sandbox.world.ledger.requests)
    result = await perform(connected, **cancel)
    assert result.state == "UNKNOWN"
    assert result.error is not None
    assert "no mark" in result.error["sentence"]
    assert len(connected.sandbox.world.ledger.requests) == requests


async def test_an_expired_key_stays_unknown_while_stripe_is_away(connected: Rooms) -> None:
    connected.sandbox.world.faults.add(kind="reset", effect="done", method="POST", times=3)
    assert (await perform(connected)).state == "UNKNOWN"
    connected.clock.move(DAY)
    connected.sandbox.world.faults.add(kind="reset", method="GET", times=3)
    assert (await perform(connected)).state == "UNKNOWN"
    assert (await perform(connected)).state == "DONE"
    assert connected.writes == 1


async def test_a_stored_500_is_settled_by_looking(connected: Rooms) -> None:
    connected.sandbox.world.faults.add(kind="stored", path="/v1/coupons", method="POST", effect="done", times=1)
    result = await perform(connected)
    assert result.state == "DONE"
    assert result.answer is not None
    assert result.answer["percent_off"] == 20
    assert connected.writes == 1


async def test_a_stored_500_without_effect_is_settled_when_it_has_been_quiet(connected: Rooms) -> None:
    organisation = connected.principal.organisation_id
    connected.sandbox.world.faults.add(kind="stored", path="/v1/coupons", method="POST", effect="none", times=1)
    assert (await perform(connected)).state == "UNKNOWN"
    assert (await perform(connected)).state == "UNKNOWN", "the key answers 500 for ever"
    assert await connected.effects.organisations_with_unknown() == [organisation]
    assert await connected.effects.settle_unknown(organisation) == 0, "too early to say"
    connected.clock.move(QUIET.total_seconds() + 1)
    assert await connected.effects.settle_unknown(organisation) == 1
    settled = await perform(connected)
    assert settled.state == "REFUSED"
    assert settled.error is not None
    assert settled.error["code"] == "effect_not_done"
    assert (await perform(connected, attempt=2)).state == "DONE"
    assert connected.writes == 1
    assert await connected.effects.organisations_with_unknown() == []


async def test_a_lost_answer_is_settled_in_the_background(connected: Rooms) -> None:
    connected.sandbox.world.faults.add(kind="reset", path="/v1/coupons", method="POST", effect="done", times=3)
    assert (await perform(connected)).state == "UNKNOWN"
    connected.clock.move(QUIET.total_seconds() + 1)
    assert await connected.effects.settle_unknown(connected.principal.organisation_id) == 1
    assert (await perform(connected)).state == "DONE"
    assert connected.writes == 1


async def test_a_key_revoked_after_a_lost_answer_does_not_make_it_refused(connected: Rooms) -> None:
    connected.sandbox.world.faults.add(kind="reset", path="/v1/coupons", effect="done", times=3)
    assert (await perform(connected)).state == "UNKNOWN"
    key = connected.sandbox.world.keys.named(connected.sandbox.secret_key)
    key.status = "revoked"
    assert (await perform(connected)).state == "UNKNOWN"
    key.status = "active"
    assert (await perform(connected)).state == "DONE"
    assert connected.writes == 1


async def test_a_deletion_whose_answer_was_lost_is_done(connected: Rooms) -> None:
    made = await perform(connected)
    assert made.answer is not None
    delete = {"step": "delete", "method": "DELETE", "path": f"/v1/coupons/{made.answer['id']}", "params": {}}
    connected.sandbox.world.faults.add(kind="reset", method="DELETE", effect="done", times=1)
    result = await perform(connected, **delete)
    assert result.state == "DONE"
    assert result.answer is not None
    assert result.answer["deleted"] is True
    never = {**delete, "step": "delete nothing", "path": "/v1/coupons/none"}
    assert (await perform(connected, **never)).state == "REFUSED"


async def test_a_change_keeps_the_maker_s_mark_and_is_found_by_its_own(connected: Rooms) -> None:
    made = await perform(connected)
    assert made.answer is not None
    change = {"step": "rename", "path": f"/v1/coupons/{made.answer['id']}", "params": {"name": "Welcome back"}}
    connected.sandbox.world.faults.add(kind="reset", path="/v1/coupons/*", method="POST", effect="done", times=3)
    assert (await perform(connected, **change)).state == "UNKNOWN"
    connected.clock.move(DAY)
    connected.sandbox.world.idempotency.expire()
    found = await perform(connected, **change)
    assert found.state == "DONE"
    assert found.answer is not None
    assert found.answer["metadata"] == {
        "tillwright_operation": made.effect_id,
        "tillwright_change": found.effect_id,
    }
    assert connected.writes == 2


@pytest.mark.parametrize("took_place", [True, False])
async def test_what_never_ends_clearly_is_sent_eight_times_and_then_looked_for(
    connected: Rooms, took_place: bool
) -> None:
    faults, effect = connected.sandbox.world.faults, "done" if took_place else "none"
    faults.add(kind="reset", path="/v1/coupons", method="POST", effect=effect)
    result = await perform(connected)
    for _ in range(MOST_SENDS - 1):
        assert (await perform(connected)).state == "UNKNOWN"
    requests = len(connected.sandbox.world.ledger.requests)
    for _ in range(20):
        result = await perform(connected)
        assert result.state == "UNKNOWN"
        assert result.error is not None
        assert f"{MOST_SENDS} times" in result.error["sentence"]
    kept = await connected.effects.get(connected.principal.organisation_id, result.effect_id)
    assert kept.sends == MOST_SENDS
    assert len(connected.sandbox.world.ledger.requests) == requests
    faults.clear()
    assert (await perform(connected)).state == "UNKNOWN", "its key is still young"
    connected.clock.move(DAY)
    connected.sandbox.world.idempotency.expire()
    assert (await perform(connected)).state == "DONE"
    assert connected.writes == 1
    kept = await connected.effects.get(connected.principal.organisation_id, result.effect_id)
    assert kept.sends == MOST_SENDS + (not took_place)


async def test_a_write_that_stripe_asks_to_wait_for_is_sent_for_as_long_as_it_asks(connected: Rooms) -> None:
    connected.sandbox.world.faults.add(kind="status", path="/v1/coupons", status=429)
    for _ in range(MOST_SENDS + 2):
        assert (await perform(connected)).state == "PENDING"
    connected.sandbox.world.faults.clear()
    assert (await perform(connected)).state == "DONE"


async def test_another_request_under_the_same_name_is_refused(connected: Rooms) -> None:
    await perform(connected)
    with pytest.raises(Conflict) as caught:
        await perform(connected, params={**COUPON, "percent_off": 30})
    assert caught.value.code == "effect_changed"
    assert connected.writes == 1


async def test_the_other_mode_and_another_account_are_refused(connected: Rooms) -> None:
    with pytest.raises(Conflict) as caught:
        await perform(connected, livemode=True)
    assert caught.value.code == "mode_mismatch"
    assert await connected.rows("select 1 from effects") == []
    await perform(connected)
    async with connected.database.tenant(connected.principal.organisation_id) as tx:
        await tx.execute("update effects set account_id = 'acct_before', state = 'UNKNOWN'")
    with pytest.raises(Conflict) as caught:
        await perform(connected)
    assert caught.value.code == "effect_of_other_account"


@pytest.mark.parametrize(
    "wrong",
    [
        {"params": {"metadata": {"tillwright_operation": "x"}}},
        {"params": {"api_key": "sk_test_other"}},
        {"params": {"name": "a\x00b"}},
        {"path": "/v1/../v1/coupons"},
        {"path": "/v1/coupons?x=1"},
        {"method": "PUT"},
        {"attempt": 0},
        {"step": ""},
    ],
)
async def test_bad_input_records_and_sends_nothing(connected: Rooms, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        await perform(connected, **wrong)
    assert await connected.rows("select 1 from effects") == []
    assert connected.sandbox.world.ledger.requests == []


async def test_without_an_integration_nothing_is_recorded(rooms: Rooms) -> None:
    with pytest.raises(Absent):
        await perform(rooms)
    assert await rooms.rows("select 1 from effects") == []


ENDPOINT = {
    "step": "endpoint",
    "path": "/v1/webhook_endpoints",
    "params": {"url": "https://example.com/hook", "enabled_events": ["*"]},
}


async def test_a_secret_shown_once_commits_with_the_effect_or_not_at_all(connected: Rooms) -> None:
    kept: list[str] = []

    async def crash(tx: Any, answer: dict[str, Any]) -> None:
        await tx.execute("update organisations set name = 'changed'")
        raise RuntimeError("the process died here")

    async def keep(tx: Any, answer: dict[str, Any]) -> None:
        kept.append(answer["secret"])

    with pytest.raises(RuntimeError):
        await perform(connected, **ENDPOINT, on_done=crash)
    assert await connected.rows("select state from effects") == [{"state": "PENDING"}]
    assert (await connected.rows("select name from organisations"))[0]["name"] != "changed"
    result = await perform(connected, **ENDPOINT, on_done=keep)
    assert result.state == "DONE"
    assert result.answer is not None
    assert result.answer["secret"] == "(cut out)"
    assert len(kept) == 1
    assert kept[0].startswith("whsec_")
    assert connected.writes == 1, "one endpoint at Stripe, no orphan"
    assert kept[0] not in str(await connected.rows("select * from effects"))
    assert await perform(connected, **ENDPOINT, on_done=keep) == result
    assert len(kept) == 1, "what is settled is not kept twice"


async def test_organisations_do_not_see_each_other_s_effects(connected: Rooms) -> None:
    made = await perform(connected)
    other = await make_organisation(connected.database, "Other")
    assert await connected.effects.of_run(other, "run_1") == []
    with pytest.raises(Absent):
        await connected.effects.get(other, made.effect_id)
    elsewhere = replace(connected.principal, organisation_id=other)
    await connected.integrations.connect(
        elsewhere, publishable_key="pk_test_sandbox_acme", secret_key=Secret("sk_test_sandbox_acme")
    )
    same_name = await connected.effects.perform(
        other,
        run_id="run_1",
        step="coupon",
        method="POST",
        path="/v1/coupons",
        params=COUPON,
        livemode=False,
    )
    assert same_name.idempotency_key != made.idempotency_key
