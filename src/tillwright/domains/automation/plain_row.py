"""How a row of `plain_calls` becomes an action: an operation of Stripe's, under a friendlier name and inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import Request, StripeRead, StripeWrite
from tillwright.gateways.stripe.operations import operations
from tillwright.kit.errors import Problem

LABELS = Input("labels", "Labels of your own; those already there stay.")
CURRENCY = Input("currency", "The currency, such as eur.", required=True)


def an(what: str, *, required: bool = True) -> Input:
    """The id of something, such as "an" invoice."""
    return Input("id", f"The {what}'s id.", required=required)


def like(operation: str, parameter: str, summary: str, *, required: bool = False) -> Input:
    """An input with the very shape that Stripe's parameter has."""
    return Input("shape", summary, required=required, shape=operations()[f"stripe.{operation}"].params[parameter])


def call(
    name: str,
    summary: str,
    operation: str,
    inputs: Mapping[str, Input],
    *,
    area: str,
    places: Mapping[str, str] | None = None,
    fixed: Mapping[str, Any] | None = None,
    cross: Callable[[Mapping[str, Any]], Sequence[Problem]] | None = None,
) -> Action:
    """An action that is one request.

    Args:
        operation: as in the table of operations, without its `stripe.`.
        inputs: the first of them stand in the operation's path, in the path's order.
        places: where an input goes if not under its own name, such as `invoice_settings.footer`.
        fixed: what every request carries.

    Raises:
        RuntimeError: Stripe has no such operation, or it takes no such parameter.
    """
    row = operations().get(f"stripe.{operation}")
    if row is None:
        raise RuntimeError(f"{name}: Stripe has no operation {operation}")
    in_path = list(inputs)[: len(row.in_path)]
    where = {given: (places or {}).get(given, given) for given in inputs if given not in in_path}
    taken = {place.split(".")[0] for place in where.values()} | set(fixed or {})
    if unknown := taken - row.params.keys():
        raise RuntimeError(f"{name}: {operation} takes no {', '.join(sorted(unknown))}")

    def build(given: Mapping[str, Any]) -> Request:
        path = row.path.format(**dict(zip(row.in_path, (given[one] for one in in_path), strict=True)))
        params = _nested({place: given[one] for one, place in where.items() if one in given} | dict(fixed or {}))
        if row.method == "GET":
            return StripeRead(path, params)
        return StripeWrite(row.method, path, params)

    return Action(name, summary, inputs, build, cross or _goes, area=area)


def one_of(*names: str) -> Callable[[Mapping[str, Any]], Sequence[Problem]]:
    """A complaint unless exactly one of these inputs is given."""

    def cross(given: Mapping[str, Any]) -> Sequence[Problem]:
        if sum(given.get(name) is not None for name in names) == 1:
            return ()
        either = " or ".join(f"`{name}`" for name in names)
        return [Problem("input_invalid", f"Give one of {either}, and only one.", names[0])]

    return cross


def _goes(given: Mapping[str, Any]) -> Sequence[Problem]:
    return ()


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """`{"a.b": 1}` as `{"a": {"b": 1}}`."""
    made: dict[str, Any] = {}
    for place, value in flat.items():
        *maps, last = place.split(".")
        inner = made
        for part in maps:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return made
