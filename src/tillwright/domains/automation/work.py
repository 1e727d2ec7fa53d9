"""What a run does to the world, each piece safe to be done again after a crash in its middle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from tillwright.domains import events
from tillwright.domains.automation import conditions, run_store, values
from tillwright.domains.automation.carrying import carrier_of
from tillwright.domains.automation.catalogue import catalogue
from tillwright.domains.automation.definition import Step
from tillwright.domains.automation.errand import Carried, Errand, Parts
from tillwright.domains.automation.fetching import Fetcher, path_of
from tillwright.domains.automation.model import RunState, RunStep, StepState
from tillwright.domains.automation.outcome import Outcome, again, outcome, said
from tillwright.domains.automation.plan import Plan
from tillwright.domains.automation.requests import Request
from tillwright.kit.errors import Absent, Invalid, TillwrightError, Upstream

FETCH = "_fetch"
"""The timeline's name for the fetching of the event's object; no step of a definition can be called so."""
ATTEMPT = 1
"""The attempt of intent: the same through every crash and retry of ours, so that the idempotency key is too."""

T = TypeVar("T")


class Work:
    """Every method leaves the timeline true and returns JSON; only a lost database makes it wait instead."""

    def __init__(self, *, fetcher: Fetcher, parts: Parts) -> None:
        self._clock = parts.clock
        self._database = parts.database
        self._fetcher = fetcher
        self._parts = parts

    async def begin(self, plan: Plan) -> Outcome:
        """Mark the run as running and fetch the event's object; the answer is the object.

        DONE with an answer; SKIPPED if the object is gone; REFUSED; WAITING if Stripe could not be asked.
        """
        return await self._patiently(lambda: self._begin(plan))

    async def _begin(self, plan: Plan) -> Outcome:
        async with self._database.tenant(plan.organisation_id) as tx:
            await run_store.start(tx, plan.organisation_id, plan.run_id, self._clock.now())
        await self._note(plan, FETCH, 0, "fetch", _get(plan))
        try:
            fetched = await self._fetcher.fetch(plan.organisation_id, plan.trigger)
            result = outcome(StepState.DONE, fetched.body)
        except Absent as error:
            gone = error.code not in ("integration_absent", "credential_absent")
            result = outcome(StepState.SKIPPED if gone else StepState.REFUSED, None, said(error))
        except TillwrightError as error:
            _not_ours(error)
            result = outcome(StepState.WAITING if again(error) else StepState.REFUSED, None, said(error))
        await self._settle(plan, FETCH, result)
        return result

    async def take(self, plan: Plan, index: int, known: Mapping[str, Any]) -> Outcome:
        """Take a step, or go on with one that was taken before.

        Args:
            known: `object` and `steps`, as `Plan.names` wants them.
        """
        return await self._patiently(lambda: self._take(plan, index, known))

    async def _take(self, plan: Plan, index: int, known: Mapping[str, Any]) -> Outcome:
        step = plan.definition.steps[index]
        try:
            scope = conditions.Scope(plan.names(known))
            if step.when and not conditions.holds(conditions.compile(step.when), scope):
                result = outcome(StepState.SKIPPED, None, {"code": "condition_false", "sentence": f"Not {step.when}."})
                await self._note(plan, step.id, index + 1, step.action, None)
                await self._settle(plan, step.id, result)
                return result
            request = _request(step, scope)
        except Invalid as error:
            result = outcome(StepState.REFUSED, None, said(error))
            await self._note(plan, step.id, index + 1, step.action, None)
            await self._settle(plan, step.id, result)
            return result
        return await self._carry_out(plan, step, index + 1, request)

    async def _carry_out(self, plan: Plan, step: Step, position: int, request: Request) -> Outcome:
        await self._note(plan, step.id, position, step.action, request.plain())
        errand = Errand(
            plan.organisation_id, plan.run_id, plan.definition.name, step.id, ATTEMPT, plan.trigger.livemode
        )
        try:
            carried = await carrier_of(request).carry(self._parts, errand, request)
        except TillwrightError as error:
            _not_ours(error)
            carried = Carried(outcome(StepState.WAITING if again(error) else StepState.REFUSED, None, said(error)))
        await self._settle(plan, step.id, carried.outcome, carried)
        return carried.outcome

    async def end(self, plan: Plan, state: RunState, reason: str | None) -> str:
        """Close the run and record on the spine that it ended, once."""

        async def close() -> str:
            now = self._clock.now()
            async with self._database.tenant(plan.organisation_id) as tx:
                if await run_store.finish(tx, plan.organisation_id, plan.run_id, state, reason, now):
                    name = f"workflow:RUN:{state.lower()}"
                    data = {"run": plan.run_id, "workflow": plan.definition.name, "reason": reason}
                    await events.record(tx, plan.organisation_id, name, data, now)
            return str(state)

        return await self._patiently(close)

    async def _note(self, plan: Plan, step: str, position: int, action: str, request: Mapping[str, Any] | None) -> None:
        taken = RunStep(
            plan.run_id, step, position, ATTEMPT, action, StepState.RUNNING, request, None, None,
            None, None, None, self._clock.now(), None,
        )  # fmt: skip
        async with self._database.tenant(plan.organisation_id) as tx:
            await run_store.begin_step(tx, plan.organisation_id, taken)

    async def _settle(self, plan: Plan, step: str, result: Outcome, carried: Carried | None = None) -> None:
        state, now = StepState(result["state"]), self._clock.now()
        over = state not in (StepState.WAITING, StepState.UNKNOWN)
        async with self._database.tenant(plan.organisation_id) as tx:
            was = await run_store.settle_step(
                tx,
                plan.organisation_id,
                plan.run_id,
                step,
                state=state,
                answer=result["answer"],
                error=result["error"],
                idempotency_key=carried and carried.idempotency_key,
                effect_id=carried and carried.effect_id,
                message_id=carried and carried.message_id,
                finished=now if over else None,
            )
            if state is StepState.UNKNOWN and was is not StepState.UNKNOWN:
                # The alarm: something may have happened at Stripe that we can't see yet.
                effect = carried and carried.effect_id
                data = {"run": plan.run_id, "workflow": plan.definition.name, "step": step, "effect": effect}
                await events.record(tx, plan.organisation_id, "workflow:STEP:unknown", data, now)

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do it; while the database is away, wait and do it again."""
        wait = 0.2
        while True:
            try:
                return await work()
            except Upstream as error:
                if error.code != "database_unreachable":
                    raise
                await self._clock.sleep(wait)
                wait = min(wait * 2, 10.0)


def _get(plan: Plan) -> dict[str, Any] | None:
    """The request that fetches the event's object, for the timeline; None if it has no address."""
    try:
        return {"kind": "stripe", "method": "GET", "path": path_of(plan.trigger), "params": {}}
    except Invalid:
        return None


def _not_ours(error: TillwrightError) -> None:
    """A lost database is no outcome of a step: let it through to who waits for it."""
    if error.code == "database_unreachable":
        raise error


def _request(step: Step, scope: conditions.Scope) -> Request:
    action = catalogue().get(step.action)
    if action is None:
        raise Invalid(
            "action_unknown",
            f"There is no action {step.action!r} any more.",
            remedy="Save the workflow with an action there is.",
        )
    return action.request(values.fill(dict(step.inputs), scope))
