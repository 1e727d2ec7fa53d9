"""A run that only says what it would do: the same interpreter, with reads answered from here and nothing written."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tillwright.domains.automation import conditions, moving, values
from tillwright.domains.automation.catalogue import catalogue
from tillwright.domains.automation.controls import decide
from tillwright.domains.automation.definition import Definition
from tillwright.domains.automation.interpreter import Interpreter, Place
from tillwright.domains.automation.journal import Entry
from tillwright.domains.automation.model import RunState, StepState, Trigger
from tillwright.domains.automation.moving import Movement
from tillwright.domains.automation.outcome import Outcome, outcome, said
from tillwright.domains.automation.plan import Plan
from tillwright.domains.automation.requests import Request, Selection, StripeRead, Values
from tillwright.domains.automation.step import Step
from tillwright.domains.mirror.kinds import KINDS
from tillwright.gateways.stripe import schemas
from tillwright.kit.errors import Invalid

Look = Callable[[str, str], Awaitable[Mapping[str, Any] | None]]
"""(object type, id) to the object as the mirror has it; None if it has not."""
Select = Callable[[Selection], Awaitable[dict[str, Any]]]


@dataclass(frozen=True)
class Planned:
    """One request as it would be sent. An answer that is not there yet stands in it as `FROM_step_field`."""

    step: str
    action: str
    request: Mapping[str, Any]
    approval: bool
    movement: Movement | None


@dataclass(frozen=True)
class Rehearsed:
    """One run that would start: by what (`event`, of a `type`, at a time in unix seconds), and what it would do.

    `notes` say what was taken for granted on the way.
    """

    event: str
    type: str
    at: int
    object_id: str | None
    state: RunState
    reason: str | None
    planned: Sequence[Planned]
    notes: Sequence[str]


@dataclass
class _Work:
    """What `Interpreter` asks of a run, without a run."""

    given: Mapping[str, Any] | None
    look: Look | None
    select: Select | None
    planned: list[Planned] = field(default_factory=list[Planned])
    notes: list[str] = field(default_factory=list[str])
    ended: tuple[RunState, str | None] = (RunState.DONE, None)

    async def journal(self, plan: Plan) -> Sequence[Entry]:
        return ()

    async def begin(self, plan: Plan) -> Outcome:
        return outcome(StepState.DONE, self.given or {})

    async def park(self, plan: Plan, entries: Sequence[Entry], seconds: float) -> str:
        raise AssertionError("nothing waits in a rehearsal")

    async def end(self, plan: Plan, state: RunState, reason: str | None, entries: Sequence[Entry]) -> str:
        self.ended = (state, reason)
        return str(state)

    async def take(self, plan: Plan, step: Step, place: Place, known: Mapping[str, Any]) -> Outcome:
        try:
            scope = conditions.Scope(plan.names(known))
            if step.when and not conditions.holds(conditions.compile(step.when), scope):
                return outcome(StepState.SKIPPED, None, {"code": "condition_false", "sentence": f"Not {step.when}."})
            if step.kind != "action":
                return outcome(StepState.DONE, self._control(step, place.path, scope))
            request = _request(step, scope)
            return await self._act(step, place.path, request, scope)
        except Invalid as error:
            return outcome(StepState.REFUSED, None, said(error))

    def _control(self, step: Step, path: str, scope: conditions.Scope) -> dict[str, Any]:
        if step.kind == "wait":
            event = step.settings["wait"].get("event")
            self.notes.append(f"{path}: waits" + (f" for {event}, taken as timed out" if event else ""))
            return {"timed_out": event is not None, "event": None, "object": None}
        if step.kind == "approval":
            assert step.approval is not None
            self.notes.append(f"{path}: asks “{values.fill(step.approval.ask, scope)}”, taken as approved")
            return {"approved": True, "by": "‹somebody›", "note": None}
        if step.kind == "call":
            self.notes.append(f"{path}: calls {step.settings['call']} with {values.fill(dict(step.inputs), scope)}")
            return {"run": f"‹{path}.run›", "state": "DONE", "reason": None}
        return decide(step, scope)

    async def _act(self, step: Step, path: str, request: Request, scope: conditions.Scope) -> Outcome:
        if isinstance(request, Values):
            return outcome(StepState.DONE, dict(request.values))
        if isinstance(request, Selection):
            if self.select is None:
                self.notes.append(f"{path}: reads the mirror, taken as empty")
                return outcome(StepState.DONE, _empty(request))
            return outcome(StepState.DONE, await self.select(request))
        plain = request.plain()
        if isinstance(request, StripeRead):
            found = await self._named(request.path)
            if found is None:
                self.notes.append(f"{path}: reads {request.path}, which is not here")
            return outcome(StepState.DONE, dict(found) if found else _guess(path, plain))
        moved = moving.movement(plain)
        if moved and not moved.known and moved.source:
            moved = moving.filled(moved, await self._named(moved.source))
        rule = step.approval
        asked = rule is not None and (rule.when is None or conditions.holds(conditions.compile(rule.when), scope))
        self.planned.append(Planned(path, step.action, plain, asked, moved))
        base = await self._named(str(plain.get("path", ""))) or {}
        return outcome(StepState.DONE, {**_guess(path, plain), **base, **_told(plain)})

    async def _named(self, path: str) -> Mapping[str, Any] | None:
        kind = _kind_of(path)
        return await self.look(*kind) if kind and self.look else None


class _Now:
    """Steps that are taken at once and kept nowhere."""

    async def step(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        return await work()

    async def sleep(self, seconds: float) -> None:
        return None


async def rehearse(
    found: Definition,
    trigger: Trigger,
    given: Mapping[str, Any] | None,
    *,
    look: Look | None = None,
    select: Select | None = None,
) -> Rehearsed:
    """What a run of a definition would do for one event.

    Args:
        given: the event's object.
        look, select: reads; without them the mirror is taken as empty.
    """
    work = _Work(given, look, select)
    payload = {
        "organisation_id": "rehearsal", "run_id": "run_rehearsal", "version": 0, "definition": found.plain(),
        "trigger": trigger.plain(),
    }  # fmt: skip
    await Interpreter(work).run(_Now(), payload)
    state, reason = work.ended
    return Rehearsed(
        trigger.stripe_event_id, trigger.stripe_event_type, trigger.created, trigger.object_id, state, reason,
        work.planned, work.notes,
    )  # fmt: skip


def _request(step: Step, scope: conditions.Scope) -> Request:
    action = catalogue().get(step.action)
    if action is None:
        raise Invalid("action_unknown", f"There is no action {step.action!r} any more.")
    return action.request(values.fill(dict(step.inputs), scope))


def _empty(request: Selection) -> dict[str, Any]:
    if request.want == "total":
        return {"count": 0, "sums": {}}
    return {"found": False, "object": None} if request.want == "first" else {"count": 0, "items": [], "more": False}


def _kind_of(path: str) -> tuple[str, str] | None:
    """(object type, id) of a path that names one object of a kind that is mirrored."""
    for kind in KINDS:
        if path.startswith(f"{kind.path}/"):
            return kind.object, path.removeprefix(f"{kind.path}/").split("/")[0]
    return None


def _guess(path: str, plain: Mapping[str, Any]) -> dict[str, Any]:
    """An answer with every field Stripe's has, each a placeholder that tells where it would come from."""
    asked = str(plain.get("path", ""))
    kind = next(
        (kind.object for kind in KINDS if asked in (kind.path, f"{kind.path}/{asked.rsplit('/', 1)[-1]}")), None
    )
    shape = schemas.shape_of(kind)
    known = schemas.fields(shape[1:]) if shape != schemas.ANYTHING else {"id": "s"}
    empty: dict[str, Any] = {"i": 0, "n": 0, "b": False}
    return {name: _stand_in(path, name) if of == "s" else empty.get(of) for name, of in known.items()}


def _stand_in(path: str, name: str) -> str:
    """What an answer that is not there yet is called; fit to be an id, or an address."""
    if name.endswith("email"):
        return "somebody@example.com"
    return "FROM_" + re.sub(r"[^A-Za-z0-9]+", "_", f"{path}_{name}")


def _told(plain: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for is in the answer too."""
    params: Mapping[str, Any] = plain.get("params") or {}
    return {name: value for name, value in params.items() if not isinstance(value, (dict, list))}
