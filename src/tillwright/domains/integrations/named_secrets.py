"""Secrets that workflows use by name: a webhook's address, another service's token. Written once, never shown again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from tillwright.domains import audit
from tillwright.domains.audit import Actor
from tillwright.domains.integrations import credential_store
from tillwright.domains.integrations.credentials import Credentials
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Invalid
from tillwright.kit.seal import Secret

_PARTNER = "WORKFLOW"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
LONGEST = 4096
_RUNS = Actor("SYSTEM", "runs", "Workflow runs")


class NamedSecrets:
    """An organisation's secrets, sealed like its keys."""

    def __init__(self, *, database: Database, clock: Clock, credentials: Credentials) -> None:
        self._database = database
        self._clock = clock
        self._credentials = credentials

    async def put(self, principal: Principal, name: str, secret: Secret) -> None:
        """Keep a secret under a name, in place of the one that was there.

        Raises:
            Invalid: the name or the secret can't be used.
        """
        principal.require("workflow:write")
        if not _NAME.fullmatch(name):
            raise Invalid(
                "secret_name_invalid",
                f"{name[:80]!r} is no name for a secret.",
                field="name",
                remedy="Use a-z, 0-9 and _, a letter first, at most 63.",
            )
        text = secret.reveal()
        if not text.strip() or len(text) > LONGEST or not text.isprintable():
            raise Invalid("secret_invalid", f"A secret is one line of 1 to {LONGEST} characters.", field="secret")
        now = self._clock.now()
        async with self._database.tenant(principal.organisation_id) as tx:
            await self._credentials.put(
                tx, principal.organisation_id, partner=_PARTNER, purpose=name, livemode=False, secret=secret, at=now
            )
            await audit.record(tx, principal.organisation_id, principal.actor, "integrations:secret:put", name, {}, now)

    async def delete(self, principal: Principal, name: str) -> None:
        """Shred a secret.

        Raises:
            Absent: there is none of this name.
        """
        principal.require("workflow:write")
        async with self._database.tenant(principal.organisation_id) as tx:
            gone = await self._credentials.shred(tx, principal.organisation_id, partner=_PARTNER, purpose=name)
            if not gone:
                raise Absent("secret_absent", f"There is no secret {name[:80]!r}.")
            await audit.record(
                tx, principal.organisation_id, principal.actor, "integrations:secret:delete", name, {},
                self._clock.now(),
            )  # fmt: skip

    async def names(self, principal: Principal) -> Sequence[tuple[str, datetime]]:
        """(name, when it was put there), by name; never the secrets."""
        principal.require("workflow:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await credential_store.names(tx, principal.organisation_id, _PARTNER)

    async def open(self, organisation_id: str, name: str, *, why: str) -> Secret:
        """A secret, for a run that needs it; noted in the audit.

        Raises:
            Absent: there is none of this name.
        """
        async with self._database.tenant(organisation_id) as tx:
            try:
                return await self._credentials.open(
                    tx, organisation_id, partner=_PARTNER, purpose=name, actor=_RUNS, why=why, at=self._clock.now()
                )
            except Absent:
                raise Absent(
                    "secret_absent",
                    f"There is no secret {name[:80]!r}.",
                    remedy="Put it there under Settings, Secrets.",
                ) from None
