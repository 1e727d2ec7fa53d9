"""The one generic run: it reads a definition and takes its steps, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from tillwright.domains.automation import conditions
from tillwright.domains.automation.model import RunState, StepState
from tillwright.domains.automation.outcome import Outcome
from tillwright.domains.automation.plan import Plan
from tillwright.gateways.durable import Steps
from tillwright.kit.errors import Invalid

WAITS = (1, 2, 5, 15, 60, 300, 900, 1800, *([3600] * 72))
"""Seconds between looks at a step that is not over: closer at first, three days in all."""


class RunWork(Protocol):
    """What a run can do; see `work.Work`. Each method may be called again after a crash in its middle."""

    async def begin(self, plan: Plan) -> Outcome: ...
    async def take(self, plan: Plan, index: int, known: Mapping[str, Any]) -> Outcome: ...
    async def end(self, plan: Plan, state: RunState, reason: str | None) -> str: ...


class Interpreter:
    """Decides only by a run's input and by what its steps gave, so that taking it up again repeats nothing."""

    def __init__(self, work: RunWork, waits: tuple[float, ...] = WAITS) -> None:
        self._work = work
        self._waits = waits

    async def run(self, steps: Steps, payload: Mapping[str, Any]) -> str:
        """Execute one run; returns the state it ended in."""
        plan = Plan.of(payload)
        state, reason = await self._through(steps, plan)
        return await steps.step("end", lambda: self._work.end(plan, state, reason))

    async def _through(self, steps: Steps, plan: Plan) -> tuple[RunState, str | None]:
        begun = await self._until_over(steps, "begin", lambda: self._work.begin(plan))
        if begun["state"] != StepState.DONE:
            return _ending("", begun)
        known: dict[str, Any] = {"object": begun["answer"], "steps": {}}
        try:
            if not _applies(plan, known):
                return RunState.SKIPPED, f"By now the condition no longer holds: {plan.definition.when}"
        except Invalid as error:
            return RunState.FAILED, f"when: {error}"
        for index, step in enumerate(plan.definition.steps):
            taken = await self._until_over(steps, step.id, lambda i=index: self._work.take(plan, i, known))
            if taken["state"] == StepState.DONE:
                known["steps"][step.id] = taken["answer"] or {}
            elif taken["state"] != StepState.SKIPPED:
                return _ending(f"{step.id}: ", taken)
        return RunState.DONE, None

    async def _until_over(self, steps: Steps, name: str, work: Any) -> Outcome:
        """Do a piece of work and look at it again while it waits or is in doubt."""
        result: Outcome = await steps.step(name, work)
        for number, wait in enumerate(self._waits, 1):
            if result["state"] not in (StepState.WAITING, StepState.UNKNOWN):
                break
            await steps.sleep(wait)
            result = await steps.step(f"{name} again {number}", work)
        return result


def _applies(plan: Plan, known: Mapping[str, Any]) -> bool:
    when = plan.definition.when
    return when is None or conditions.holds(conditions.compile(when), conditions.Scope(plan.names(known)))


def _ending(where: str, result: Outcome) -> tuple[RunState, str]:
    sentence = (result["error"] or {}).get("sentence") or "no reason was given"
    if result["state"] == StepState.SKIPPED:
        return RunState.SKIPPED, f"{where}{sentence}"
    if result["state"] == StepState.UNKNOWN:
        return RunState.UNKNOWN, f"{where}whether Stripe did it could not be found out; look at it there. {sentence}"
    return RunState.FAILED, f"{where}{sentence}"
