"""Asks a tool for somebody: who may, of which account, how often; and a line in the trail for each question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from tillwright.domains import audit
from tillwright.domains.assistant import arguments as reading
from tillwright.domains.assistant import store
from tillwright.domains.assistant.asking import Asking
from tillwright.domains.assistant.catalogue import catalogue
from tillwright.domains.assistant.connected import ConnectedSource
from tillwright.domains.assistant.mirrored import MirroredSource
from tillwright.domains.assistant.model import Answer
from tillwright.domains.assistant.source import Source
from tillwright.domains.assistant.tool import Tool
from tillwright.domains.connections import Connections
from tillwright.domains.connections.platform import Platforms
from tillwright.domains.mirror import Mirror
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Denied, TillwrightError

Via = Literal["connection", "organisation"]


@dataclass(frozen=True)
class Allowance:
    """Questions a user may ask."""

    a_minute: int = 60
    a_day: int = 5000


class Assistant:
    """Every tool, for every door. It holds a reader, a mirror and nothing that could write to Stripe."""

    def __init__(
        self,
        *,
        clock: Clock,
        database: Database,
        connections: Connections,
        platforms: Platforms,
        mirror: Mirror,
        allowance: Allowance | None = None,
    ) -> None:
        self._clock = clock
        self._database = database
        self._connections = connections
        self._platforms = platforms
        self._mirror = mirror
        self._allowance = allowance or Allowance()

    def tools(self) -> Mapping[str, Tool]:
        """What can be asked, by name."""
        return catalogue()

    async def ask(
        self,
        principal: Principal,
        name: str,
        given: Mapping[str, Any],
        *,
        via: Via = "connection",
        livemode: bool | None = None,
        door: str = "console",
    ) -> Answer:
        """One tool's answer.

        Args:
            via: the caller's own connected account, or the organisation's mirror.
            livemode: the mode the caller is bound to; that of the organisation's integration without it.
            door: who asks, for the trail: `console`, `mcp`, `api`, `cli`.

        Raises:
            Absent: no connection. Conflict: the integration is gone or of another mode.
            Denied: no such tool (there is none that writes), too many questions, or the caller may not.
            Invalid: the arguments, with every complaint. Upstream: Stripe did not answer.
        """
        principal.require("assistant:use")
        await self._count(principal)
        source: Source | None = None
        try:
            tool = self._tool(name)
            values = reading.read(tool, given)
            source = await self._source(principal, via, livemode, name)
            asking = Asking(name, values, source, now=self._clock.now(), personal=await self.personal(principal))
            answer = asking.answer(await tool.run(asking))
        except TillwrightError as error:
            await self._note(principal, door, name, given, source, {"error": error.code})
            raise
        counts = {"rows": answer.coverage.rows_read, "total": answer.total, "ids": list(answer.ids[:50])}
        await self._note(principal, door, name, given, source, counts)
        return answer

    async def livemode(self, principal: Principal) -> bool:
        """The mode the caller's organisation is in. Raises Absent where no Stripe is connected."""
        principal.require("assistant:use")
        return (await self._platforms.of(principal.organisation_id)).livemode

    def _tool(self, name: str) -> Tool:
        tool = self.tools().get(name)
        if tool is None:
            raise Denied(
                "tool_unknown",
                f"There is no tool {name[:60]!r}, and none that changes anything.",
                remedy=f"Use one of: {', '.join(self.tools())}.",
            )
        return tool

    async def personal(self, principal: Principal) -> bool:
        """Whether the caller allows names, addresses and card digits in answers; not unless they said so."""
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.personal(tx, principal.organisation_id, principal.actor_id)

    async def show_personal(self, principal: Principal, allowed: bool) -> None:
        """The caller's own choice; it holds for every assistant that asks in their name."""
        principal.require("assistant:use")
        organisation_id, at = principal.organisation_id, self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            await store.choose(tx, organisation_id, principal.actor_id, allowed, at)
            detail = {"personal": allowed}
            await audit.record(
                tx, organisation_id, principal.actor, "user:assistant:choose", principal.actor_id, detail, at
            )

    async def _source(self, principal: Principal, via: Via, livemode: bool | None, name: str) -> Source:
        if via == "connection":
            reading_ = await self._connections.read(principal, livemode=livemode, why=f"answer {name}")
            return ConnectedSource(reading_, self._clock)
        principal.require("assistant:organisation")
        platform = await self._platforms.of(principal.organisation_id)
        if livemode is not None and livemode is not platform.livemode:
            raise Denied(
                "mode_mismatch",
                "The organisation's Stripe is connected in the other mode.",
                remedy="Give the assistant access anew, for the mode the organisation is in.",
            )
        return MirroredSource(
            mirror=self._mirror,
            database=self._database,
            clock=self._clock,
            organisation_id=principal.organisation_id,
            account_id=platform.account_id,
            account_name=platform.account_name,
            livemode=platform.livemode,
        )

    async def _count(self, principal: Principal) -> None:
        now = self._clock.now()
        minute = now.replace(second=0, microsecond=0)
        async with self._database.tenant(principal.organisation_id) as tx:
            in_minute, in_day = await store.count(
                tx, principal.organisation_id, principal.actor_id, minute, minute - timedelta(days=1)
            )
        if in_minute > self._allowance.a_minute or in_day > self._allowance.a_day:
            raise Denied(
                "too_many_questions",
                f"More than {self._allowance.a_minute} questions a minute or {self._allowance.a_day} a day.",
                remedy="Wait a minute, then go on.",
            )

    async def _note(
        self,
        principal: Principal,
        door: str,
        name: str,
        given: Mapping[str, Any],
        source: Source | None,
        came: Mapping[str, Any],
    ) -> None:
        """Who asked what, what was sent to Stripe for it, what came back: ids and counts, never the data."""
        asked = {_storable(str(key)[:60]): _storable(str(value)[:200]) for key, value in list(given.items())[:30]}
        account = {"accountId": source.account_id, "via": source.via, "calls": dict(source.calls)} if source else {}
        detail = {"arguments": asked} | account | dict(came)
        organisation_id = principal.organisation_id
        async with self._database.tenant(organisation_id) as tx:
            await audit.record(
                tx,
                organisation_id,
                principal.actor,
                f"{door}:assistant:ask",
                _storable(name[:100]),
                detail,
                self._clock.now(),
            )


def _storable(text: str) -> str:
    """Without the one character that a database keeps nowhere: a question with it belongs into the trail, too."""
    return text.replace("\x00", "\ufffd")
