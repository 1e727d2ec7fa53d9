"""Saying no to a scope's mails by a link, without signing in."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from tillwright.domains import audit
from tillwright.domains.audit import Actor
from tillwright.domains.notifications.catalogue import catalogue
from tillwright.domains.notifications.optouts import store
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent
from tillwright.kit.seal import Seal

PATH = "/unsubscribe/"
_PURPOSE = "unsubscribe"


@dataclass(frozen=True)
class Link:
    """What a link was made for."""

    organisation_id: str
    scope: str
    address: str


class OptOuts:
    """The links never expire: a mail may be read years later, and all they can do is stop mails to one address."""

    def __init__(self, *, clock: Clock, database: Database, seal: Seal, public_url: str) -> None:
        self._clock = clock
        self._database = database
        self._seal = seal
        self._public_url = public_url

    def url(self, link: Link) -> str:
        """The address that stands in the mail of this recipient."""
        text = "\n".join((link.organisation_id, link.scope, link.address))
        packed = base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
        return f"{self._public_url}{PATH}{packed}.{self._seal.sign(text, purpose=_PURPOSE)}"

    def read(self, token: str) -> Link:
        """Who the link is for.

        Raises:
            Absent: it is none of ours.
        """
        packed, _, mark = token.partition(".")
        try:
            text = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
        except ValueError:
            text = ""
        parts = text.split("\n")
        if len(parts) != 3 or not self._seal.signed(text, mark, purpose=_PURPOSE):
            raise Absent(
                "unsubscribe_link_unknown",
                "This link is not one of ours, or it was cut short.",
                remedy="Open it from the mail again, whole.",
            )
        return Link(*parts)

    async def is_out(self, link: Link) -> bool:
        """Whether that address is off that list."""
        async with self._database.tenant(link.organisation_id) as tx:
            return (link.scope, link.address.lower()) in await store.of(tx, link.organisation_id, link.scope)

    async def leave(self, link: Link) -> None:
        """Take the address off the scope's list; twice is as good as once."""
        await self._change(link, out=True)

    async def come_back(self, link: Link) -> None:
        """Put it on again."""
        await self._change(link, out=False)

    async def _change(self, link: Link, *, out: bool) -> None:
        organisation, now = link.organisation_id, self._clock.now()
        async with self._database.tenant(organisation) as tx:
            if out:
                changed = await store.add(tx, organisation, link.scope, link.address, now)
            else:
                changed = await store.remove(tx, organisation, link.scope, link.address)
            if changed:
                actor = Actor("SYSTEM", "unsubscribe link", link.address)
                action = f"notifications:optout:{'add' if out else 'remove'}"
                said = {"scope": link.scope, "address": link.address}
                await audit.record(tx, organisation, actor, action, link.scope, said, now)

    async def list(self, principal: Principal) -> Sequence[tuple[str, str]]:
        """(scope, address) of everybody who is off a list."""
        principal.require("notification:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            found = await store.of(tx, principal.organisation_id, None)
        return [pair for pair in found if pair[0] in catalogue()]
