"""Ending a connection: here first and in one transaction, then at Stripe until that is done too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from tillwright.domains import audit, events
from tillwright.domains.audit import Actor
from tillwright.domains.connections import store
from tillwright.domains.connections.model import Connection, Notice, Revocation, RevocationState
from tillwright.domains.connections.platform import Platforms
from tillwright.domains.tenancy import Principal, Tenancy
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.oauth import StripeOAuth
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, TillwrightError

LEASE = timedelta(seconds=60)
LONGEST_WAIT = timedelta(hours=6)
MOST_TRIES = 200  # about six weeks


class Ending:
    """Whoever ends one: its user, Stripe, an administrator, or time."""

    def __init__(
        self, *, clock: Clock, database: Database, tenancy: Tenancy, platforms: Platforms, oauth: StripeOAuth
    ) -> None:
        self._clock = clock
        self._tenancy = tenancy
        self._database = database
        self._platforms = platforms
        self._oauth = oauth

    async def end(
        self,
        tx: Tx,
        connection: Connection,
        *,
        by: Actor,
        why: str,
        owed: bool = True,
        tell: str = "",
        email: str | None = None,
    ) -> str | None:
        """Erase it in the caller's transaction; the id of the revocation that is now owed at Stripe, if one is.

        Args:
            tell: what the user reads of it on the page; they are told by mail, too. Nothing if they did it themselves.
            email: their address, if it is known already.
        """
        organisation_id, at = connection.organisation_id, self._clock.now()
        if not await store.delete(tx, organisation_id, connection.id):
            return None
        revocation_id = await self.owe(tx, connection) if owed else None
        if tell:
            await self.tell(tx, connection, tell, why, email)
        detail = {"why": why, "userId": connection.user_id, "accountId": connection.account_id, "mode": connection.mode}
        source = {"USER": "user"}.get(by.kind, "tillwright")
        await audit.record(tx, organisation_id, by, f"{source}:connection:end", connection.id, detail, at)
        await events.record(
            tx, organisation_id, "connection:STRIPE:ended", detail | {"connectionId": connection.id}, at
        )
        return revocation_id

    async def tell(self, tx: Tx, connection: Connection, sentence: str, why: str, email: str | None = None) -> None:
        """Let the user know on the page, and by what follows the spine, by mail."""
        organisation_id, at = connection.organisation_id, self._clock.now()
        notice = Notice(ids.new("ntc"), connection.user_id, connection.livemode, sentence, at)
        await store.insert_notice(tx, organisation_id, notice)
        address = email or await self._tenancy.address_of(tx, connection.user_id)
        said = {"why": f"{why[0].upper()}{why[1:]}.", "email": address, "userId": connection.user_id}
        said |= {"accountId": connection.account_id, "mode": connection.mode, "connectionId": connection.id}
        await events.record(tx, organisation_id, "connection:STRIPE:lost", said, at)

    async def owe(self, tx: Tx, connection: Connection) -> str:
        """Note that Stripe is to be told; tried at once and by the worker."""
        at = self._clock.now()
        revocation = Revocation(
            organisation_id=connection.organisation_id,
            id=ids.new("rvk"),
            user_id=connection.user_id,
            livemode=connection.livemode,
            account_id=connection.account_id,
            client_id=connection.client_id,
            platform_id=connection.platform_id,
            state=RevocationState.PENDING,
            tries=0,
            due=at,
            error=None,
            created=at,
        )
        await store.insert_revocation(tx, revocation)
        return revocation.id

    async def told_by_stripe(self, tx: Tx, connection: Connection) -> None:
        """The account took its authorisation back."""
        await self.end(
            tx,
            connection,
            by=_us(connection.organisation_id),
            why="access was taken back at Stripe",
            owed=False,
            tell=f"Access to {connection.title} was taken back at Stripe, so the connection was erased here.",
        )

    async def at_stripe(self, connection: Connection) -> None:
        """A request was refused: Stripe has ended our access."""
        async with self._database.tenant(connection.organisation_id) as tx:
            await self.told_by_stripe(tx, connection)

    async def left(self, connection: Connection) -> None:
        """Its user is no member of the organisation any more."""
        async with self._database.tenant(connection.organisation_id) as tx:
            owed = await self.member_left(tx, connection)
        if owed:
            await self.revoke(connection.organisation_id, owed)

    async def member_left(self, tx: Tx, connection: Connection, email: str | None = None) -> str | None:
        """The same in the caller's transaction; the revocation that is now owed. `email`: as for `end`."""
        tell = f"You left the organisation, so the link to {connection.title} has ended."
        by, why = _us(connection.organisation_id), "membership of the organisation ended"
        return await self.end(tx, connection, by=by, why=why, tell=tell, email=email)

    async def orphaned(self, connection: Connection) -> None:
        """The integration it hung on is gone, or is of the other mode."""
        tell = f"Your organisation's Stripe integration has changed, so the link to {connection.title} has ended."
        async with self._database.tenant(connection.organisation_id) as tx:
            by = _us(connection.organisation_id)
            await self.end(tx, connection, by=by, why="the organisation's Stripe integration changed", tell=tell)

    async def step(self) -> int:
        """Try the revocations that are due; returns how many were tried."""
        async with self._database.open() as tx:
            due = await store.revocations_due(tx, self._clock.now(), 20)
        for organisation_id, revocation_id in due:
            await self.revoke(organisation_id, revocation_id)
        return len(due)

    async def revoke(self, organisation_id: str, revocation_id: str) -> bool:
        """One try; True if Stripe has ended the access, or had before."""
        now = self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            owed = await store.take_revocation(tx, organisation_id, revocation_id, now, now + LEASE)
        if owed is None:
            return False
        state, error = RevocationState.DONE, None
        try:
            await self._at_stripe(owed)
        except (Absent, Conflict) as failure:
            state, error = RevocationState.LEFT, failure.sentence
        except TillwrightError as failure:
            state = RevocationState.LEFT if owed.tries >= MOST_TRIES else RevocationState.PENDING
            error = failure.sentence
        wait = min(LONGEST_WAIT, timedelta(seconds=15) * 2 ** min(owed.tries - 1, 20))
        async with self._database.tenant(organisation_id) as tx:
            await store.settle_revocation(tx, organisation_id, revocation_id, state, error, self._clock.now() + wait)
        return state is RevocationState.DONE

    async def _at_stripe(self, owed: Revocation) -> None:
        platform = await self._platforms.of(owed.organisation_id)
        if platform.account_id != owed.platform_id:
            raise Conflict("integration_changed", "The integration this access belonged to is gone.")
        access = await self._platforms.access(
            owed.organisation_id, livemode=owed.livemode, why="take back access to a user's account"
        )
        await self._oauth.revoke(access, client_id=owed.client_id, account_id=owed.account_id)

    async def links(self, organisation_id: str) -> Sequence[tuple[str, str, bool]]:
        """(account, client id, livemode) of every link and of all that is owed."""
        async with self._database.tenant(organisation_id) as tx:
            links = [(c.account_id, c.client_id, c.livemode) for c in await store.all_of(tx, organisation_id)]
            links += [(r.account_id, r.client_id, r.livemode) for r in await store.revocations(tx, organisation_id)]
        return list(dict.fromkeys(links))

    async def take_back(self, access: Access, account_id: str, client_id: str) -> None:
        """End access that an integration which is gone had; one that was given anew since stays.

        Raises:
            StripeFailure: the account may still list it.
        """
        linked = await self.links(access.organisation_id)
        if (account_id, client_id, access.livemode) not in linked:
            await self._oauth.revoke(access, client_id=client_id, account_id=account_id)

    async def revoke_all(self, organisation_id: str) -> tuple[int, Mapping[str, TillwrightError]]:
        """Revoke every link and all that is owed, without erasing anything: how many, and where it failed, and why."""
        done, failed = 0, dict[str, TillwrightError]()
        for account_id, client_id, livemode in await self.links(organisation_id):
            try:
                access = await self._platforms.access(
                    organisation_id, livemode=livemode, why="take back access to a user's account"
                )
                await self._oauth.revoke(access, client_id=client_id, account_id=account_id)
                done += 1
            except TillwrightError as error:
                failed[account_id] = error
        return done, failed


def _us(organisation_id: str) -> Actor:
    return Principal.system(organisation_id, "tillwright").actor
