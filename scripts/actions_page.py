"""The page on actions, written from the catalogue: inputs, an example that passes the check, and the answer of each."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import yaml

from tillwright.domains.automation import answers
from tillwright.domains.automation.action import Action
from tillwright.domains.automation.catalogue import catalogue
from tillwright.domains.automation.inputs import Input

KINDS = {
    "text": "A text; of some inputs, one of the words in brackets.",
    "id": "The id of an object at Stripe, most often `${object.…}` or `${steps.<id>.id}`.",
    "integer": "A whole number. Amounts are in the currency's minor units: 2900 is 29.00 EUR, and 2900 JPY.",
    "number": "A number, such as a percentage.",
    "boolean": "`true` or `false`.",
    "currency": "Three small letters, such as `eur`.",
    "time": "Unix seconds, or a date or time by RFC 3339, in UTC unless it says otherwise: `2027-01-31`.",
    "email": "A mail address.",
    "url": "An address that begins with `https://` or `http://`.",
    "texts": "A list of texts.",
    "labels": "A map of texts to texts, as Stripe's metadata is; 49 at most.",
    "map": "A map, as the meaning says.",
    "any": "Anything that JSON has.",
    "shape": "A parameter of Stripe's, nested as Stripe's documentation nests it, and checked against that.",
}
MOST_CHOICES = 24
_VALUES: Mapping[str, Any] = {
    "text": "Hello", "id": "${object.id}", "email": "${object.customer_email}", "integer": 500, "number": 10,
    "boolean": True, "texts": ["${object.id}"], "labels": {"source": "workflow"}, "map": {"status": "open"},
    "any": "hello", "currency": "eur", "time": "2027-01-31", "url": "https://shop.example.com/thanks",
}  # fmt: skip
_NAMED: Mapping[str, Any] = {
    "customer": "${object.customer}", "coupon": "${steps.coupon.id}", "webhook": "team_channel", "price": "price_pro",
    "event_name": "api_calls", "value_list": "rsl_blocked", "type": "eu_vat", "items": [{"price": "price_pro"}],
    "evidence": {"customer_name": "${object.name}"}, "values": {"wanted": "${object.amount - 500}"},
}  # fmt: skip


def actions_page() -> str:
    """Every named action by its area."""
    text = (
        "# Actions\n\nWhat a step of a [workflow](workflows.md) can do. Beside these, every operation of Stripe's API "
    )
    text += (
        "is an action by\nitself: see [stripe-actions.md](stripe-actions.md). Any value may be an expression, `${…}`; "
    )
    text += (
        "it is worked out when the run gets\nto the step, and checked then as what is written is checked on saving.\n"
    )
    text += "\n| kind of input | is |\n|---|---|\n"
    text += "".join(f"| {kind} | {meaning} |\n" for kind, meaning in KINDS.items())
    area = ""
    named = [action for action in catalogue().values() if not action.generated]
    for action in sorted(named, key=lambda a: (a.area, a.name)):
        if action.area != area:
            area = action.area
            text += f"\n## {area}\n"
        text += _one(action)
    return text


def _one(action: Action) -> str:
    text = f"\n### {action.name}\n{action.summary}\n\n| input | kind | meaning |\n|---|---|---|\n"
    text += "".join(_row(name, given) for name, given in action.inputs.items())
    given = example_of(action)
    step = {"id": "it", "action": action.name} | ({"with": given} if given else {})
    written = yaml.safe_dump([step], sort_keys=False, allow_unicode=True, width=110)
    return text + f"\n```yaml\n{written}```\n\nLater steps read {_answer(action, given)}.\n"


def _row(name: str, given: Input) -> str:
    more = f" … {len(given.choices)} in all" if len(given.choices) > MOST_CHOICES else ""
    kind = given.kind + (f" ({', '.join(given.choices[:MOST_CHOICES])}{more})" if given.choices else "")
    if given.low is not None or given.high is not None:
        kind += f", {_range(given.low, given.high)}"
    kind += ", **required**" if given.required else ""
    usual = f" `{given.default}`, if left out." if given.default not in (None, False, "", (), []) else ""
    return f"| `{name}` | {kind} | {given.summary}{usual} |\n"


def _range(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"at most {high:,}" if low is None else f"{low:,} or more"
    return f"{low:,} to {high:,}"


def example_of(action: Action) -> dict[str, Any]:
    """The fewest inputs that the check takes.

    Raises:
        ValueError: none are found; give the input a value in `_NAMED`.
    """
    needed = {name: _value(name, one) for name, one in action.inputs.items() if one.required}
    others = [name for name, one in action.inputs.items() if not one.required and one.kind != "shape"]
    # To change something, there must be something to change.
    for size in (1, 2) if action.name.startswith(("update_", "list_", "find_", "count_", "sum_")) else (0, 1, 2):
        for more in combinations(others, size):
            given = needed | {name: _value(name, action.inputs[name]) for name in more}
            if not action.problems(given, draft=True):
                return given
    raise ValueError(f"no example of {action.name}")


def _value(name: str, given: Input) -> Any:
    if given.choices:
        return "invoice" if "invoice" in given.choices else given.choices[0]
    if name in _NAMED and given.kind not in ("boolean", "integer"):
        return _NAMED[name]
    value = _VALUES.get(given.kind)
    if given.kind in ("integer", "number"):
        value = value if given.high is None else min(value, given.high)
        value = value if given.low is None else max(value, given.low)
    return value


def _answer(action: Action, given: Mapping[str, Any]) -> str:
    shape = answers.shape_of(action, given, goes_on=False)
    if isinstance(shape, str):
        return f"the fields of Stripe's `{shape[1:]}`" if shape.startswith("@") else "what Stripe answers"
    return ", ".join(f"`{name}`" for name in shape)
