"""What an action may be given: each input's kind, and the complaint about a value that does not fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from tillwright.domains.automation import parameters, values
from tillwright.domains.automation.shapes import is_list, is_map
from tillwright.kit.errors import Problem

Kind = Literal[
    "text",
    "id",
    "email",
    "integer",
    "number",
    "boolean",
    "texts",
    "labels",
    "map",
    "any",
    "currency",
    "time",
    "url",
    "shape",
]

_ID = re.compile(r"[A-Za-z0-9_\-]{1,255}")
_EMAIL = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@[^@\s<>,;:\"()\[\]\\]{1,250}")
_CURRENCY = re.compile(r"[a-z]{3}")
_URL = re.compile(r"https?://[^\s/?#]+([/?#]\S*)?")
MOST_LABELS = 49
"""Stripe keeps 50 keys of metadata; one is ours, for the operation id."""


@dataclass(frozen=True)
class Input:
    """One input: its kind, what it means, and its limits (`low` and `high` include themselves).

    `labels` is a map of texts to texts, as metadata is; a `time` is given in unix seconds or as a date or time of
    RFC 3339 (UTC unless it says otherwise); `longest` counts characters; `shape` is that of a parameter of Stripe's
    (see `parameters`); `default` is what a step gets that leaves it out.
    """

    kind: Kind
    summary: str
    required: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    longest: int = 5_000
    default: Any = None
    shape: Mapping[str, Any] = field(default_factory=lambda: {})

    def schema(self) -> dict[str, Any]:
        """As JSON Schema, for editors; an expression is allowed in place of any value."""
        if self.kind == "shape":
            return parameters.schema(self.shape) | ({"description": self.summary} if self.summary else {})
        base: dict[str, Any] = {"description": self.summary} | ({"default": self.default} if self.default else {})
        if self.kind in ("integer", "number"):
            limits = {"minimum": self.low, "maximum": self.high}
            base["anyOf"] = [{"type": self.kind} | {k: v for k, v in limits.items() if v is not None}, _EXPRESSION]
        elif self.kind in _SCHEMAS:
            base |= _SCHEMAS[self.kind]
        elif self.choices:
            base["anyOf"] = [{"enum": list(self.choices)}, _EXPRESSION]
        else:
            base["type"] = "string"
        return base


_EXPRESSION = {"type": "string", "pattern": r"\$\{"}
_SCHEMAS: Mapping[str, dict[str, Any]] = {
    "boolean": {"anyOf": [{"type": "boolean"}, _EXPRESSION]},
    "texts": {"anyOf": [{"type": "array", "items": {"type": "string"}}, _EXPRESSION]},
    "labels": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
    "map": {"anyOf": [{"type": "object"}, _EXPRESSION]},
    "any": {},
    "time": {"type": ["integer", "string"]},
}


def complaint(name: str, rule: Input, value: Any) -> Problem | None:
    """What is wrong with one value, or None."""
    reason = _reason(rule, value)
    return Problem("input_invalid", f"`{name}` {reason}.", name, rule.summary) if reason else None


def _reason(rule: Input, value: Any) -> str | None:
    match rule.kind:
        case "integer" | "number":
            return _number(rule, value)
        case "boolean":
            return None if isinstance(value, bool) else "must be true or false"
        case "texts":
            texts = is_list(value) and all(isinstance(item, str) for item in value)
            return None if texts else "must be a list of texts"
        case "labels":
            return _labels(value)
        case "map":
            return None if is_map(value) else "must be a map"
        case "any":
            return None
        case "currency":
            fits = isinstance(value, str) and _CURRENCY.fullmatch(value.lower())
            return None if fits else f"is {value!r}; three letters such as eur are needed"
        case "time":
            return None if unix(value) is not None else f"is {value!r}, which is no time"
        case _:
            return _text(rule, value)


def _number(rule: Input, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"must be a number, not {_named(value)}"
    if rule.kind == "integer" and not isinstance(value, int):
        return "must be a whole number"
    if rule.low is not None and value < rule.low:
        return f"is {value}; at least {rule.low:g} is needed"
    if rule.high is not None and value > rule.high:
        return f"is {value}; at most {rule.high:g} is allowed"
    return None


def _text(rule: Input, value: Any) -> str | None:
    if not isinstance(value, str):
        return f"must be a text, not {_named(value)}"
    if not value.strip():
        return "is empty"
    if len(value) > rule.longest:
        return f"has {len(value)} characters; at most {rule.longest} are allowed"
    if rule.choices and value not in rule.choices:
        return f"is {value!r}; one of {', '.join(rule.choices)} is needed"
    if rule.kind == "id" and not _ID.fullmatch(value):
        return f"is {value!r}, which is no id"
    if rule.kind == "url" and not _URL.fullmatch(value):
        return f"is {value[:80]!r}, which is no address; write it out from https:// on"
    if rule.kind == "email" and not _EMAIL.fullmatch(value):
        return f"is {value[:80]!r}, which is no e-mail address"
    return None


def _labels(value: Any) -> str | None:
    if not is_map(value):
        return "must be a map of texts"
    if len(value) > MOST_LABELS:
        return f"has {len(value)} keys; at most {MOST_LABELS} are allowed"
    for key, label in value.items():
        if not 1 <= len(key) <= 40:
            return f"has the key {key[:50]!r}; keys have 1 to 40 characters"
        if isinstance(label, (list, dict)) or len(str(label)) > 500:
            return f"has no plain text of at most 500 characters under {key!r}"
    return None


def _named(value: Any) -> str:
    return (
        "nothing"
        if value is None
        else {"str": "a text", "list": "a list", "dict": "a map"}.get(type(value).__name__, f"{value!r}")
    )


def unix(value: Any) -> int | None:
    """A `time` in unix seconds; None if it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 < value < 32_503_680_000 else None
    try:
        moment = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None
    if moment is None:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def plain(rules: Mapping[str, Input], given: Mapping[str, Any]) -> dict[str, Any]:
    """Checked inputs as actions get them: defaults filled in, times in unix seconds, currencies in small letters."""
    made: dict[str, Any] = {}
    for name, rule in rules.items():
        value = rule.default if given.get(name) is None else given[name]
        if value is None:
            continue
        made[name] = unix(value) if rule.kind == "time" else value.lower() if rule.kind == "currency" else value
    return made


def check(rules: Mapping[str, Input], given: Mapping[str, Any], *, draft: bool) -> Sequence[Problem]:
    """Every complaint about an action's inputs; in a draft, values that hold `${…}` are judged only when run."""
    problems: list[Problem] = [
        Problem(
            "input_unknown",
            f"There is no input `{name}`.",
            name,
            f"Known: {', '.join(rules)}.",
        )
        for name in given
        if name not in rules
    ]
    for name, rule in rules.items():
        value = given.get(name)
        if value is None:
            if rule.required:
                problems.append(Problem("input_missing", f"`{name}` is needed.", name, rule.summary))
            continue
        if rule.kind == "shape":
            problems += _shaped(name, rule, value)
            continue
        if draft and _open(value):
            continue
        found = complaint(name, rule, value)
        if found:
            problems.append(found)
    return problems


def _shaped(name: str, rule: Input, value: Any) -> Iterator[Problem]:
    for inside, reason in parameters.complaints(rule.shape, value):
        where = f"{name}{inside}" if inside.startswith("[") else ".".join(filter(None, (name, inside)))
        yield Problem("input_invalid", f"`{where}` {reason}.", where, "See Stripe's documentation of it.")


def _open(value: Any) -> bool:
    """Whether a value can't be judged before the run; a broken `${` is somebody else's complaint."""
    return any("${" in text for _, text in values.texts(value))
