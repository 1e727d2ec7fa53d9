"""What the layout around every page shows: the organisation, its other ones, and the mode it works in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tillwright.domains.integrations import Integration
from tillwright.domains.tenancy import Organisation, Session
from tillwright.wiring import House


@dataclass(frozen=True)
class Shell:
    """`stripe` is None until Stripe is connected; `others` are the user's further organisations.

    `waiting` counts, by the section whose page shows them, what waits for this person.
    """

    stripe: Integration | None
    others: Sequence[Organisation]
    waiting: Mapping[str, int]

    @property
    def mode(self) -> str:
        """`test`, `live`, or `none` while nothing is connected."""
        if self.stripe is None:
            return "none"
        return "live" if self.stripe.livemode else "test"


async def shell_of(house: House, session: Session) -> Shell:
    """Read it for one request."""
    integrations = await house.integrations.list(session.principal)
    stripe = next((i for i in integrations if i.partner == "STRIPE"), None)
    mine = await house.tenancy.organisations(session.user_id)
    waiting = {"approvals": await house.automation.approvals.waiting(session.principal)}
    return Shell(stripe, [o for o in mine if o.id != session.principal.organisation_id], waiting)
