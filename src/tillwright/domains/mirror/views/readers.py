"""An organisation's own sign-in for SQL: a role that sees its mirror and nothing else, and can change nothing."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

from tillwright.domains import audit
from tillwright.domains.mirror.views import store
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.seal import Secret

RIGHT = "mirror:open_reader"


@dataclass(frozen=True)
class Reader:
    """`password` is shown once and kept nowhere."""

    role: str
    password: Secret


class Readers:
    """One sign-in an organisation; its name is a pure function of the organisation's id."""

    def __init__(self, *, clock: Clock, database: Database) -> None:
        self._clock = clock
        self._database = database

    async def open(self, principal: Principal) -> Reader:
        """Make the organisation's reader, or give it a new password.

        Raises:
            Denied: the caller may not, or the database's owner may not make roles.
        """
        principal.require(RIGHT)
        organisation_id, at = principal.organisation_id, self._clock.now()
        reader = Reader(_role_of(organisation_id), Secret(secrets.token_urlsafe(24)))
        await asyncio.to_thread(
            store.make_reader,
            self._database.owner_url, organisation_id, reader.role, reader.password, by=principal.name, at=at,
        )  # fmt: skip
        await self._note(principal, "open_reader", reader.role)
        return reader

    async def close(self, principal: Principal) -> bool:
        """Take the organisation's reader away and end its sessions; False if there was none.

        Raises:
            Denied: the caller may not.
        """
        principal.require(RIGHT)
        role = _role_of(principal.organisation_id)
        gone = await asyncio.to_thread(store.drop_reader, self._database.owner_url, principal.organisation_id, role)
        if gone:
            await self._note(principal, "close_reader", role)
        return gone

    async def _note(self, principal: Principal, verb: str, role: str) -> None:
        async with self._database.tenant(principal.organisation_id) as tx:
            await audit.record(
                tx, principal.organisation_id, principal.actor, f"mirror:{role}:{verb}", role, {}, self._clock.now()
            )


def _role_of(organisation_id: str) -> str:
    return "tillwright_reader_" + ids.digest("reader", organisation_id)[:12]
