"""The verbs of hearing from Stripe: register, accept, apply, look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tillwright.domains import events
from tillwright.domains.events import SpineEvent
from tillwright.domains.integrations import PARTNER, Integrations
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.truth.model import Listening, Truth
from tillwright.domains.tenancy import Principal
from tillwright.domains.webhooks import store
from tillwright.domains.webhooks.archive import Archive
from tillwright.domains.webhooks.auditing.service import Auditing
from tillwright.domains.webhooks.endpoint import store as endpoints
from tillwright.domains.webhooks.endpoint.service import Endpoints
from tillwright.domains.webhooks.intake import Intake
from tillwright.domains.webhooks.keeping import Keeping
from tillwright.domains.webhooks.model import Accepted, Endpoint, StripeEvent
from tillwright.domains.webhooks.pipeline import Pipeline
from tillwright.domains.webhooks.places import behind, place
from tillwright.domains.webhooks.polling import store as polls
from tillwright.domains.webhooks.polling.service import Polling
from tillwright.domains.webhooks.polling.store import Poll
from tillwright.gateways.database import Database, Tally, Tx
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.gateways.stripe.writer import StripeWriter
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Invalid
from tillwright.kit.pages import Page, page_of
from tillwright.kit.seal import Seal

CONSUMER = "webhooks"
LARGEST_PAGE = 1000
EVENTS_KEPT = timedelta(days=90)


class Webhooks:
    """`public_url` is the address by which Stripe reaches this installation, if it is `reachable` from there."""

    def __init__(
        self,
        *,
        clock: Clock,
        database: Database,
        integrations: Integrations,
        mirror: Mirror,
        reader: StripeReader,
        writer: StripeWriter,
        seal: Seal,
        public_url: str,
        reachable: bool = True,
        events_kept: timedelta = EVENTS_KEPT,
    ) -> None:
        self._clock = clock
        self._database = database
        self._mirror = mirror
        self._integrations = integrations
        self._intake = Intake(clock=clock, database=database, seal=seal)
        self.keeping = Keeping(clock=clock, database=database, mirror=mirror, kept=events_kept)
        self._polling = Polling(clock=clock, database=database, integrations=integrations, mirror=mirror, reader=reader)
        self.auditing = Auditing(database=database)
        self.archive = Archive(database=database, integrations=integrations, mirror=mirror)
        self._pipeline = Pipeline(clock=clock, database=database, mirror=mirror, integrations=integrations)
        self._endpoints = Endpoints(
            clock=clock,
            database=database,
            integrations=integrations,
            reader=reader,
            writer=writer,
            seal=seal,
            public_url=public_url,
            reachable=reachable,
        )

    async def accept(self, token: str, body: bytes, signature_headers: Sequence[bytes]) -> Accepted:
        """Store one delivery; committed when this returns. Errors are those of `Intake.accept`."""
        return await self._intake.accept(token, body, signature_headers)

    async def close(self) -> None:
        """Wait until every delivery taken is answered: a web process calls it before it ends."""
        await self._intake.close()

    async def apply_pending(self, *, limit: int = 200) -> int:
        """Apply stored events to the mirror and tell the spine, fairly over all organisations; returns how many."""
        return await self._pipeline.step(limit=limit)

    async def register(self, organisation_id: str) -> Endpoint:
        """See that Stripe has our one endpoint and start the backfill. Errors are those of `Endpoints.register`."""
        endpoint = await self._endpoints.register(organisation_id)
        async with self._database.tenant(organisation_id) as tx:
            await polls.start(tx, organisation_id, endpoint.livemode, endpoint.account_id, self._clock.now())
            await self._mirror.start_backfill(tx, organisation_id, livemode=endpoint.livemode)
        return endpoint

    async def poll_step(self) -> int:
        """Ask Stripe for events that no delivery brought, of every account that is due; returns how many there were."""
        return await self._polling.step()

    async def polls(self, tx: Tx, organisation_id: str) -> Sequence[Poll]:
        """How far events were asked for, a row a mode, with the last gap that Stripe no longer remembers."""
        return await polls.all_of(tx, organisation_id)

    async def listening(self, tx: Tx, organisation_id: str, *, livemode: bool) -> Listening:
        """What the way in says of how true the mirror can be."""
        poll = next((each for each in await self.polls(tx, organisation_id) if each.livemode is livemode), None)
        failing = int((await self.waiting(tx))["failing"])
        if poll is None:
            return Listening(failing=failing)
        return Listening(poll.error, failing, poll.gap_open, poll.gap_without)

    async def truth(self, principal: Principal) -> Truth:
        """Is the mirror of the connected mode right? See `Mirror.truth`.

        Raises:
            Denied: the caller may not.
            Absent: Stripe is not connected.
        """
        principal.require("mirror:read")
        organisation_id = principal.organisation_id
        async with self._database.tenant(organisation_id) as tx:
            livemode = await self._integrations.livemode_of(tx, organisation_id)
            if livemode is None:
                raise Absent("integration_absent", "Stripe is not connected.", remedy="Connect it, and verify it.")
            listening = await self.listening(tx, organisation_id, livemode=livemode)
            return await self._mirror.truth(tx, listening, livemode=livemode)

    async def registration_step(self) -> int:
        """Follow what was verified since, then register or look after the endpoints that are due; returns how many."""
        for organisation_id in await events.behind(self._database, CONSUMER):
            while await events.hand_on(self._database, organisation_id, CONSUMER, self._follow):
                pass
        return await self._endpoints.step()

    async def _follow(self, tx: Tx, event: SpineEvent) -> None:
        """A connection that was just verified wants an endpoint, and what was there before we listened.

        One that lost its endpoint wants it mended.
        """
        if event.name == f"integration:{PARTNER}:switched":
            await endpoints.look_at_all(tx, event.organisation_id, self._clock.now())
            return
        if event.name == f"integration:{PARTNER}:updated":
            await self._follow_connect(tx, event.organisation_id)
            return
        lost = event.name == f"integration:{PARTNER}:not_verified" and event.data.get("endpoint") in (
            "disabled",
            "none",
        )
        if event.name not in (f"integration:{PARTNER}:verified", f"integration:{PARTNER}:resumed") and not lost:
            return
        livemode = event.data["mode"] == "live"
        if lost and not any(each.livemode is livemode for each in await endpoints.all_of(tx, event.organisation_id)):
            return  # it was never verified: there is no endpoint to mend
        await endpoints.want(tx, event.organisation_id, livemode, event.data.get("accountId"), self._clock.now())
        await polls.start(tx, event.organisation_id, livemode, event.data.get("accountId"), self._clock.now())
        await self._follow_connect(tx, event.organisation_id)
        if not lost:
            await self._mirror.start_backfill(tx, event.organisation_id, livemode=livemode)

    async def _follow_connect(self, tx: Tx, organisation_id: str) -> None:
        """With a Connect client id and an endpoint of the account's own there is one for users' accounts, too."""
        integration, at = await self._integrations.peek(tx, organisation_id), self._clock.now()
        if integration is None:
            return
        mine = [one for one in await endpoints.all_of(tx, organisation_id) if one.livemode is integration.livemode]
        wanted = bool(integration.settings.connect_client_id) and bool(mine)
        if wanted or any(one.connect for one in mine):
            # One that is there though nobody wants it is looked at, too, and so removed.
            mode, account = integration.livemode, integration.account_id
            await endpoints.want(tx, organisation_id, mode, account, at, connect=True)

    async def rotate_secret(self, principal: Principal) -> Endpoint:
        """Change the endpoint's signing secret; the one before is accepted for a day. Errors: `Endpoints.rotate`."""
        principal.require("integration:write")
        return await self._endpoints.rotate(principal.organisation_id)

    async def endpoints(self, organisation_id: str) -> Sequence[Endpoint]:
        """The organisation's endpoints for its own account, one a mode, with the last error of each."""
        return [each for each in await self._endpoints.all_of(organisation_id) if not each.connect]

    async def connect_endpoint(self, organisation_id: str, *, livemode: bool) -> Endpoint | None:
        """The one by which Stripe tells of users' accounts that leave; None where it is not wanted yet."""
        found = await self._endpoints.all_of(organisation_id)
        return next((each for each in found if each.connect and each.livemode is livemode), None)

    async def unregister(self, organisation_id: str) -> int:
        """Delete our endpoints at Stripe; returns how many were there. Raises StripeFailure if one is left."""
        return await self._endpoints.unregister(organisation_id)

    async def hooks(self, organisation_id: str) -> Sequence[str]:
        """What names our endpoints at Stripe, for `take_back` once nothing of them is left here."""
        return [endpoint.id for endpoint in await self._endpoints.all_of(organisation_id)]

    async def take_back(self, access: Access, hooks: Sequence[str]) -> int:
        """Delete those endpoints at Stripe, whatever is or is not known of them here; returns how many.

        Raises:
            StripeFailure: one may still be there.
        """
        return await self._endpoints.take_back(access, hooks)

    async def at_stake(self, tx: Tx, organisation_id: str) -> Tally:
        """The stored events that `forget` would erase."""
        return await store.held(tx, organisation_id)

    async def forget(self, tx: Tx, organisation_id: str) -> int:
        """Shred the endpoints' secrets, then erase every stored event; returns how many events. Before the mirror's.

        In this order: what is being accepted at this moment holds its endpoint, and is erased with the rest.
        """
        await polls.forget(tx, organisation_id)
        for endpoint in await endpoints.all_of(tx, organisation_id):
            await endpoints.delete(tx, endpoint)
        return await store.forget(tx, organisation_id)

    async def event(self, tx: Tx, event_id: str) -> StripeEvent:
        """One stored event.

        Raises:
            Absent: there is none of this id.
        """
        found = await store.get(tx, event_id)
        if found is None:
            raise Absent("stripe_event_absent", f"There is no event {event_id} here.", field="id")
        return found

    async def list(
        self,
        tx: Tx,
        *,
        livemode: bool,
        event_type: str | None = None,
        object_ids: Sequence[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[StripeEvent]:
        """Stored events, the newest arrival first; narrowed by when they happened, what happened last comes first.

        Args:
            event_type: may hold `*`, as in `invoice.*`.
            object_ids: only events about one of these.
            since, until: when they happened, the second one exclusive.

        Raises:
            Invalid: a cursor of another list, a limit out of range.
        """
        if not 1 <= limit <= LARGEST_PAGE:
            raise Invalid("limit_invalid", f"{limit} is no page size.", field="limit", remedy=f"1 to {LARGEST_PAGE}.")
        by_time = since is not None or until is not None
        found = await store.page(
            tx, livemode, event_type=event_type, object_ids=object_ids, since=since, until=until,
            behind=behind(cursor, by_time=by_time), limit=limit + 1,
        )  # fmt: skip
        return page_of(found, limit, lambda event: place(event, by_time=by_time))

    async def counts(self, tx: Tx, *, livemode: bool, since: datetime) -> Mapping[str, int]:
        """How many events of each type arrived since then, the most frequent first."""
        return await store.counts(tx, livemode, since)

    async def waiting(self, tx: Tx) -> Mapping[str, Any]:
        """`waiting`: events not applied yet; `failing`: those of them that failed; `since`: when the oldest came."""
        return await store.waiting(tx)
