"""The verbs of a connection: begin, finish, read, end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from tillwright.domains import audit, events
from tillwright.domains.connections import refusals, store
from tillwright.domains.connections.ending import Ending
from tillwright.domains.connections.linking import Linking
from tillwright.domains.connections.model import Connection, Notice, Revocation
from tillwright.domains.connections.overseeing import Overseeing
from tillwright.domains.connections.platform import Platform, Platforms
from tillwright.domains.connections.reading import Reading
from tillwright.domains.events import SpineEvent
from tillwright.domains.tenancy import Principal, Tenancy
from tillwright.gateways.database import Database, Tally, Tx
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.connected import ConnectedReader
from tillwright.gateways.stripe.errors import AccountRefused
from tillwright.gateways.stripe.oauth import Scope, StripeOAuth
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, TillwrightError
from tillwright.kit.seal import Seal, Secret

CONSUMER = "connections"
PAGE = "/settings/user-integrations"
"""Where a person connects and lets go, and below it where Stripe sends them back to."""
LEFT = "stripe:event:account.application.deauthorized"
GONE = "user:MEMBER:deleted"
CHANGED = {f"integration:STRIPE:{what}" for what in ("created", "switched", "rotated", "deleted", "updated")}
CHECK_EVERY = timedelta(minutes=10)


class Connections:
    """`public_url` is the address people reach us by; `scope` what Stripe is asked for."""

    def __init__(
        self,
        *,
        clock: Clock,
        database: Database,
        platforms: Platforms,
        tenancy: Tenancy,
        reader: ConnectedReader,
        oauth: StripeOAuth,
        seal: Seal,
        public_url: str,
        scope: Scope = "read_only",
    ) -> None:
        self._clock = clock
        self._database = database
        self._platforms = platforms
        self._tenancy = tenancy
        self._reader = reader
        self._ending = Ending(clock=clock, database=database, tenancy=tenancy, platforms=platforms, oauth=oauth)
        self.overseeing = Overseeing(database=database, ending=self._ending)
        self.page = public_url.rstrip("/") + PAGE
        self._linking = Linking(
            clock=clock,
            database=database,
            platforms=platforms,
            reader=reader,
            oauth=oauth,
            seal=seal,
            ending=self._ending,
            redirect_uri=self.page + "/stripe/callback",
            scope=scope,
        )

    async def platform(self, principal: Principal) -> Platform:
        """The integration that connections hang on.

        Raises:
            Conflict: there is none, or it has no Connect client id; says who can add it.
        """
        return await self._linking.platform(principal.organisation_id)

    async def begin(self, principal: Principal, session_id: str) -> str:
        """The address at Stripe to send the user's browser to; good for ten minutes, this session, once.

        Raises:
            Conflict: what is missing in the organisation, or the user is connected already.
            Denied: the caller is no person, or may not.
        """
        principal.require("connection:write")
        return await self._linking.begin(principal, session_id)

    async def finish(
        self, principal: Principal, session_id: str, *, state: str, code: str = "", error: str = ""
    ) -> Connection:
        """What Stripe sent the browser back with becomes a connection.

        Raises:
            Denied: not a fresh start of this session and user, the person said no, or Stripe refused the code.
            Conflict: the account is linked elsewhere, of the other mode, or the integration has changed meanwhile.
            Invalid, Upstream: Stripe's answer could not be used; nothing was linked.
        """
        principal.require("connection:write")
        return await self._linking.finish(principal, session_id, Secret(state), Secret(code), error)

    async def mine(self, principal: Principal) -> Sequence[Connection]:
        """The caller's own connections; nobody sees another's."""
        principal.require("connection:write")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.of_user(tx, principal.organisation_id, principal.actor_id)

    async def revocations(self, principal: Principal) -> Sequence[Revocation]:
        """What is still owed to the caller at Stripe, or could not be done."""
        principal.require("connection:write")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.revocations(tx, principal.organisation_id, principal.actor_id)

    async def notices(self, principal: Principal) -> Sequence[Notice]:
        """What the caller should know of connections that ended without them, newest first."""
        principal.require("connection:write")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.notices(tx, principal.organisation_id, principal.actor_id)

    async def dismiss_notices(self, principal: Principal) -> None:
        principal.require("connection:write")
        async with self._database.tenant(principal.organisation_id) as tx:
            await store.drop_notices(tx, principal.organisation_id, principal.actor_id)

    async def disconnect(self, principal: Principal, connection_id: str) -> bool:
        """End it here at once and for good, then at Stripe; False if Stripe could not be told yet.

        Raises:
            Absent: the caller has no such connection.
        """
        principal.require("connection:write")
        async with self._database.tenant(principal.organisation_id) as tx:
            connection = await store.find(tx, principal.organisation_id, connection_id)
            if connection is None or connection.user_id != principal.actor_id:
                raise refusals.not_connected()
            owed = await self._ending.end(tx, connection, by=principal.actor, why="disconnected by its user")
        return await self._ending.revoke(principal.organisation_id, owed) if owed else True

    async def read(self, principal: Principal, *, livemode: bool | None = None, why: str) -> Reading:
        """Begin to read the caller's own account.

        Args:
            livemode: which of the caller's connections; the one of the organisation's mode without it.
            why: a few words for the audit trail.

        Raises:
            Absent: the caller has no connection of that mode.
            Conflict: the organisation's integration is gone or is another one.
        """
        principal.require("assistant:use")
        organisation_id = principal.organisation_id
        platform = await self._platforms_of(organisation_id)
        wanted = platform.livemode if livemode is None else livemode
        mine = [each for each in await self.mine(principal) if each.livemode is wanted]
        if not mine:
            raise refusals.not_connected("live" if wanted else "test")
        if (mine[0].platform_id, wanted) != (platform.account_id, platform.livemode):
            raise refusals.integration_changed()
        access = await self._platforms.access(organisation_id, livemode=wanted, why=why, principal=principal)
        async with self._database.tenant(organisation_id) as tx:
            await store.touch(tx, organisation_id, mine[0].id, self._clock.now())
        return Reading(
            mine[0], access, reader=self._reader, database=self._database, clock=self._clock, ended=self._ended
        )

    async def _platforms_of(self, organisation_id: str) -> Platform:
        try:
            return await self._platforms.of(organisation_id)
        except Absent:
            raise refusals.no_integration() from None

    async def _ended(self, connection: Connection) -> TillwrightError:
        await self._ending.at_stripe(connection)
        return refusals.ended()

    # --- what happens without the user ---------------------------------------------------------------------------

    async def step(self) -> int:
        """Follow the spine, revoke what is owed, settle broken starts, look whether links still hold; how many."""
        for organisation_id in await events.behind(self._database, CONSUMER):
            while await events.hand_on(self._database, organisation_id, CONSUMER, self._follow):
                pass
        done = await self._ending.step() + await self._linking.step()
        async with self._database.open() as tx:
            due = await store.to_check(tx, self._clock.now() - CHECK_EVERY, 50)
        for organisation_id, connection_id in due:
            await self._check(organisation_id, connection_id)
        return done + len(due)

    async def _follow(self, tx: Tx, event: SpineEvent) -> None:
        if event.name == LEFT:
            for each in await store.of_account(tx, event.organisation_id, str(event.data.get("account_id"))):
                if each.livemode is event.data.get("livemode"):
                    await self._ending.told_by_stripe(tx, each)
        elif event.name == GONE:
            # Their address may be erased with them: the event has it.
            for each in await store.of_user(tx, event.organisation_id, str(event.data.get("userId"))):
                await self._ending.member_left(tx, each, str(event.data.get("email") or ""))
            # Nobody could read them any more; the mail has been written.
            await store.drop_notices(tx, event.organisation_id, str(event.data.get("userId")))
        elif event.name.startswith("user:") or event.name in CHANGED:
            await store.check_again(tx, event.organisation_id, None)

    async def _check(self, organisation_id: str, connection_id: str) -> None:
        async with self._database.tenant(organisation_id) as tx:
            connection = await store.find(tx, organisation_id, connection_id)
            await store.drop_old(tx, organisation_id, self._clock.now())
            if connection is None:
                return
            await store.touch(tx, organisation_id, connection_id, self._clock.now())
        member = organisation_id in {each.id for each in await self._tenancy.organisations(connection.user_id)}
        if not member:
            await self._ending.left(connection)
            return
        try:
            if (await self._platforms.of(organisation_id)).account_id != connection.platform_id:
                raise refusals.integration_changed()
            access = await self._platforms.access(
                organisation_id, livemode=connection.livemode, why="see whether a user's connection still holds"
            )
            await self._reader.get(access, connection.account_id, "/v1/balance")
        except AccountRefused:
            await self._ending.at_stripe(connection)
        except (Absent, Conflict) as error:
            if error.code != "integration_paused":  # a pause ends nothing: it is looked at again afterwards
                await self._ending.orphaned(connection)
        except TillwrightError:
            return  # Stripe does not answer, or this key may not read a balance: the next reading will tell

    # --- deletion of the integration -----------------------------------------------------------------------------

    async def revoke_all(self, organisation_id: str) -> tuple[int, Mapping[str, TillwrightError]]:
        """Take every access of the organisation's back at Stripe: how many, and the accounts where it failed."""
        return await self._ending.revoke_all(organisation_id)

    async def links(self, organisation_id: str, livemode: bool) -> Sequence[tuple[str, str]]:
        """(account, client id) of what is to be taken back in a mode, for `take_back` once it is gone here."""
        links = await self._ending.links(organisation_id)
        return [(account_id, client_id) for account_id, client_id, mode in links if mode is livemode]

    async def take_back(self, access: Access, account_id: str, client_id: str) -> None:
        """Take it back at Stripe; what was linked anew meanwhile stays. Raises StripeFailure: it may still be there."""
        await self._ending.take_back(access, account_id, client_id)

    async def at_stake(self, tx: Tx, organisation_id: str) -> Tally:
        """What `forget` would erase."""
        return await store.held(tx, organisation_id)

    async def forget(self, tx: Tx, organisation_id: str) -> int:
        """Erase all of the organisation's in the caller's transaction, and tell each user; returns how many links."""
        at = self._clock.now()
        for each in await store.all_of(tx, organisation_id):
            sentence = "Your organisation's Stripe integration was deleted, and with it the link to your own account."
            await self._ending.tell(tx, each, sentence, "the organisation's Stripe integration was deleted")
            await audit.record(
                tx,
                organisation_id,
                Principal.system(organisation_id, "tillwright").actor,
                "tillwright:connection:end",
                each.id,
                {"why": "the integration was deleted", "userId": each.user_id, "mode": each.mode},
                at,
            )
        return await store.forget(tx, organisation_id)
