"""Values from a document that was checked before: steps, their controls, retries and approvals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains.automation import periods
from tillwright.domains.automation.shapes import is_map
from tillwright.domains.automation.step import ApprovalRule, Retry, Step, kind_of


def condition(value: Any) -> str | None:
    """`when: true` is a boolean to YAML and an expression to us; so is a number."""
    return str(value).lower() if isinstance(value, (bool, int)) else value


def steps(data: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    return tuple(step(one) for one in data)


def step(data: Mapping[str, Any]) -> Step:
    kind = kind_of(data) or "action"
    retry, approval = data.get("retry"), data.get("approval") if kind in ("action", "approval") else None
    return Step(
        id=data["id"],
        action=data["action"] if kind == "action" else kind,
        inputs=data.get("with") or {},
        when=condition(data.get("when")),
        kind=kind,
        settings={} if kind == "action" else _settings(kind, data),
        blocks=_blocks(kind, data),
        retry=Retry(retry["times"], periods.seconds(retry.get("wait", "1m")) or 60) if retry else None,
        approval=_approval(approval) if approval is not None else None,
        goes_on=data.get("on_failure") == "continue",
        document=data,
    )


def _settings(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    settings = {key: data[key] for key in (kind, "as", "at_most", "at_once", "state") if key in data}
    if kind == "if":
        settings["if"] = condition(data["if"])
    return settings


def _blocks(kind: str, data: Mapping[str, Any]) -> dict[str, tuple[Step, ...]]:
    if kind == "if":
        return {name: steps(data[name]) for name in ("then", "else") if data.get(name)}
    if kind == "for_each":
        return {"steps": steps(data["steps"])}
    if kind == "switch":
        cases = {str(value): steps(block or ()) for value, block in data["cases"].items()}
        return cases | ({"else": steps(data["else"])} if data.get("else") else {})
    return {}


def _approval(data: Any) -> ApprovalRule:
    given: Mapping[str, Any] = data if is_map(data) else {}
    return ApprovalRule(
        role=given.get("role", "EDITOR"),
        within=periods.seconds(given.get("within", "3d")) or 3 * 86_400,
        ask=given.get("ask", ""),
        when=condition(given.get("when")),
        notify=tuple(given.get("notify") or ()),
        amount=condition(given.get("amount")),
        currency=given.get("currency"),
    )
