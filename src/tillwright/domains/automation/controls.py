"""The steps that steer a run: which branch, which items, how long, whom to call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation import conditions, inputs, run_store, store, triggers, values
from tillwright.domains.automation.asking import Asking
from tillwright.domains.automation.definition import of as definition_of
from tillwright.domains.automation.errand import Parts
from tillwright.domains.automation.model import (
    FINAL_RUN_STATES,
    Run,
    RunState,
    StepState,
    Trigger,
    WorkflowState,
)
from tillwright.domains.automation.outcome import Outcome, outcome, waiting
from tillwright.domains.automation.plan import Plan
from tillwright.domains.automation.shapes import is_list
from tillwright.domains.automation.step import USUAL_ITEMS, ApprovalRule, Step
from tillwright.domains.automation.waiting import Waiting
from tillwright.gateways.database import Tx
from tillwright.kit import ids
from tillwright.kit.clock import to_unix
from tillwright.kit.errors import Absent, Invalid

DEEPEST = 8
"""Runs that cause one another: one more is not started."""
LOOK_AGAIN = 3600.0
"""Seconds after which a run looks by itself at what should have woken it."""


class Controls:
    """Each is decided in the caller's transaction; none has an effect outside."""

    def __init__(self, parts: Parts, waits: Waiting, asking: Asking) -> None:
        self._parts = parts
        self._waits = waits
        self._asking = asking

    async def take(
        self, tx: Tx, plan: Plan, step: Step, path: str, attempt: int, scope: conditions.Scope, run: Run
    ) -> Outcome:
        """Decide a control step that may wait; the others are `decide`d.

        Raises:
            Invalid: an expression fails, or gives what the step can't use.
        """
        if step.kind == "wait":
            return await self._waits.begin_or_look(tx, plan, step, path, attempt, scope, run.created)
        if step.kind == "approval":
            return await self._approval(tx, plan, step, path, attempt, scope, run)
        return await self._call(tx, plan, step, path, attempt, scope)

    async def _approval(
        self, tx: Tx, plan: Plan, step: Step, path: str, attempt: int, scope: conditions.Scope, run: Run
    ) -> Outcome:
        assert step.approval is not None
        question = str(values.fill(step.approval.ask, scope))
        amount, currency = sum_of(step.approval, scope)
        request = {"kind": "question", "ask": question}
        return await self._asking.ask(
            tx, plan, path, attempt, step.approval, workflow_id=run.workflow_id, request=request, question=question,
            amount=amount, currency=currency,
        )  # fmt: skip

    async def _call(self, tx: Tx, plan: Plan, step: Step, path: str, attempt: int, scope: conditions.Scope) -> Outcome:
        name, run_id = step.settings["call"], "run_" + ids.digest("call", plan.run_id, path, str(attempt))
        found = await run_store.by_id(tx, plan.organisation_id, run_id)
        if found is None:
            found = await self._start(tx, plan, name, run_id, values.fill(dict(step.inputs), scope))
        answer = {"run": run_id, "state": str(found.state), "reason": found.reason}
        if found.state not in FINAL_RUN_STATES:
            return waiting("run", f"The run {run_id} of {name} is going on.", LOOK_AGAIN)
        if found.state in (RunState.DONE, RunState.SKIPPED):
            return outcome(StepState.DONE, answer)
        error = {"code": "called_run_failed", "sentence": f"{name} ended {found.state}: {found.reason}"}
        return outcome(StepState.REFUSED, answer, error)

    async def _start(self, tx: Tx, plan: Plan, name: str, run_id: str, given: Mapping[str, Any]) -> Run:
        workflow = await store.by_name(tx, plan.organisation_id, name)
        if workflow is None or workflow.state is not WorkflowState.ACTIVE:
            why = "There is no workflow" if workflow is None else "Paused is the workflow"
            raise Invalid("workflow_absent", f"{why} {name}.", remedy="Save and activate it, or call another.")
        if plan.trigger.depth + 1 > DEEPEST:
            raise Invalid("loop_guard", f"{DEEPEST} runs have caused one another already.", remedy="Break the loop.")
        version = await store.version(tx, plan.organisation_id, workflow.id, workflow.version)
        if version is None:
            raise Absent("version_absent", f"Workflow {name} has no version {workflow.version}.")
        for rule in definition_of(version.document).rules:
            if rule.kind in ("manual", "api") and (problems := inputs.check(rule.inputs, given, draft=False)):
                raise Invalid.many(problems)
        now = self._parts.clock.now()
        trigger = Trigger(
            spine_event_id=plan.trigger.spine_event_id,
            name=f"call:{plan.definition.name}",
            stripe_event_id=plan.run_id,
            stripe_event_type="call",
            created=to_unix(now),
            livemode=plan.trigger.livemode,
            account_id=plan.trigger.account_id,
            object_type=plan.trigger.object_type,
            object_id=plan.trigger.object_id,
            data=plan.trigger.data,
            inputs=dict(given),
            depth=plan.trigger.depth + 1,
        )
        run = triggers.new_run(workflow, trigger, run_id, now, parent=plan.run_id)
        await run_store.add(tx, run)
        return run


def decide(step: Step, scope: conditions.Scope) -> dict[str, Any]:
    """What an `if`, `switch`, `for_each` or `stop` comes to; pure.

    Raises:
        Invalid: an expression fails, or gives what the step can't use.
    """
    if step.kind == "if":
        return {"taken": "then" if conditions.holds(conditions.compile(step.settings["if"]), scope) else "else"}
    if step.kind == "stop":
        return {"stop": str(values.fill(step.settings["stop"], scope))}
    if step.kind == "switch":
        value = conditions.evaluate(conditions.compile(step.settings["switch"]), scope)
        word = str(value).lower() if isinstance(value, bool) else str(value)
        return {"taken": word if word in step.blocks else "else"}
    items = conditions.evaluate(conditions.compile(step.settings["for_each"]), scope)
    most = step.settings.get("at_most", USUAL_ITEMS)
    if not is_list(items):
        raise Invalid(
            "items_invalid", f"`{step.settings['for_each']}` gives no list.", remedy="Such as object.lines.data."
        )
    if len(items) > most:
        raise Invalid(
            "items_too_many", f"There are {len(items)} items; at most {most} are allowed.", remedy="Raise `at_most`."
        )
    return {"items": items, "count": len(items), "done": len(items)}


def sum_of(rule: ApprovalRule, scope: conditions.Scope) -> tuple[int | None, str | None]:
    """The amount in minor units and its currency that the rule names.

    Raises:
        Invalid: an expression fails, or the amount is no whole number.
    """
    if rule.amount is None:
        return None, None
    amount = conditions.evaluate(conditions.compile(rule.amount), scope)
    currency = conditions.evaluate(conditions.compile(rule.currency), scope) if rule.currency else None
    if type(amount) is not int:
        raise Invalid("amount_invalid", f"`{rule.amount}` gives no whole number of minor units.")
    return amount, None if currency is None else str(currency)
