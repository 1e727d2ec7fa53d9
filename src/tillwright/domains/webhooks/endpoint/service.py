"""Seeing that Stripe has exactly one endpoint of ours of each kind, points it at us, and that we hold its secret."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from tillwright.domains import audit, events
from tillwright.domains.integrations import PARTNER, Integrations
from tillwright.domains.integrations.ownership import organisation_of
from tillwright.domains.mirror.failures import as_data, wait_after
from tillwright.domains.tenancy import Principal
from tillwright.domains.webhooks.endpoint import kinds, store
from tillwright.domains.webhooks.endpoint.reach import unreachable
from tillwright.domains.webhooks.model import Endpoint
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.answer import Answer
from tillwright.gateways.stripe.errors import RequestRefused, StripeAbsent
from tillwright.gateways.stripe.facts import API_VERSION
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.gateways.stripe.writer import Method, StripeWriter
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, Invalid, TillwrightError
from tillwright.kit.seal import Seal, Secret

PATH = "/v1/webhook_endpoints"


class Endpoints:
    """The verbs of this part of the room. `public_url` is where Stripe reaches us, if it is `reachable` at all."""

    def __init__(
        self,
        *,
        clock: Clock,
        database: Database,
        integrations: Integrations,
        reader: StripeReader,
        writer: StripeWriter,
        seal: Seal,
        public_url: str,
        reachable: bool = True,
    ) -> None:
        self._clock = clock
        self._database = database
        self._integrations = integrations
        self._reader = reader
        self._writer = writer
        self._seal = seal
        self._reachable = reachable
        self._base = public_url.rstrip("/") + "/webhooks/stripe/"

    async def register(self, organisation_id: str) -> Endpoint:
        """Make or mend the account's own endpoint for its mode; calling again changes nothing that is right.

        Raises:
            Absent: Stripe is not connected.
            Conflict: another process is at it.
            Invalid: Stripe does not accept our public address.
            StripeFailure: what Stripe said; it is tried again later by the worker.
        """
        integration = await self._integrations.of(organisation_id)
        async with self._database.tenant(organisation_id) as tx:
            await store.want(tx, organisation_id, integration.livemode, integration.account_id, self._clock.now())
        return await self._ensure(organisation_id, integration.livemode)

    async def rotate(self, organisation_id: str) -> Endpoint:
        """Put another signing secret in the place of the present one, which is accepted for `store.OVERLAP` more.

        The endpoint for Connect gets another one too, by the worker.

        Raises:
            Absent: Stripe is not connected, or there is no endpoint in use.
            Conflict, Invalid, StripeFailure: as for `register`; it is tried again by the worker.
        """
        integration = await self._integrations.of(organisation_id)
        async with self._database.tenant(organisation_id) as tx:
            if not await store.renew(tx, organisation_id, integration.livemode, self._clock.now()):
                raise Absent(
                    "webhook_endpoint_absent",
                    "There is no webhook endpoint in use, so there is no secret to change.",
                    remedy="Press VERIFY: the endpoint is made once the connection is verified.",
                )
        return await self._ensure(organisation_id, integration.livemode)

    async def step(self) -> int:
        """Register or look after the endpoints that are due; returns how many were found or made right."""
        async with self._database.open() as tx:
            organisations = await store.organisations(tx, self._clock.now())
        right = 0
        for organisation_id in organisations:
            for endpoint in await self.all_of(organisation_id):
                try:
                    if await self._unwanted(endpoint):
                        await self._retire(endpoint)
                    else:
                        await self._ensure(organisation_id, endpoint.livemode, connect=endpoint.connect)
                    right += 1
                except TillwrightError:
                    continue  # kept with the endpoint, shown in the console, tried again later
        return right

    async def all_of(self, organisation_id: str) -> Sequence[Endpoint]:
        """The organisation's endpoints, with the last error of each."""
        async with self._database.tenant(organisation_id) as tx:
            return await store.all_of(tx, organisation_id)

    async def unregister(self, organisation_id: str) -> int:
        """Delete our endpoints at Stripe; returns how many were there. Our rows stay, for `forget` to erase.

        Raises:
            StripeFailure: Stripe still has one.
        """
        deleted = 0
        for endpoint in await self.all_of(organisation_id):
            access = await self._access(endpoint, "remove the webhook endpoint")
            for found in await self._ours_at_stripe(access):
                if not kinds.is_of(endpoint, found):
                    continue
                await self._delete(access, endpoint, found["id"])
                deleted += 1
        return deleted

    async def _unwanted(self, endpoint: Endpoint) -> bool:
        """It is of the mode that was left by a switch, or nobody can connect an account any more."""
        integration = await self._integrations.of(endpoint.organisation_id)
        left = integration.livemode is not endpoint.livemode
        return left or (endpoint.connect and not integration.settings.connect_client_id)

    async def _retire(self, endpoint: Endpoint) -> None:
        """Delete an endpoint that is not wanted any more, at Stripe as long as we can."""
        with contextlib.suppress(Conflict):  # the keys of that side are gone; Stripe disables what is not answered
            access = await self._access(endpoint, "remove an endpoint that is not needed any more")
            for found in await self._ours_at_stripe(access):
                if kinds.is_of(endpoint, found):
                    await self._delete(access, endpoint, found["id"])
        async with self._database.tenant(endpoint.organisation_id) as tx:
            await store.delete(tx, endpoint)

    async def take_back(self, access: Access, hooks: Sequence[str]) -> int:
        """Delete at Stripe the endpoints that carry one of these ids; one made since, by a new connection, stays.

        Raises:
            StripeFailure: one may still be there.
        """
        deleted = 0
        for found in await self._ours_at_stripe(access):
            metadata: dict[str, Any] = found.get("metadata") or {}
            if metadata.get(kinds.OPERATION) in hooks:
                key = ids.digest("webhook endpoint", "take back", found["id"])
                try:
                    await self._writer.send(access, "DELETE", f"{PATH}/{found['id']}", None, key)
                except StripeAbsent:
                    continue
                deleted += 1
        return deleted

    async def _ensure(self, organisation_id: str, livemode: bool, *, connect: bool = False) -> Endpoint:
        lease = ids.token(12)
        async with self._database.tenant(organisation_id) as tx:
            endpoint = await store.claim(tx, organisation_id, livemode, lease, self._clock.now(), connect=connect)
        if endpoint is None:
            raise Conflict(
                "webhook_registration_under_way",
                "Another process is registering the webhook endpoint.",
                remedy="Wait a moment, then look again.",
            )
        try:
            if not self._reachable:
                raise unreachable(self._base)
            await self._make_right(endpoint, lease)
        except TillwrightError as error:
            async with self._database.tenant(organisation_id) as tx:
                next_at = self._clock.now() + wait_after(error, endpoint.failures)
                await store.fail(tx, endpoint, lease, as_data(error), next_at)
            raise
        return next(each for each in await self.all_of(organisation_id) if each.place == endpoint.place)

    async def _make_right(self, endpoint: Endpoint, lease: str) -> None:
        access = await self._access(endpoint, "look after the webhook endpoint")
        ours = [each for each in await self._ours_at_stripe(access) if kinds.is_of(endpoint, each)]
        kept = None
        for found in ours:
            if endpoint.state == "ACTIVE" and found["id"] == endpoint.stripe_id:
                kept = found
            else:
                # An answer of Stripe's was lost, and with it this endpoint's only secret: it can never be of use.
                await self._delete(access, endpoint, found["id"])
        if kept is None:
            await self._create(access, endpoint, lease)
        elif endpoint.renew:
            # Stripe has no request for another secret: another endpoint takes this one's place. For a moment both are
            # sent events, and an event that comes twice is applied once.
            await self._create(access, endpoint, lease)
            await self._delete(access, endpoint, kept["id"])
        else:
            await self._mend(access, endpoint, lease, kept)

    async def _ours_at_stripe(self, access: Access) -> list[dict[str, Any]]:
        ours: list[dict[str, Any]] = []
        async for page in self._reader.pages(access, PATH, {"limit": 100}):
            ours += [each for each in page.items if organisation_of(each) == access.organisation_id]
        return ours

    async def _create(self, access: Access, endpoint: Endpoint, lease: str) -> None:
        token = ids.token()
        params = kinds.parameters(endpoint, self._base + token, API_VERSION)
        # The attempt was committed with the lease. Each has its own key: a first answer can't be asked for twice, its
        # secret is in no record of ours, so what an attempt left behind is deleted and made anew.
        key = ids.digest("webhook endpoint", endpoint.id, "create", str(endpoint.attempt))
        made = (await self._send(access, "POST", PATH, params, key)).body
        async with self._database.tenant(endpoint.organisation_id) as tx:
            kept = await store.activate(
                tx, endpoint, lease,
                stripe_id=made["id"], url=self._base, token=token, secret=Secret(made["secret"]),
                seal=self._seal, at=self._clock.now(),
            )  # fmt: skip
            if kept:
                await self._audit(tx, endpoint, "create", made["id"])
                await self._tell(tx, endpoint, made["id"])
        if not kept:
            await self._delete(access, endpoint, made["id"])
            raise Conflict(
                "webhook_registration_overtaken",
                "The integration was deleted, or another process took over, while its endpoint was made.",
                remedy="Nothing: the endpoint was deleted at Stripe again.",
            )

    async def _mend(self, access: Access, endpoint: Endpoint, lease: str, found: dict[str, Any]) -> None:
        token_digest = endpoint.token_digest or ""
        wanted: dict[str, Any] = {}
        here = str(found.get("url", ""))
        if not here.startswith(self._base) or ids.fingerprint(here.removeprefix(self._base)) != token_digest:
            token = ids.token()
            token_digest = ids.fingerprint(token)
            wanted["url"] = self._base + token
        if found.get("status") != "enabled":
            wanted["disabled"] = False
        if not kinds.events_are_right(endpoint, found):
            wanted["enabled_events"] = kinds.events_of(endpoint)
        if wanted:
            key = ids.digest("webhook endpoint", endpoint.id, "update", str(endpoint.attempt))
            await self._send(access, "POST", f"{PATH}/{found['id']}", wanted, key)
        async with self._database.tenant(endpoint.organisation_id) as tx:
            await store.keep(tx, endpoint, lease, url=self._base, token_digest=token_digest, at=self._clock.now())
            if wanted:
                await self._audit(tx, endpoint, "update", found["id"])
                await self._tell(tx, endpoint, found["id"])

    async def _delete(self, access: Access, endpoint: Endpoint, stripe_id: str) -> None:
        key = ids.digest("webhook endpoint", endpoint.id, "delete", stripe_id, str(endpoint.attempt))
        try:
            await self._writer.send(access, "DELETE", f"{PATH}/{stripe_id}", None, key)
        except StripeAbsent:
            return  # somebody else deleted it first: what was wanted holds
        async with self._database.tenant(endpoint.organisation_id) as tx:
            await self._audit(tx, endpoint, "delete", stripe_id)

    async def _send(self, access: Access, method: Method, path: str, params: dict[str, Any], key: str) -> Answer:
        try:
            return await self._writer.send(access, method, path, params, key)
        except RequestRefused as refusal:
            if refusal.param != "url":
                raise
            raise Invalid(
                "public_url_refused",
                f"Stripe does not accept {self._base} as a webhook address: {refusal.facts.message}",
                field="TILLWRIGHT_PUBLIC_URL",
                remedy="Set TILLWRIGHT_PUBLIC_URL to the https:// address under which the internet reaches Tillwright.",
            ) from refusal

    async def _access(self, endpoint: Endpoint, why: str) -> Access:
        return await self._integrations.access(
            endpoint.organisation_id, livemode=endpoint.livemode, why=why, though_paused=True
        )

    async def _tell(self, tx: Tx, endpoint: Endpoint, stripe_id: str) -> None:
        if endpoint.connect:
            return
        # Whoever found that it was gone or disabled may look again.
        said = {"mode": "live" if endpoint.livemode else "test", "endpoint": stripe_id}
        name = f"webhook_endpoint:{PARTNER}:made"
        await events.record(tx, endpoint.organisation_id, name, said, self._clock.now())

    async def _audit(self, tx: Tx, endpoint: Endpoint, did: str, stripe_id: str) -> None:
        actor = Principal.system(endpoint.organisation_id, "tillwright").actor
        detail = {"mode": "live" if endpoint.livemode else "test", "endpoint": endpoint.id, "attempt": endpoint.attempt}
        action = f"system:webhook_endpoint:{did}"
        await audit.record(tx, endpoint.organisation_id, actor, action, stripe_id, detail, self._clock.now())
