"""What administrators and programs see of their people's connections: that they are, and how to end one.

Nobody reads an account by this: reading is its user's alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from tillwright.domains.connections import refusals, store
from tillwright.domains.connections.ending import Ending
from tillwright.domains.connections.model import Connection
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database


class Overseeing:
    """The verbs over everybody's connections in one organisation."""

    def __init__(self, *, database: Database, ending: Ending) -> None:
        self._database = database
        self._ending = ending

    async def all(self, principal: Principal) -> Sequence[Connection]:
        """Every connection of the organisation's people, the test ones first."""
        principal.require("connection:oversee")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.all_of(tx, principal.organisation_id)

    async def get(self, principal: Principal, connection_id: str) -> Connection:
        """Raises Absent if there is none of this id."""
        for each in await self.all(principal):
            if each.id == connection_id:
                return each
        raise refusals.no_such(connection_id)

    async def end(self, principal: Principal, connection_id: str) -> bool:
        """End it for its user, who is told; False if Stripe could not be told yet.

        Raises:
            Absent: there is none of this id.
        """
        principal.require("connection:oversee")
        async with self._database.tenant(principal.organisation_id) as tx:
            connection = await store.find(tx, principal.organisation_id, connection_id)
            if connection is None:
                raise refusals.no_such(connection_id)
            why = "an administrator of your organisation ended it"
            tell = f"An administrator of your organisation ended the link to {connection.title}."
            owed = await self._ending.end(tx, connection, by=principal.actor, why=why, tell=tell)
        return await self._ending.revoke(principal.organisation_id, owed) if owed else True
