"""A person's word on a write whose outcome nobody could find out: it happened, or it did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains import audit, events
from tillwright.domains.automation import park_store, resuming, run_store
from tillwright.domains.automation.model import Run, RunState, RunStep, StepState
from tillwright.domains.billing import Effect, Effects
from tillwright.domains.billing.model import KEY_LIFE
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, Invalid


class Doubts:
    """Only a write in doubt can be declared on; what is declared is audited, and the run goes on by it."""

    def __init__(self, *, clock: Clock, database: Database, effects: Effects) -> None:
        self._clock = clock
        self._database = database
        self._effects = effects

    async def declare(
        self,
        principal: Principal,
        run_id: str,
        step: str,
        *,
        done: bool,
        object_id: str | None = None,
        note: str | None = None,
    ) -> Run:
        """Settle what a step left in doubt, after a look at Stripe, and let the run go on.

        Declared done, the step is over and is never sent. Declared not done, it is meant anew: under a new key.

        Args:
            step: as the timeline names it.
            object_id: what the write made, so that later steps can read it; only with `done`.

        Raises:
            Absent: there is no such run or step, or Stripe has no such object.
            Conflict: nothing of the step is in doubt, a worker is looking at it just now, or it would be meant anew
                while the key it was sent under is good: retrying is safe, a mistaken word would not be.
            Invalid: an object of something that did not happen, or of several writes.
            Upstream: Stripe could not be asked for the object.
        """
        principal.require("workflow:approve")
        organisation_id, now = principal.organisation_id, self._clock.now()
        taken = await self._taken(organisation_id, run_id, step)
        doubtful = await self._doubtful(organisation_id, taken)
        if not done and (known := [effect for effect in doubtful if effect.key_is_fresh(now)]):
            # Meant anew it goes out under another key: a mistaken word would be a second effect.
            until = max(effect.first_sent or now for effect in known) + KEY_LIFE
            raise Conflict(
                "key_still_good",
                f"Stripe knows the key until {until:%Y-%m-%d %H:%M} UTC: sent again under it, it can't happen twice.",
                field="done", remedy="Retry the run, which sends it so; or say `not done` after that time.",
            )  # fmt: skip
        answer: Mapping[str, Any] = {"declared": True}
        if object_id:
            if not done or len(doubtful) > 1:
                raise Invalid(
                    "object_not_of_one_write", "Only for one write that took place can an object be named.",
                    field="objectId",
                )  # fmt: skip
            answer = await self._effects.made(doubtful[0], object_id)
        said = f"{principal.name} declared it {'done' if done else 'not done'}" + (f": {note}" if note else ".")
        async with self._database.tenant(organisation_id) as tx:
            run = await _free(tx, organisation_id, run_id)
            for effect in doubtful:
                await self._effects.declare(tx, effect, done=done, answer=answer, sentence=said)
            await self._go_on(tx, run, taken, answer, said, done=done, many=taken.effect_id is None)
            data: dict[str, Any] = {
                "run": run_id, "workflow": run.workflow_name, "workflowId": run.workflow_id, "step": step,
                "done": done, "effects": [effect.id for effect in doubtful], "objectId": object_id, "note": note,
            }  # fmt: skip
            await audit.record(tx, organisation_id, principal.actor, "automation:step:declared", run_id, data, now)
            await events.record(tx, organisation_id, "workflow:STEP:declared", data, now)
            found = await run_store.by_id(tx, organisation_id, run_id)
            assert found is not None, "it is locked"
            return found

    async def _taken(self, organisation_id: str, run_id: str, step: str) -> RunStep:
        async with self._database.tenant(organisation_id) as tx:
            if await run_store.by_id(tx, organisation_id, run_id) is None:
                raise Absent("run_absent", f"There is no run {run_id}.", remedy="Open it from the list of runs.")
            rows = [row for row in await run_store.steps(tx, organisation_id, run_id) if row.step == step]
        if not rows:
            raise Absent("step_absent", f"The run has not taken a step {step}.", field="step")
        return max(rows, key=lambda row: row.attempt)

    async def _doubtful(self, organisation_id: str, taken: RunStep) -> Sequence[Effect]:
        one = await self._effects.recorded(organisation_id, taken.run_id, taken.step, taken.attempt)
        many = await self._effects.under(organisation_id, taken.run_id, taken.step)
        found = [effect for effect in (one, *many) if effect is not None and effect.state == "UNKNOWN"]
        if taken.state is not StepState.UNKNOWN or not found:
            raise Conflict(
                "step_not_in_doubt", f"Nothing that step {taken.step} sent is in doubt: it is {taken.state}.",
                field="step", remedy="Look at the run's timeline.",
            )  # fmt: skip
        return found

    async def _go_on(
        self,
        tx: Tx,
        run: Run,
        taken: RunStep,
        answer: Mapping[str, Any],
        said: str,
        *,
        done: bool,
        many: bool,
    ) -> None:
        attempts = dict(run.attempts or {})
        if not done:
            attempts[taken.step] = taken.attempt + 1
        if not done or not many:
            await run_store.settle_step(
                tx, run.organisation_id, run.id, taken.step, taken.attempt,
                state=StepState.DONE if done else StepState.REFUSED,
                answer=answer if done else None,
                error=None if done else {"code": "effect_not_done", "sentence": said},
                idempotency_key=None, effect_id=None, message_id=None, finished=self._clock.now(),
            )  # fmt: skip
        at = run.segment if run.state is RunState.WAITING else run.segment + 1
        entries = await park_store.journal(tx, run.organisation_id, run.id, at)
        entries = resuming.kept(entries, taken.step)
        await park_store.keep_journal(tx, run.organisation_id, run.id, run.segment + 1, entries)
        await run_store.reopen(tx, run.organisation_id, run.id, attempts)


async def _free(tx: Tx, organisation_id: str, run_id: str) -> Run:
    """The run, locked, if it is in nobody's hands."""
    run = await run_store.by_id(tx, organisation_id, run_id, lock=True)
    if run is None:
        raise Absent("run_absent", f"There is no run {run_id}.")
    waits = run.state is RunState.WAITING and not await run_store.in_hand(tx, organisation_id, run_id)
    if not waits and run.state is not RunState.UNKNOWN:
        raise Conflict(
            "run_in_hand", f"The run is {run.state}: a worker may be looking for the outcome at this moment.",
            remedy="Try again in a minute.",
        )  # fmt: skip
    return run
