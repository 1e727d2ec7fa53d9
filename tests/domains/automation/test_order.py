"""Who comes when: a customer's runs one after the other, others beside them, and no organisation before another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest

from tests.domains.automation.stage import Handed, Stage, unpaid_invoice
from tests.domains.automation.test_safety import CREDIT, HEAD
from tillwright.domains import events
from tillwright.domains.automation import RunState
from tillwright.domains.automation.interpreter import PARKED
from tillwright.kit.errors import Upstream

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
    assert len(stage.queue.payloads) == 21, "the loud one has 20 in the workers' hands, and no more"


async def test_who_has_runs_in_hand_already_comes_after_who_has_none(stage: Stage) -> None:
    quiet = await stage.house.tenancy.create_organisation("Quiet", "q@example.com", "a long enough password")
    await stage.automation.save(stage.principal, BY_HAND, activate=True)
    await stage.automation.save(quiet, BY_HAND, activate=True)
    for _ in range(10):
        await stage.automation.steering.start(stage.principal, "by_hand")
    assert await stage.automation.hand_over(stage.queue, limit=5) == 5
    late = [await stage.automation.steering.start(quiet, "by_hand") for _ in range(3)]
    assert await stage.automation.hand_over(stage.queue, limit=3) == 3
    assert all(run.id in stage.queue.payloads for run in late), "five of the loud one's are under way, and others wait"


async def test_of_two_workers_each_takes_other_runs_and_neither_holds_up_the_spine_while_it_does(stage: Stage) -> None:
    await stage.automation.save(stage.principal, BY_HAND, activate=True)
    runs = {(await stage.automation.steering.start(stage.principal, "by_hand")).id for _ in range(4)}
    other, writers, looked = Handed(), list[Any](), list[bool]()

    class Slow(Handed):
        """While one worker hands over its first run, the other does all it can."""

        async def enqueue(self, run_id: str, payload: Mapping[str, Any]) -> None:
            if not looked:
                looked.append(True)
                assert await stage.automation.hand_over(other, limit=4) == 2
                with psycopg.connect(stage.house.database.owner_url.reveal()) as connection:
                    writers.extend(
                        connection.execute(
                            "select query from pg_stat_activity where datname = current_database() "
                            "and backend_type = 'client backend' and backend_xid is not null"
                        )
                    )
            await super().enqueue(run_id, payload)

    mine = Slow()
    assert await stage.automation.hand_over(mine, limit=2) == 2
    assert mine.payloads.keys() | other.payloads.keys() == runs
    assert not mine.payloads.keys() & other.payloads.keys()
    assert not writers, "a transaction that had written would keep every reader of the spine waiting"
    assert await stage.automation.hand_over(other) == 0


async def test_events_taken_together_start_what_they_start_one_by_one(stage: Stage) -> None:
    await mirrored(stage)
    steps = "  - {id: s, stop: Enough.}\n"
    few = HEAD.replace("trial", "few") + steps
    for text in ("concurrency: by customer\n" + HEAD + steps, "limits: {runs_per_day: 5}\n" + few):
        await stage.automation.save(stage.principal, text, activate=True)
    sent = [await stage.happen() for _ in range(8)]
    await stage.happen(event_id=sent[3])
    organisation_id = stage.principal.organisation_id
    while await events.hand_on_together(
        stage.house.database, organisation_id, "automation", stage.automation.match_events
    ):
        pass
    async with stage.house.database.tenant(organisation_id) as tx:
        rows = await (
            await tx.execute(
                "select workflow_name, state, trigger->>'stripe_event_id' as event, lane is not null as waits "
                "from workflow_runs order by place"
            )
        ).fetchall()
    by_name = {name: [row for row in rows if row["workflow_name"] == name] for name in ("trial", "few")}
    assert [row["event"] for row in by_name["trial"] if row["waits"]] == sent, "a lane goes in the order they came"
    assert Counter(row["state"] for row in by_name["few"]) == {"QUEUED": 5, "FAILED": 3}


async def test_what_could_not_be_handed_over_is_handed_over_again_with_what_was_beside_it(stage: Stage) -> None:
    await stage.automation.save(stage.principal, BY_HAND, activate=True)
    runs = [(await stage.automation.steering.start(stage.principal, "by_hand")).id for _ in range(4)]

    class Refuses(Handed):
        async def enqueue(self, run_id: str, payload: Mapping[str, Any]) -> None:
            if run_id == runs[1]:
                raise Upstream("durable_away", "Not now.")
            await super().enqueue(run_id, payload)

    first, second = Refuses(), Handed()
    with pytest.raises(Upstream):
        await stage.automation.hand_over(first)
    assert first.payloads.keys() == set(runs) - {runs[1]}, "one that is refused stops none that was asked for beside it"
    assert await stage.automation.hand_over(second) == 4, "none is noted before all of them are in safe hands"
    assert second.payloads.keys() == set(runs)
