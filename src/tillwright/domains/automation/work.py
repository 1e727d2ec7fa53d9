"""What a run does to the world, each piece safe to be done again after a crash in its middle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from tillwright.domains import events
from tillwright.domains.automation import (
    conditions,
    controls,
    moving,
    park_store,
    run_store,
    spending,
    values,
)
from tillwright.domains.automation.asking import Asking
from tillwright.domains.automation.carrying import carrier_of
from tillwright.domains.automation.catalogue import catalogue
from tillwright.domains.automation.closing import close_run
from tillwright.domains.automation.controls import Controls, sum_of
from tillwright.domains.automation.errand import Carried, Errand, Parts
from tillwright.domains.automation.fetching import Fetcher, path_of
from tillwright.domains.automation.interpreter import PARKED, Place
from tillwright.domains.automation.journal import Entry
from tillwright.domains.automation.model import RunState, RunStep, StepState
from tillwright.domains.automation.moving import Movement
from tillwright.domains.automation.outcome import CANCELLED, Outcome, again, outcome, said, waiting
from tillwright.domains.automation.park_store import Gate
from tillwright.domains.automation.plan import Plan
from tillwright.domains.automation.requests import Request, Values
from tillwright.domains.automation.shapes import is_list, is_map
from tillwright.domains.automation.step import DECIDED_AT_ONCE, Step
from tillwright.domains.automation.waiting import Waiting
from tillwright.gateways.database import AWAY, Tx
from tillwright.kit.errors import Absent, Invalid, TillwrightError, Upstream

FETCH = "_fetch"
"""The timeline's name for the fetching of the event's object; no step of a definition can be called so."""
LOOK_AGAIN = 3600.0
"""Seconds after which a held run looks by itself whether it may go on."""
WRITES = frozenset({"stripe", "refund", "sweep", "promotion_codes"})
"""The kinds of requests that limits on writes count."""
_WAITS = {
    "approval_pending": "approval", "stopped": "stop_switch", "paused": "workflow_paused", "time": "time",
    "event": "event", "run": "run",
}  # fmt: skip

T = TypeVar("T")


class Work:
    """Every method leaves the timeline true and returns JSON; only a lost database makes it wait instead.

    Args:
        public_url: where people reach the console, for the links in mails.
    """

    def __init__(self, *, fetcher: Fetcher, parts: Parts, public_url: str = "") -> None:
        self._clock = parts.clock
        self._database = parts.database
        self._fetcher = fetcher
        self.parts = self._parts = parts
        self.public_url = public_url
        self._asking = Asking(parts, public_url)
        self._controls = Controls(parts, Waiting(parts.clock, parts.mirror), self._asking)

    async def journal(self, plan: Plan) -> Sequence[Entry] | str:
        """Mark the run as running; returns what its earlier segments did.

        If the run has moved on from this segment, because a crash came after its end, what it ended in instead.
        """

        async def take_up() -> Sequence[Entry] | str:
            async with self._database.tenant(plan.organisation_id) as tx:
                if not await run_store.start(tx, plan.organisation_id, plan.run_id, plan.segment, self._clock.now()):
                    run = await run_store.by_id(tx, plan.organisation_id, plan.run_id)
                    over = run is None or run.segment == plan.segment
                    return str(run.state if run else RunState.CANCELLED) if over else PARKED
                if plan.segment == 1:
                    return ()
                return await park_store.journal(tx, plan.organisation_id, plan.run_id, plan.segment)

        return await self._patiently(take_up)

    async def begin(self, plan: Plan) -> Outcome:
        """Fetch the event's object; the answer is the object.

        DONE with an answer; SKIPPED if the object is gone; REFUSED; WAITING if Stripe could not be asked.
        """
        return await self._patiently(lambda: self._begin(plan))

    async def _begin(self, plan: Plan) -> Outcome:
        if plan.trigger.brings_its_object:
            return outcome(StepState.DONE, plan.trigger.data)
        place = Place(FETCH)
        async with self._database.tenant(plan.organisation_id) as tx:
            held = _held(await park_store.gate(tx, plan.organisation_id, plan.run_id))
            if held:
                return held
            await self._note_in(tx, plan, place, "fetch", _get(plan))
        try:
            fetched = await self._fetcher.fetch(plan.organisation_id, plan.trigger)
            result = outcome(StepState.DONE, fetched.body)
        except Absent as error:
            gone = error.code not in ("integration_absent", "credential_absent")
            result = outcome(StepState.SKIPPED if gone else StepState.REFUSED, None, said(error))
        except TillwrightError as error:
            _not_ours(error)
            result = outcome(StepState.WAITING if again(error) else StepState.REFUSED, None, said(error))
        await self._settle(plan, place, result)
        return result

    async def take(self, plan: Plan, step: Step, place: Place, known: Mapping[str, Any]) -> Outcome:
        """Take a step, or go on with one that was taken before.

        Args:
            known: `object`, `steps` and the loops' `names`, as `Plan.names` wants them.
        """
        return await self._patiently(lambda: self._take(plan, step, place, known))

    async def _take(self, plan: Plan, step: Step, place: Place, known: Mapping[str, Any]) -> Outcome:
        try:
            scope = conditions.Scope(plan.names(known))
            skipped = step.when and not conditions.holds(conditions.compile(step.when), scope)
            request = None if skipped or step.kind != "action" else _request(step, scope)
            decided = controls.decide(step, scope) if not skipped and step.kind in DECIDED_AT_ONCE else None
        except Invalid as error:
            return await self._over(plan, step, place, outcome(StepState.REFUSED, None, said(error)))
        if skipped:
            not_so = {"code": "condition_false", "sentence": f"Not {step.when}."}
            return await self._over(plan, step, place, outcome(StepState.SKIPPED, None, not_so))
        if decided is not None:
            return await self._over(plan, step, place, outcome(StepState.DONE, decided))
        if isinstance(request, Values) and step.approval is None:
            return await self._over(plan, step, place, outcome(StepState.DONE, request.values), request)
        try:
            moved = await self._movement(plan, request)
            held = await self._may_go_on(plan, step, place, scope, request, moved)
        except TillwrightError as error:
            _not_ours(error)
            state = StepState.WAITING if again(error) else StepState.REFUSED
            return await self._over(plan, step, place, outcome(state, None, said(error)))
        if held is not None or request is None:
            assert held is not None
            return held
        return await self._carry_out(plan, step, place, request)

    async def _may_go_on(
        self,
        plan: Plan,
        step: Step,
        place: Place,
        scope: conditions.Scope,
        request: Request | None,
        moved: Movement | None,
    ) -> Outcome | None:
        """Everything that is decided before an action is carried out, in one transaction; None if it may be.

        A control step is decided here whole.
        """
        async with self._database.tenant(plan.organisation_id) as tx:
            gate = await park_store.gate(tx, plan.organisation_id, plan.run_id)
            held = _held(gate)
            if held:
                return held
            await self._note_in(tx, plan, place, step.action, request.plain() if request else None)
            if request is None:
                run = await run_store.by_id(tx, plan.organisation_id, plan.run_id)
                assert run is not None, "the gate has seen it"
                result = await self._controls.take(tx, plan, step, place.path, place.attempt, scope, run)
                await self._settle_in(tx, plan, place, result)
                return result
            asked = await self._asked(tx, plan, step, place, scope, request, gate)
            if asked is None and (moved or request.plain().get("kind") in WRITES):
                await spending.reserve(
                    tx,
                    plan.organisation_id,
                    run_id=plan.run_id,
                    step=place.path,
                    attempt=place.attempt,
                    workflow_id=gate.workflow_id,
                    livemode=plan.trigger.livemode,
                    limits=plan.definition.limits,
                    moved=moved,
                    at=self._clock.now(),
                )
            return asked

    async def _movement(self, plan: Plan, request: Request | None) -> Movement | None:
        """The money a request would move; what it leaves open is asked of Stripe."""
        moved = moving.movement(request.plain()) if request else None
        if moved is None or moved.known or moved.source is None:
            return moved
        access = await self.parts.integrations.access(
            plan.organisation_id, livemode=plan.trigger.livemode, why=f"how much {moved.source} is about"
        )
        return moving.filled(moved, (await self.parts.reader.get(access, moved.source, moved.asked)).body)

    async def _asked(
        self, tx: Tx, plan: Plan, step: Step, place: Place, scope: conditions.Scope, request: Request, gate: Gate
    ) -> Outcome | None:
        rule = step.approval
        if rule is None or (rule.when and not conditions.holds(conditions.compile(rule.when), scope)):
            return None
        amount, currency = sum_of(rule, scope)
        question = str(values.fill(rule.ask, scope)) or f"May {plan.definition.name} take its step {step.id}?"
        result = await self._asking.ask(
            tx, plan, place.path, place.attempt, rule, workflow_id=gate.workflow_id, request=request.plain(),
            question=question, amount=amount, currency=currency,
        )  # fmt: skip
        if result["state"] == StepState.DONE:
            return None
        await self._settle_in(tx, plan, place, result)
        return result

    async def _carry_out(self, plan: Plan, step: Step, place: Place, request: Request) -> Outcome:
        trigger, account_id = plan.trigger, plan.trigger.account_id
        if account_id is None and request.plain().get("kind") in WRITES:
            # No account's event started it: it stays with the one that it first wrote on.
            account_id = await self._parts.effects.account_of(plan.organisation_id, plan.run_id)
        errand = Errand(
            plan.organisation_id, plan.run_id, plan.definition.name, place.path, place.attempt, trigger.livemode,
            account_id,
        )  # fmt: skip
        try:
            carried = await carrier_of(request).carry(self._parts, errand, request)
        except TillwrightError as error:
            _not_ours(error)
            carried = Carried(outcome(StepState.WAITING if again(error) else StepState.REFUSED, None, said(error)))
        async with self._database.tenant(plan.organisation_id) as tx:
            await self._settle_in(tx, plan, place, carried.outcome, carried)
            if carried.outcome["state"] in (StepState.REFUSED, StepState.SKIPPED):
                await spending.release(tx, plan.organisation_id, plan.run_id, place.path, place.attempt)
        return carried.outcome

    async def park(self, plan: Plan, entries: Sequence[Entry], seconds: float) -> str:
        """Lay the run aside with its journal; whoever wakes it hands over its next segment."""
        error = _last_error(entries)

        async def lay_aside() -> str:
            now = self._clock.now()
            async with self._database.tenant(plan.organisation_id) as tx:
                await park_store.keep_journal(tx, plan.organisation_id, plan.run_id, plan.segment + 1, entries)
                await park_store.park(
                    tx,
                    plan.organisation_id,
                    plan.run_id,
                    plan.segment,
                    wake_at=now + timedelta(seconds=seconds),
                    now=now,
                    waits_for=_WAITS.get(str(error.get("code")), "stripe"),
                    reason=error.get("sentence"),
                )
            return PARKED

        return await self._patiently(lay_aside)

    async def end(self, plan: Plan, state: RunState, reason: str | None, entries: Sequence[Entry] = ()) -> str:
        """Close the run and record on the spine that it ended, once."""

        async def close() -> str:
            async with self._database.tenant(plan.organisation_id) as tx:
                if state is not RunState.DONE:  # so that a person can take it up again
                    await park_store.keep_journal(tx, plan.organisation_id, plan.run_id, plan.segment + 1, entries)
                await close_run(tx, plan.organisation_id, plan.run_id, state, reason, self._clock.now())
            return str(state)

        return await self._patiently(close)

    async def _over(
        self, plan: Plan, step: Step, place: Place, result: Outcome, request: Request | None = None
    ) -> Outcome:
        """A step that is over before anything was asked of anybody: one transaction, the same one if it comes again."""
        async with self._database.tenant(plan.organisation_id) as tx:
            gate = await park_store.gate(tx, plan.organisation_id, plan.run_id, place.path, place.attempt)
            if gate.taken:
                return gate.taken
            if result["state"] == StepState.DONE and (held := _held(gate)):
                return held
            now, waits = self._clock.now(), result["state"] == StepState.WAITING
            line = self._line(plan, place, step.action, request.plain() if request else None, now)
            came_out = replace(
                line,
                state=StepState(result["state"]),
                answer=result["answer"],
                error=result["error"],
                finished=None if waits else now,
            )
            await run_store.put_step(tx, plan.organisation_id, came_out)
        return result

    async def _note_in(self, tx: Tx, plan: Plan, place: Place, action: str, request: Mapping[str, Any] | None) -> None:
        line = self._line(plan, place, action, request, self._clock.now())
        await run_store.begin_step(tx, plan.organisation_id, line)

    @staticmethod
    def _line(plan: Plan, place: Place, action: str, request: Mapping[str, Any] | None, now: datetime) -> RunStep:
        return RunStep(
            plan.run_id, place.path, plan.position(place.path), place.attempt, action, StepState.RUNNING, request,
            None, None, None, None, None, now, None,
        )  # fmt: skip

    async def _settle(self, plan: Plan, place: Place, result: Outcome, carried: Carried | None = None) -> None:
        async with self._database.tenant(plan.organisation_id) as tx:
            await self._settle_in(tx, plan, place, result, carried)

    async def _settle_in(
        self, tx: Tx, plan: Plan, place: Place, result: Outcome, carried: Carried | None = None
    ) -> None:
        state, now = StepState(result["state"]), self._clock.now()
        over = state not in (StepState.WAITING, StepState.UNKNOWN)
        was = await run_store.settle_step(
            tx,
            plan.organisation_id,
            plan.run_id,
            place.path,
            place.attempt,
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
            data = {"run": plan.run_id, "workflow": plan.definition.name, "step": place.path, "effect": effect}
            await events.record(tx, plan.organisation_id, "workflow:STEP:unknown", data, now)

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do it; while the database is away, wait and do it again."""
        wait = 0.2
        while True:
            try:
                return await work()
            except Upstream as error:
                if error.code not in AWAY:
                    raise
                await self._clock.sleep(wait)
                wait = min(wait * 2, 10.0)


def _last_error(entries: Sequence[Entry]) -> Mapping[str, Any]:
    """What the step said that a run waits at: the last entry's error, or that of the last item of a round."""
    for _, result in reversed(entries):
        outcomes: list[Any] = [item[1] for item in result] if is_list(result) else [result]
        for one in reversed(outcomes):
            if is_map(one) and is_map(one.get("error")):
                return one["error"]
        if result is not None:
            break
    return {}


def _held(gate: Gate) -> Outcome | None:
    if gate.why is None:
        return None
    if gate.cancelled_by:
        return outcome(StepState.REFUSED, None, {"code": CANCELLED, "sentence": gate.why})
    return waiting("stopped" if gate.stopped_by else "paused", gate.why, LOOK_AGAIN)


def _get(plan: Plan) -> dict[str, Any] | None:
    """The request that fetches the event's object, for the timeline; None if it has no address."""
    try:
        return {"kind": "stripe", "method": "GET", "path": path_of(plan.trigger), "params": {}}
    except Invalid:
        return None


def _not_ours(error: TillwrightError) -> None:
    """A lost database is no outcome of a step: let it through to who waits for it."""
    if error.code in AWAY:
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
