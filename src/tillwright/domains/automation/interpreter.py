"""The one generic run: it reads a definition and takes its steps, through branches, loops and waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tillwright.domains.automation import conditions
from tillwright.domains.automation.catalogue import catalogue
from tillwright.domains.automation.journal import Entry, Journal, Parked, RunSteps
from tillwright.domains.automation.model import RunState, StepState
from tillwright.domains.automation.outcome import CANCELLED, Outcome
from tillwright.domains.automation.plan import Plan
from tillwright.domains.automation.rounds import together
from tillwright.domains.automation.step import DECIDED_AT_ONCE, Step
from tillwright.gateways.durable import Steps
from tillwright.kit.errors import Invalid

WAITS = (1, 2, 5, 15, 60, 300, 900, 1800, *([3600] * 72))
"""Seconds between looks at a step that is not over: closer at first, three days in all."""
PARKED = "PARKED"
"""What a segment ends in when the run waits."""


@dataclass(frozen=True)
class Place:
    """Where a run stands. `path` names the step, with the item of each loop it is in: `each[3].mail`.

    `attempt` is the attempt of intent: the same through every crash and retry of ours, so that the key is too.
    """

    path: str
    attempt: int = 1


class RunWork(Protocol):
    """What a run can do; see `work.Work`. Each method may be called again after a crash in its middle."""

    async def journal(self, plan: Plan) -> Sequence[Entry] | str: ...
    async def begin(self, plan: Plan) -> Outcome: ...
    async def take(self, plan: Plan, step: Step, place: Place, known: Mapping[str, Any]) -> Outcome: ...
    async def park(self, plan: Plan, entries: Sequence[Entry], seconds: float) -> str: ...
    async def end(self, plan: Plan, state: RunState, reason: str | None, entries: Sequence[Entry]) -> str: ...


@dataclass(frozen=True)
class Ending:
    """How a run ends before its last step, and why."""

    state: RunState
    reason: str | None


class Interpreter:
    """Decides only by a run's input and by what its steps gave, so that taking it up again repeats nothing."""

    def __init__(self, work: RunWork, waits: tuple[float, ...] = WAITS) -> None:
        self._work = work
        self._waits = waits

    async def run(self, steps: Steps, payload: Mapping[str, Any]) -> str:
        """Execute one segment of a run; returns the state it ended in, or PARKED."""
        plan = Plan.of(payload)
        earlier = await self._work.journal(plan)
        if isinstance(earlier, str):
            return earlier
        journal = Journal(steps, earlier)
        try:
            ending = await self._through(journal, plan)
        except Parked as pause:
            return await self._work.park(plan, journal.entries, pause.seconds)
        return await self._work.end(plan, ending.state, ending.reason, journal.entries)

    async def _through(self, journal: Journal, plan: Plan) -> Ending:
        brought = plan.trigger.brings_its_object
        begun = await self._until_over(journal, "begin", lambda: self._work.begin(plan), keeps=brought)
        if begun["state"] != StepState.DONE:
            return _ending("", begun)
        known: dict[str, Any] = {"object": begun["answer"], "steps": {}, "names": {}}
        try:
            if not _applies(plan, known):
                return Ending(RunState.SKIPPED, f"By now the condition no longer holds: {plan.definition.when}")
        except Invalid as error:
            return Ending(RunState.FAILED, f"when: {error}")
        ending = await self._block(journal, plan, plan.definition.steps, "", known)
        return ending or Ending(RunState.DONE, None)

    async def _block(
        self, steps: RunSteps, plan: Plan, block: Sequence[Step], prefix: str, known: dict[str, Any]
    ) -> Ending | None:
        for step in block:
            ending = await self._one(steps, plan, step, prefix, known)
            if ending:
                return ending
        return None

    async def _one(self, steps: RunSteps, plan: Plan, step: Step, prefix: str, known: dict[str, Any]) -> Ending | None:
        path = prefix + step.id
        taken = await self._attempts(steps, plan, step, path, known)
        if taken["state"] == StepState.SKIPPED and not _cancelled(taken):
            return None
        if taken["state"] != StepState.DONE:
            if not step.goes_on or taken["state"] != StepState.REFUSED:
                return _ending(f"{path}: ", taken)
            known["steps"][step.id] = {"failed": True, "error": taken["error"]}
            return None
        answer = known["steps"][step.id] = taken["answer"] or {}
        if step.kind == "stop":
            return Ending(RunState.FAILED if step.settings.get("state") == "failed" else RunState.DONE, answer["stop"])
        if step.kind == "for_each":
            return await self._each(steps, plan, step, path, known, answer["items"])
        return await self._block(steps, plan, step.blocks.get(answer.get("taken") or "", ()), prefix, known)

    async def _each(
        self, steps: RunSteps, plan: Plan, step: Step, path: str, known: dict[str, Any], items: Sequence[Any]
    ) -> Ending | None:
        async def one(lane: RunSteps, index: int) -> Ending | None:
            names = known["names"] | {step.settings.get("as", "item"): items[index], "index": index}
            inner = {"object": known["object"], "steps": dict(known["steps"]), "names": names}
            return await self._block(lane, plan, step.blocks["steps"], f"{path}[{index}].", inner)

        at_once = step.settings.get("at_once", 1)
        if at_once > 1:
            return await together(steps, path, len(items), at_once, one)
        for index in range(len(items)):
            ending = await one(steps, index)
            if ending:
                return ending
        return None

    async def _attempts(self, steps: RunSteps, plan: Plan, step: Step, path: str, known: Mapping[str, Any]) -> Outcome:
        """Take a step; where Stripe's no may be another one later, mean it anew as often as the step says."""
        first, times = plan.attempts.get(path, 1), step.retry.times if step.retry else 0
        for more in range(times + 1):
            place = Place(path, first + more)
            name = path if not more else f"{path} attempt {more + 1}"
            taken = await self._until_over(
                steps, name, lambda at=place: self._work.take(plan, step, at, known), keeps=keeps_itself(step)
            )
            if taken["state"] != StepState.REFUSED or more == times or not _worth_another(taken):
                return taken
            assert step.retry is not None
            await steps.sleep(step.retry.wait * 2**more)
        raise AssertionError("the loop returns")

    async def _until_over(self, steps: RunSteps, name: str, work: Any, *, keeps: bool) -> Outcome:
        """Do a piece of work and look at it again while it waits or is in doubt."""
        result: Outcome = await steps.step(name, work, keeps=keeps)
        number = looks = 0
        while result["state"] in (StepState.WAITING, StepState.UNKNOWN):
            wait = result.get("wait")
            if wait is None:
                if looks == len(self._waits):
                    break
                wait = self._waits[looks]
                looks += 1
            number += 1
            await steps.sleep(wait)
            result = await steps.step(f"{name} again {number}", work, keeps=keeps)
        return result


def keeps_itself(step: Step) -> bool:
    """Whether a step asks nothing of anybody: then its line on the timeline is its checkpoint, in one transaction.

    Never one that may wait: what a run did after it, such as sleeping, must be found again by the engine.
    """
    if step.kind != "action":
        return step.kind in DECIDED_AT_ONCE
    action = catalogue().get(step.action)
    return action is not None and not action.asks and step.approval is None


def _applies(plan: Plan, known: Mapping[str, Any]) -> bool:
    when = plan.definition.when
    return when is None or conditions.holds(conditions.compile(when), conditions.Scope(plan.names(known)))


def _cancelled(result: Outcome) -> bool:
    return (result["error"] or {}).get("code") == CANCELLED


def _worth_another(result: Outcome) -> bool:
    """A declined card may be accepted another day; a request that is wrong stays wrong."""
    error = result["error"] or {}
    return bool(error.get("again")) or error.get("code") in ("stripe_card_declined", "effect_not_done")


def _ending(where: str, result: Outcome) -> Ending:
    sentence = (result["error"] or {}).get("sentence") or "no reason was given"
    if _cancelled(result):
        return Ending(RunState.CANCELLED, sentence)
    if result["state"] == StepState.SKIPPED:
        return Ending(RunState.SKIPPED, f"{where}{sentence}")
    if result["state"] == StepState.UNKNOWN:
        reason = f"{where}whether Stripe did it could not be found out; look at it there. {sentence}"
        return Ending(RunState.UNKNOWN, reason)
    return Ending(RunState.FAILED, f"{where}{sentence}")
