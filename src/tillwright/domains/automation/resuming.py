"""Where a run that ended badly goes on: what of its journal still counts, and which steps are meant anew; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tillwright.domains.automation.journal import Entry
from tillwright.domains.automation.model import RunStep, StepState
from tillwright.kit.errors import Absent

_IN_A_LOOP = re.compile(r"\[\d+\]\.[^.]*$")


def failed_step(rows: Sequence[RunStep]) -> str | None:
    """The step a run ended at; None if it did not get to any."""
    bad = [row for row in rows if row.state not in (StepState.DONE, StepState.SKIPPED)]
    return bad[-1].step if bad else None


def kept(entries: Sequence[Entry], step: str) -> Sequence[Entry]:
    """The journal up to a step; for one inside a loop whose rounds are kept as one, up to the loop."""
    while True:
        for index, (name, _) in enumerate(entries):
            if name == step or name.startswith(f"{step} "):
                return entries[:index]
        if not _IN_A_LOOP.search(step):
            return entries
        step = _IN_A_LOOP.sub("", step)


def attempts(rows: Sequence[RunStep], step: str, before: Mapping[str, int]) -> dict[str, int]:
    """The attempts of intent the run goes on with.

    What was refused is meant anew, under a key of its own. What is in doubt keeps its key, so that it is looked for
    before it is sent. What is done keeps its own too and is answered from the record; only if the step that was chosen
    is itself done, it and what came after it are done once more.

    Raises:
        Absent: the run has not taken this step.
    """
    latest: dict[str, RunStep] = {}
    for row in rows:
        if row.step not in latest or row.attempt > latest[row.step].attempt:
            latest[row.step] = row
    chosen = latest.get(step)
    if chosen is None:
        raise Absent("step_absent", f"The run has not taken a step {step}.", remedy=f"It took: {', '.join(latest)}.")
    again = chosen.state is StepState.DONE
    found = dict(before)
    for row in latest.values():
        if row.started < chosen.started and row is not chosen:
            continue
        if row.state in (StepState.REFUSED, StepState.SKIPPED) or (again and row.state is StepState.DONE):
            found[row.step] = row.attempt + 1
    return found
