"""Every operation of Stripe's API as an action, from the generated table: nothing here is written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import Request, StripeRead, StripeWrite
from tillwright.gateways.stripe.operations import Operation, operations


@lru_cache(maxsize=1)
def rows() -> tuple[Action, ...]:
    """An action an operation, under the operation's name."""
    return tuple(_action(operation) for operation in operations().values())


def _action(operation: Operation) -> Action:
    inputs = {name: Input("id", f"The {name.replace('_', ' ')}.", required=True) for name in operation.in_path}
    inputs |= {
        name: Input("shape", "", required=name in operation.required, shape=shape)
        for name, shape in operation.params.items()
    }

    def build(given: Mapping[str, Any]) -> Request:
        path = operation.path.format(**{name: given[name] for name in operation.in_path})
        params = {name: value for name, value in given.items() if name not in operation.in_path}
        if operation.method == "GET":
            return StripeRead(path, params)
        return StripeWrite(operation.method, path, params)

    title = operation.title or f"{operation.method} {operation.path}"
    return Action(operation.name, f"{title.rstrip('.')}.", inputs, build, area=_area(operation), generated=True)


def _area(operation: Operation) -> str:
    """`Checkout sessions`: what the operation is about, for lists of actions."""
    things = operation.name.split(".")[1:-1]
    return "Stripe: " + " ".join(things).replace("_", " ")
