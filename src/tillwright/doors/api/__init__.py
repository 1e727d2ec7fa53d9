"""The HTTP API for programs, and the address where Stripe's events come in."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute, Route

from tillwright.doors.api import hook_intake, intake
from tillwright.doors.api.app import PREFIXES, create_app
from tillwright.wiring import House

__all__ = ["create_app", "routes"]


def routes(house: House) -> Sequence[BaseRoute]:
    """The two intakes' own routes, then one for each path below which the API answers."""
    app = create_app(house)
    intakes = [*intake.routes(house.webhooks), *hook_intake.routes(house.automation.hooks)]
    return [*intakes, *(Route(prefix, endpoint=app) for prefix in PREFIXES)]
