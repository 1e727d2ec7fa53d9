"""From a press on Connect Stripe to a link: each start used once, each grant linked or given back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tillwright.domains import audit, events
from tillwright.domains.connections import refusals, store
from tillwright.domains.connections.ending import Ending
from tillwright.domains.connections.model import STATE_LIFE, Connection, Start
from tillwright.domains.connections.platform import Platform, Platforms
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.connected import ConnectedReader
from tillwright.gateways.stripe.errors import StripeFailure
from tillwright.gateways.stripe.oauth import Grant, Scope, StripeOAuth
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, Denied, TillwrightError
from tillwright.kit.seal import Seal, Secret

SETTLE_AFTER = timedelta(minutes=2)
"""A start whose code was taken and of which nothing was heard for so long was broken off."""
GIVE_UP_AFTER = timedelta(days=1)
_PARTNER, _PURPOSE = "STRIPE", "connect_code"


class Linking:
    """`redirect_uri` is the one address Stripe may send people back to."""

    def __init__(
        self,
        *,
        clock: Clock,
        database: Database,
        platforms: Platforms,
        reader: ConnectedReader,
        oauth: StripeOAuth,
        seal: Seal,
        ending: Ending,
        redirect_uri: str,
        scope: Scope,
    ) -> None:
        self._clock = clock
        self._database = database
        self._platforms = platforms
        self._reader = reader
        self._oauth = oauth
        self._seal = seal
        self._ending = ending
        self._redirect_uri = redirect_uri
        self._scope: Scope = scope

    async def platform(self, organisation_id: str) -> Platform:
        try:
            platform = await self._platforms.of(organisation_id)
        except Absent:
            raise refusals.no_integration() from None
        if not platform.settings.connect_client_id:
            raise refusals.no_client_id()
        return platform

    async def begin(self, principal: Principal, session_id: str) -> str:
        if principal.actor_kind != "USER":
            raise Denied("person_required", "Only a person can connect a Stripe account of their own.")
        platform = await self.platform(principal.organisation_id)
        state, now = ids.token(32), self._clock.now()
        start = Start(
            organisation_id=principal.organisation_id,
            digest=ids.fingerprint(state),
            session_id=session_id,
            user_id=principal.actor_id,
            livemode=platform.livemode,
            platform_id=platform.account_id,
            client_id=platform.settings.connect_client_id,
            integration_created=platform.created,
            created=now,
            expires=now + STATE_LIFE,
        )
        async with self._database.tenant(principal.organisation_id) as tx:
            for each in await store.of_user(tx, principal.organisation_id, principal.actor_id):
                if each.livemode is platform.livemode:
                    raise refusals.connected_already(each.title, each.mode)
            await store.drop_old(tx, principal.organisation_id, now)
            await store.insert_start(tx, start)
        return self._oauth.authorize_url(
            client_id=start.client_id, redirect_uri=self._redirect_uri, state=state, scope=self._scope
        )

    async def finish(
        self, principal: Principal, session_id: str, state: Secret, code: Secret, error: str
    ) -> Connection:
        start = await self._use(principal, session_id, state, code)
        if error:
            await self._settle(start)
            raise refusals.denied_at_stripe(error)
        if not code.reveal():
            await self._settle(start)
            raise refusals.no_code()
        try:
            access = await self._access(start)
            grant = await self._oauth.redeem(access, code.reveal())
        except StripeFailure as failure:
            if not failure.unknown:
                await self._settle(start)
            raise
        except TillwrightError:
            await self._settle(start)
            raise
        return await self._link(principal, start, access, grant)

    async def _use(self, principal: Principal, session_id: str, state: Secret, code: Secret) -> Start:
        """Use the state up, whoever brought it; refuse unless it was this session and user who began."""
        organisation_id, now = principal.organisation_id, self._clock.now()
        sealed = self._seal.close(code, organisation=organisation_id, partner=_PARTNER, purpose=_PURPOSE)
        digest = ids.fingerprint(state.reveal())
        async with self._database.tenant(organisation_id) as tx:
            start = await store.use_start(tx, organisation_id, digest, now, sealed)
            bound = start is not None and (start.session_id, start.user_id) == (session_id, principal.actor_id)
            if start is not None and not bound:
                await store.settle_start(tx, organisation_id, digest)
        if start is None or not bound:
            raise refusals.state_refused()
        return start

    async def _access(self, start: Start) -> Access:
        """The key of the very integration the person set out from."""
        platform = await self.platform(start.organisation_id)
        if not _same(platform, start):
            raise refusals.integration_changed()
        return await self._platforms.access(
            start.organisation_id, livemode=start.livemode, why="redeem the code of a user's connection"
        )

    async def _link(self, principal: Principal, start: Start, access: Access, grant: Grant) -> Connection:
        name = await self._name(access, grant) if grant.livemode is start.livemode else None
        now = self._clock.now()
        connection = Connection(
            organisation_id=start.organisation_id,
            id=ids.new("con"),
            user_id=start.user_id,
            livemode=start.livemode,
            account_id=grant.account_id,
            account_name=name,
            platform_id=start.platform_id,
            client_id=start.client_id,
            scope=grant.scope,
            created=now,
            used=None,
            checked=now,
        )
        async with self._database.tenant(start.organisation_id) as tx:
            refused, owed = await self._store(tx, principal, start, grant, connection)
        if refused is None:
            return connection
        if owed:
            await self._ending.revoke(start.organisation_id, owed)
        elif refused.code == "integration_changed":
            # Its rows are gone, and with them whatever would try again: this key is still in hand.
            await self._give_back(access, start, grant.account_id)
        raise refused

    async def _store(
        self, tx: Tx, principal: Principal, start: Start, grant: Grant, connection: Connection
    ) -> tuple[Conflict | None, str | None]:
        """Link it, or say why not and which revocation is owed for that."""
        organisation_id, at = start.organisation_id, self._clock.now()
        if await store.lock_start(tx, organisation_id, start.digest) is None:
            return refusals.integration_changed(), None
        await store.settle_start(tx, organisation_id, start.digest)
        if grant.livemode is not start.livemode:
            owed = await self._ending.owe(tx, connection)
            return refusals.other_mode(connection.mode), owed
        if grant.account_id == start.platform_id:
            return refusals.own_platform(), None
        if not await store.insert(tx, connection):
            mine = await store.of_user(tx, organisation_id, start.user_id)
            for each in mine:
                if each.livemode is start.livemode and each.account_id != grant.account_id:
                    return refusals.connected_already(each.title, each.mode), await self._ending.owe(tx, connection)
                if each.livemode is start.livemode:
                    await store.refresh(tx, each, scope=grant.scope, name=connection.account_name, at=at)
                    return None, None
            # Linked by a colleague: the platform's access is theirs too, and stays.
            theirs: Sequence[Connection] = await store.of_account(tx, organisation_id, grant.account_id)
            owed = None if theirs else await self._ending.owe(tx, connection)
            return refusals.linked_elsewhere(), owed
        await store.drop_revocation(tx, organisation_id, grant.account_id, start.livemode)
        await store.drop_notices(tx, organisation_id, start.user_id)
        detail = {"accountId": grant.account_id, "mode": connection.mode, "scope": grant.scope}
        await audit.record(tx, organisation_id, principal.actor, "user:connection:begin", connection.id, detail, at)
        said = detail | {"connectionId": connection.id, "userId": start.user_id}
        await events.record(tx, organisation_id, "connection:STRIPE:created", said, at)
        return None, None

    async def _name(self, access: Access, grant: Grant) -> str | None:
        try:
            body: dict[str, Any] = (await self._reader.get(access, grant.account_id, "/v1/account", deadline=10)).body
        except TillwrightError:
            return None  # a key that may not read accounts still reads the rest
        settings: dict[str, Any] = body.get("settings") or {}
        dashboard: dict[str, Any] = settings.get("dashboard") or {}
        profile: dict[str, Any] = body.get("business_profile") or {}
        return dashboard.get("display_name") or profile.get("name") or None

    async def _settle(self, start: Start) -> None:
        async with self._database.tenant(start.organisation_id) as tx:
            await store.settle_start(tx, start.organisation_id, start.digest)

    async def step(self) -> int:
        """Give back what starts that broke off half-way may have been granted; returns how many were looked at."""
        async with self._database.open() as tx:
            open_ = await store.open_starts(tx, self._clock.now() - SETTLE_AFTER, 20)
        for organisation_id, digest in open_:
            await self._mend(organisation_id, digest)
        return len(open_)

    async def _mend(self, organisation_id: str, digest: str) -> None:
        async with self._database.tenant(organisation_id) as tx:
            start = await store.lock_start(tx, organisation_id, digest)
            if start is None or start.sealed_code is None:
                return
            by = Principal.system(organisation_id, "tillwright").actor
            why = "find out what became of a link that was cut off"
            await audit.opened(tx, organisation_id, by, f"{_PARTNER}/{_PURPOSE}", why, self._clock.now())
        bound = {"organisation": organisation_id, "partner": _PARTNER, "purpose": _PURPOSE}
        try:
            code = self._seal.open(start.sealed_code, **bound)
            access = await self._access(start)
            # A code that was redeemed is refused now, and what it was worth revoked; one that was not is given back.
            grant = await self._oauth.redeem(access, code.reveal())
        except StripeFailure as failure:
            if failure.unknown and self._clock.now() - start.created < GIVE_UP_AFTER:
                return
        except TillwrightError:
            pass
        else:
            await self._give_back(access, start, grant.account_id)
        await self._settle(start)

    async def _give_back(self, access: Access, start: Start, account_id: str) -> None:
        async with self._database.tenant(start.organisation_id) as tx:
            if await store.of_account(tx, start.organisation_id, account_id):
                return  # linked by another start meanwhile
        try:
            await self._oauth.revoke(replace(access, on_account=None), client_id=start.client_id, account_id=account_id)
        except TillwrightError:
            return


def _same(platform: Platform, start: Start) -> bool:
    return (platform.account_id, platform.livemode, platform.created, platform.settings.connect_client_id) == (
        start.platform_id,
        start.livemode,
        start.integration_created,
        start.client_id,
    )
