"""The steps of a definition as values: what an action is asked, and the blocks that control steps hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CONTROLS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "if": (frozenset({"then"}), frozenset({"else"})),
    "switch": (frozenset({"cases"}), frozenset({"else"})),
    "for_each": (frozenset({"steps"}), frozenset({"as", "at_most", "at_once"})),
    "wait": (frozenset(), frozenset()),
    "approval": (frozenset(), frozenset({"on_failure"})),
    "stop": (frozenset(), frozenset({"state"})),
    "call": (frozenset(), frozenset({"with", "on_failure"})),
}
"""The word a control step is known by, with the keys it needs besides and those it may have."""
DECIDED_AT_ONCE = frozenset({"if", "switch", "for_each", "stop"})
"""Controls that an expression decides."""
MOST_ITEMS = 10_000
"""Items of one `for_each`."""
USUAL_ITEMS = 100
MOST_AT_ONCE = 50


@dataclass(frozen=True)
class Retry:
    """How often a step that ended in a no is meant anew: each time is a new intent, with a key of its own."""

    times: int
    wait: int
    """Seconds before the first; doubled for each that follows."""


@dataclass(frozen=True)
class ApprovalRule:
    """What a person is asked. `within` in seconds; `when` narrows it to some requests."""

    role: str = "EDITOR"
    within: int = 3 * 86_400
    ask: str = ""
    when: str | None = None
    notify: tuple[str, ...] = ()
    amount: str | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Step:
    """One step. `kind` is `action` or a control's word; `action` names the action, or repeats that word.

    `inputs` is what stands under `with:`, its `${…}` not yet filled in. `settings` is what a control step says
    besides; `blocks` are the steps it holds: `then`, `else`, `steps`, or a case's value.
    """

    id: str
    action: str
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    when: str | None = None
    kind: str = "action"
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    blocks: Mapping[str, tuple[Step, ...]] = field(default_factory=dict[str, "tuple[Step, ...]"])
    retry: Retry | None = None
    approval: ApprovalRule | None = None
    goes_on: bool = False
    """`on_failure: continue`: a no ends this step, not the run."""
    document: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)
    """As it was written."""


def kind_of(data: Mapping[str, Any]) -> str | None:
    """`action`, a control's word, or None for a step that says neither."""
    if "action" in data:
        return "action"
    return next((word for word in CONTROLS if word in data), None)


def every(steps: Sequence[Step]) -> Iterator[Step]:
    """All steps, those inside blocks too, in the order they are written."""
    for step in steps:
        yield step
        for block in step.blocks.values():
            yield from every(block)
