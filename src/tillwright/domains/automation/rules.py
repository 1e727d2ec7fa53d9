"""What can start a workflow, as a definition says it; and the shapes of what such a start brings along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tillwright.domains.automation import own_events
from tillwright.domains.automation.chains import Shape
from tillwright.domains.automation.inputs import Input
from tillwright.gateways.stripe import schemas
from tillwright.gateways.stripe.schemas import ANYTHING

STRIPE = "stripe:event:"
"""How the spine names an applied Stripe event; its type follows."""
KINDS = ("stripe_event", "event", "schedule", "manual", "api", "webhook")
BARE = ("manual", "api", "webhook")
"""Those that may be written as a word alone, without `: {}`."""
HELP: Mapping[str, tuple[str, str]] = {
    "stripe_event": ("An event of Stripe's, whichever way it came in.", "stripe_event: invoice.payment_failed"),
    "event": (
        "An event of ours, by its name or by its scope of notifications, such as FAIL.WORKFLOW_EXECUTION.",
        "event: entitlement:STRIPE:end_soon",
    ),
    "schedule": ("A time, in a zone of your choice.", 'schedule: {cron: "0 9 * * 1", time_zone: Europe/Berlin}'),
    "manual": ("A person, by a button and a form.", "manual: {inputs: {amount: {type: integer, required: true}}}"),
    "api": ("A program of yours, with an API key.", "api: {object: customer}"),
    "webhook": (
        "A signed request to an address of its own; opened on its page.",
        "webhook: {fields: {order: {type: text, required: true}}}",
    ),
}
"""For editors: what each kind of start is, and how it is written."""


_TIME: Shape = {"scheduled": "i", "time_zone": "s"}
"""What a schedule's run is given: when it was due, in unix seconds, and in which zone that was said."""


@dataclass(frozen=True)
class Rule:
    """One way a workflow starts.

    `value` is a Stripe event type or the name of an event of ours (`*` for any word), else empty; `scope` is the scope
    of notifications it was written as, if it was.
    """

    kind: str
    value: str = ""
    cron: str = ""
    time_zone: str = "UTC"
    inputs: Mapping[str, Input] = field(default_factory=dict[str, Input])
    object_type: str | None = None
    """For `manual` and `api`: the kind of Stripe object that is named at the start, and fetched."""
    scope: str = ""

    @property
    def sends(self) -> Shape:
        """What `event.data` is after such a start: what an event of ours, a delivery or a time brings along.

        Of a Stripe event it is empty: nothing is decided on what that carried, but on `object`, fetched again.
        """
        if self.kind == "webhook":
            return {name: ANYTHING for name in self.inputs} if self.inputs else ANYTHING
        if self.kind == "schedule":
            return _TIME
        return own_events.shape_of(self.value) if self.kind == "event" else {}

    @property
    def listens_to(self) -> str | None:
        """The name on the spine that starts it; None if nothing there does."""
        if self.kind == "stripe_event":
            return STRIPE + self.value
        return self.value if self.kind == "event" else None

    @property
    def words(self) -> str:
        """For people, in a list."""
        if self.kind == "schedule":
            return f"schedule {self.cron} ({self.time_zone})"
        return self.scope or self.value or self.kind

    @property
    def shape(self) -> Shape:
        """What `object` is after such a start."""
        if self.kind == "stripe_event":
            return schemas.shape_of(schemas.event_types().get(self.value))
        if self.kind == "event":
            return own_events.shape_of(self.value)
        if self.kind in ("webhook", "schedule"):
            return self.sends
        return schemas.shape_of(self.object_type) if self.object_type else {}


def of(data: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules of a definition that was checked."""
    given = data["triggers"] if "triggers" in data else [data["trigger"]]
    return tuple(rule for one in given for rule in _rules(one))


def _rules(data: Mapping[str, Any] | str) -> Sequence[Rule]:
    """A scope of notifications is as many rules as it answers events."""
    if isinstance(data, str):
        return [Rule(data)]
    kind = next(word for word in KINDS if word in data)
    value: Any = data[kind]
    if kind == "event" and own_events.is_scope(value):
        return [_event(name, value) for name in own_events.answered(value)]
    if kind in ("stripe_event", "event"):
        return [Rule(kind, value)]
    if kind == "schedule":
        return [Rule(kind, cron=value["cron"], time_zone=value.get("time_zone", "UTC"))]
    given: Mapping[str, Any] = value or {}
    asked: Mapping[str, Any] = given.get("fields" if kind == "webhook" else "inputs") or {}
    inputs = {name: input_of(one) for name, one in asked.items()}
    return [Rule(kind, inputs=inputs, object_type=given.get("object"))]


def _event(name: str, scope: str) -> Rule:
    if name.startswith(STRIPE):
        return Rule("stripe_event", name.removeprefix(STRIPE), scope=scope)
    return Rule("event", name, scope=scope)


def awaited(event: str) -> Sequence[Rule]:
    """What a wait for an event listens to, which may be a Stripe event's type, a name of ours, or a scope."""
    return _rules({"event": event} if ":" in event or own_events.is_scope(event) else {"stripe_event": event})


def is_loose(written: str) -> bool:
    """Whether what is written can mean more than the one event of that name."""
    return "*" in written or own_events.is_scope(written)


def hears(written: str, name: str) -> bool:
    """Whether what is written, as in a wait, means an event of this name."""
    return any(matches(rule.listens_to or "", name) for rule in awaited(written))


def input_of(data: Mapping[str, Any]) -> Input:
    """One field of a start's form."""
    return Input(
        data.get("type", "text"),
        data.get("summary", ""),
        required=bool(data.get("required")),
        choices=tuple(data.get("choices") or ()),
        low=data.get("low"),
        high=data.get("high"),
    )


def matches(pattern: str, name: str) -> bool:
    """Whether an event of this name is meant by the pattern."""
    if "*" not in pattern:
        return pattern == name
    wanted, words = pattern.split(":"), name.split(":", 2)
    return len(words) == len(wanted) and all(w in ("*", n) for w, n in zip(wanted, words, strict=True))


def object_shape(rules: Sequence[Rule]) -> Shape:
    """What `object` can be after any of these starts: a field known to one of them is known."""
    shapes = [rule.shape for rule in rules]
    if not shapes or ANYTHING in shapes:
        return ANYTHING
    if all(isinstance(shape, str) for shape in shapes):
        return "@" + "|".join(sorted({str(shape)[1:] for shape in shapes}))
    return own_events.together(
        [dict.fromkeys(schemas.fields(s[1:]), ANYTHING) if isinstance(s, str) else s for s in shapes]
    )


def input_shapes(rules: Sequence[Rule]) -> Shape:
    """What `inputs` can be."""
    return {name: ANYTHING for rule in rules if rule.kind != "webhook" for name in rule.inputs}


def data_shape(rules: Sequence[Rule]) -> Shape:
    """What `event.data` can be."""
    shapes = [rule.sends for rule in rules]
    if not shapes or ANYTHING in shapes:
        return ANYTHING
    return own_events.together([one for one in shapes if not isinstance(one, str)])
