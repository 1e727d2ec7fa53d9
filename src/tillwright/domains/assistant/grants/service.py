"""OAuth 2.1 on our side: a program asks, a person gives, tokens follow, and end when anybody ends them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from tillwright.domains import audit
from tillwright.domains.assistant.grants import store
from tillwright.domains.assistant.grants.model import (
    ACCESS_LIFE,
    CODE_LIFE,
    REFRESH_LIFE,
    REQUEST_LIFE,
    Asked,
    Grant,
    Program,
    Tokens,
)
from tillwright.domains.connections.platform import Platforms
from tillwright.domains.events import SpineEvent
from tillwright.domains.tenancy import Principal, Tenancy
from tillwright.gateways.database import Database, Tally, Tx
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Denied, Invalid
from tillwright.kit.seal import Seal, Secret

_MOST_PROGRAMS_AN_HOUR = 200


class Grants:
    """`resource` is the one audience tokens are made for: the address of our MCP server."""

    def __init__(
        self, *, clock: Clock, database: Database, tenancy: Tenancy, platforms: Platforms, seal: Seal, resource: str
    ) -> None:
        self._clock = clock
        self._database = database
        self._tenancy = tenancy
        self._platforms = platforms
        self._seal = seal
        self.resource = resource

    # --- programs ------------------------------------------------------------------------------------------------

    async def register(self, program: Program) -> None:
        """Keep a program's registration, its secret sealed.

        Raises:
            Denied: too many registered in the last hour.
        """
        now = self._clock.now()
        sealed = self._seal.close(program.document, organisation="", partner="assistant", purpose=program.id)
        async with self._database.open() as tx:
            if await store.programs_since(tx, now - timedelta(hours=1)) >= _MOST_PROGRAMS_AN_HOUR:
                raise Denied("too_many_programs", "Too many programs have registered.", remedy="Try again in an hour.")
            await store.put_program(tx, program.id, program.name[:100], sealed, now)

    async def program(self, program_id: str) -> Program | None:
        async with self._database.open() as tx:
            row = await store.program(tx, program_id, self._clock.now())
        if row is None:
            return None
        document = self._seal.open(bytes(row["sealed"]), organisation="", partner="assistant", purpose=program_id)
        return Program(program_id, row["name"], document)

    # --- asking and giving ---------------------------------------------------------------------------------------

    async def ask(self, asked: Asked) -> Secret:
        """Keep what a program asks for until a person has decided; the ticket names it in their browser.

        Raises:
            Invalid: it asks for another server's audience.
        """
        if asked.resource.rstrip("/") != self.resource.rstrip("/"):
            raise Invalid("audience_unknown", "This server gives access to itself alone.", field="resource")
        ticket = ids.token()
        async with self._database.open() as tx:
            until = self._clock.now() + REQUEST_LIFE
            await store.put_request(tx, ids.fingerprint(ticket), asked.program_id, asdict(asked), until)
        return Secret(ticket)

    async def asked(self, ticket: str) -> Asked:
        """What a person is to decide on.

        Raises:
            Absent: there is no such request, or it is older than ten minutes, or decided.
        """
        return await self._asked(ticket, take=False)

    async def give(self, principal: Principal, ticket: str, via: str) -> str:
        """The person agrees: the address to send their browser to, with a code that works once and for two minutes.

        Raises:
            Absent: as for `asked`. Denied: the caller may not give this. Conflict: no account to give access to.
        """
        principal.require("assistant:use")
        if via == "organisation":
            principal.require("assistant:organisation")
        elif via != "connection":
            raise Invalid("access_unknown", "Access is to your own account or to the organisation's.", field="via")
        if principal.actor_kind != "USER":
            raise Denied("person_required", "Only a person can give an assistant access.")
        platform = await self._platforms.of(principal.organisation_id)
        asked, code, now = await self._asked(ticket, take=True), ids.token(), self._clock.now()
        grant = Grant(
            organisation_id=principal.organisation_id,
            id=ids.new("agr"),
            user_id=principal.actor_id,
            user_name=principal.name,
            program_id=asked.program_id,
            program_name=asked.program_name,
            via=via,
            livemode=platform.livemode,
            resource=self.resource,
            redirect_uri=asked.redirect_uri,
            code_digest=ids.fingerprint(code),
            code_challenge=asked.challenge,
            code_expires=now + CODE_LIFE,
            code_used=None,
            access_digest=None,
            access_expires=None,
            refresh_digest=None,
            refresh_expires=None,
            earlier_refresh_digest=None,
            created=now,
            used=None,
        )
        async with self._database.tenant(principal.organisation_id) as tx:
            await store.insert(tx, grant)
            detail = {"program": asked.program_name, "via": via, "mode": grant.mode}
            await self._note(tx, principal, "user:assistant_access:give", grant, detail)
        return _back(asked, code=code)

    async def refuse(self, ticket: str) -> str:
        """The person does not agree: where to send their browser."""
        return _back(await self._asked(ticket, take=True), error="access_denied")

    async def _asked(self, ticket: str, *, take: bool) -> Asked:
        async with self._database.open() as tx:
            found = await store.request(tx, ids.fingerprint(ticket), self._clock.now(), take=take)
        if found is None:
            raise Absent(
                "access_request_absent",
                "This request for access is decided, or older than ten minutes.",
                remedy="Begin again in your assistant.",
            )
        return Asked(**found)

    # --- codes and tokens ----------------------------------------------------------------------------------------

    async def of_code(self, code: str, program_id: str) -> Grant | None:
        """The grant a fresh code is for. A code brought a second time ends what it was worth."""
        grant = await self._grant(code)
        if grant is None or grant.program_id != program_id or ids.fingerprint(code) != grant.code_digest:
            return None
        if grant.code_used is not None:
            await self._end(grant, "a code was used twice")
            return None
        return grant if grant.code_expires > self._clock.now() else None

    async def of_refresh(self, token: str, program_id: str) -> Grant | None:
        """The grant a refresh token is for. One that was replaced is in two hands: the grant ends."""
        grant = await self._grant(token)
        if grant is None or grant.program_id != program_id:
            return None
        digest = ids.fingerprint(token)
        if digest == grant.earlier_refresh_digest:
            await self._end(grant, "a replaced refresh token was used")
            return None
        fresh = digest == grant.refresh_digest and grant.refresh_expires and grant.refresh_expires > self._clock.now()
        return grant if fresh else None

    async def hand_out(self, grant: Grant, presented: str) -> Tokens | None:
        """New tokens for a code or refresh token, each good for this once; None if another was quicker."""
        access, refresh, now = ids.token(), ids.token(), self._clock.now()
        digest = ids.fingerprint(presented)
        async with self._database.tenant(grant.organisation_id) as tx:
            locked = await store.find(tx, grant.organisation_id, grant.id)
            by_code = locked is not None and digest == locked.code_digest and locked.code_used is None
            by_refresh = locked is not None and digest == locked.refresh_digest
            if locked is None or not (by_code or by_refresh):
                return None
            await store.hand_out(
                tx,
                locked,
                access=ids.fingerprint(access),
                access_until=now + ACCESS_LIFE,
                refresh=ids.fingerprint(refresh),
                refresh_until=now + REFRESH_LIFE,
                at=now,
            )
        return Tokens(Secret(access), Secret(refresh), int(ACCESS_LIFE.total_seconds()))

    async def of_access(self, token: str) -> tuple[Grant, Principal] | None:
        """Whose access token this is; None if it is unknown, old or revoked, or its user left the organisation."""
        grant, now = await self._grant(token), self._clock.now()
        if grant is None or ids.fingerprint(token) != grant.access_digest:
            return None
        if grant.access_expires is None or grant.access_expires <= now or grant.resource != self.resource:
            return None
        mine = {each.id: each for each in await self._tenancy.organisations(grant.user_id)}
        here = mine.get(grant.organisation_id)
        if here is None:
            await self._end(grant, "its user left the organisation")
            return None
        async with self._database.tenant(grant.organisation_id) as tx:
            await store.touch(tx, grant, now)
        principal = Principal(here.id, "USER", grant.user_id, grant.user_name, here.role, here.name)
        return replace(grant, used=now), principal

    async def _grant(self, text: str) -> Grant | None:
        async with self._database.open() as tx:
            place = await store.place_of(tx, ids.fingerprint(text))
        if place is None:
            return None
        async with self._database.tenant(place[0]) as tx:
            return await store.find(tx, *place)

    # --- looking and ending --------------------------------------------------------------------------------------

    async def mine(self, principal: Principal) -> Sequence[Grant]:
        """The access the caller gave."""
        principal.require("assistant:use")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.of_user(tx, principal.organisation_id, principal.actor_id)

    async def revoke(self, principal: Principal, grant_id: str) -> None:
        """End one at once.

        Raises:
            Absent: the caller gave no such access.
        """
        principal.require("assistant:use")
        async with self._database.tenant(principal.organisation_id) as tx:
            grant = await store.find(tx, principal.organisation_id, grant_id)
            if grant is None or grant.user_id != principal.actor_id:
                raise Absent("access_absent", "You gave no such access.", remedy="See the list on the Assistant page.")
            await store.delete(tx, principal.organisation_id, grant_id)
            await self._note(tx, principal, "user:assistant_access:revoke", grant, {"program": grant.program_name})

    async def revoke_token(self, token: str, program_id: str) -> None:
        """A program gives its own access back."""
        grant = await self._grant(token)
        if grant is not None and grant.program_id == program_id:
            await self._end(grant, "given back by the program")

    async def follow(self, tx: Tx, event: SpineEvent) -> None:
        """A connection ended: what was given to read through it ends too, and is not worth the next one's account.

        With its user's membership all of it does.
        """
        whys = {"connection:STRIPE:ended": "the connection ended", "user:MEMBER:deleted": "its user left"}
        why, user_id, mode = whys.get(event.name), str(event.data.get("userId")), event.data.get("mode")
        if why is None:
            return
        for grant in await store.all_of_user(tx, event.organisation_id, user_id):
            hangs = event.name == "user:MEMBER:deleted" or (grant.via, grant.mode) == ("connection", mode)
            if hangs and await store.delete(tx, grant.organisation_id, grant.id):
                detail = {"program": grant.program_name, "userId": user_id, "why": why}
                by = Principal.system(grant.organisation_id, "tillwright")
                await self._note(tx, by, "tillwright:assistant_access:end", grant, detail)

    async def at_stake(self, tx: Tx, organisation_id: str) -> Tally:
        """What `forget` would end."""
        return await store.held(tx, organisation_id)

    async def forget(self, tx: Tx, organisation_id: str) -> int:
        """End all of an organisation's in the caller's transaction; how many there were."""
        return await store.forget(tx, organisation_id)

    async def _end(self, grant: Grant, why: str) -> None:
        by = Principal.system(grant.organisation_id, "tillwright")
        async with self._database.tenant(grant.organisation_id) as tx:
            if await store.delete(tx, grant.organisation_id, grant.id):
                detail = {"program": grant.program_name, "userId": grant.user_id, "why": why}
                await self._note(tx, by, "tillwright:assistant_access:end", grant, detail)

    async def _note(self, tx: Tx, by: Principal, action: str, grant: Grant, detail: dict[str, str]) -> None:
        await audit.record(tx, grant.organisation_id, by.actor, action, grant.id, detail, self._clock.now())


def _back(asked: Asked, **told: str) -> str:
    parts = urlsplit(asked.redirect_uri)
    state = {"state": asked.state} if asked.state else {}
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), *told.items(), *state.items()])))
