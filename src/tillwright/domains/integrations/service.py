"""The verbs of an integration: connect, look at, change, use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from tillwright.domains import audit, events
from tillwright.domains.integrations import choices, store
from tillwright.domains.integrations.credentials import Credentials
from tillwright.domains.integrations.exchange import KEY_PURPOSE, PREVIOUS_PURPOSE, Exchange
from tillwright.domains.integrations.model import PARTNER, SERVICE, Integration, Settings, Status
from tillwright.domains.integrations.proving import Proven, Proving
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.facts import API_VERSION
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.gateways.stripe.writer import StripeWriter
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, Invalid
from tillwright.kit.seal import Secret


class Integrations:
    """`deadline` is how long, in seconds, each question to Stripe may take while somebody waits.

    `defaults` is what a new integration begins with.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        credentials: Credentials,
        reader: StripeReader,
        writer: StripeWriter,
        deadline: float = 15.0,
        defaults: Settings | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._credentials = credentials
        self.exchange = Exchange(clock=clock, credentials=credentials)
        self._proving = Proving(reader, writer, deadline=deadline)
        self._defaults = defaults or Settings()

    async def examine(self, principal: Principal, *, publishable_key: str, secret_key: Secret) -> Proven:
        """Tells from two keys the account and the mode they are of, and saves nothing.

        Raises:
            Invalid, Denied, Upstream: as for `connect`.
        """
        principal.require("integration:write")
        return await self._proving.prove(principal.organisation_id, publishable_key, secret_key)

    async def connect(
        self,
        principal: Principal,
        *,
        publishable_key: str,
        secret_key: Secret,
        confirmed: tuple[str, str] | None = None,
        partner: str = PARTNER,
        service: str = SERVICE,
    ) -> Integration:
        """Checks both keys at Stripe, then saves the link. Nothing is saved unless everything held.

        Args:
            confirmed: the account id and mode that somebody was shown, where somebody was.

        Raises:
            Invalid: the keys are malformed, swapped, of two modes or accounts, or Stripe does not accept them.
            Conflict: the organisation is connected already, or the keys are not of what was confirmed.
            Denied: the caller may not, or the key may not show which account it is of.
            Upstream: Stripe could not be reached.
        """
        principal.require("integration:write")
        _known(partner, service)
        async with self._database.tenant(principal.organisation_id) as tx:
            if await store.find(tx, principal.organisation_id, partner, service):
                _connected_already()
        proven = await self._proving.prove(principal.organisation_id, publishable_key, secret_key)
        if confirmed is not None and confirmed != (proven.identity.account_id, proven.mode):
            raise Conflict(
                "other_account_confirmed",
                f"These keys are of account {proven.identity.account_id} in {proven.mode} mode, not of what you saw.",
                remedy="Look at the account that is shown now, and confirm it.",
            )
        pair, identity, now = proven.pair, proven.identity, self._clock.now()
        integration = Integration(
            organisation_id=principal.organisation_id,
            partner=partner,
            service=service,
            status="CREATED",
            livemode=pair.livemode,
            account_id=identity.account_id,
            account_name=identity.name,
            publishable_key=pair.publishable,
            key_kind=pair.kind,
            key_hint=pair.hint,
            api_version=API_VERSION,
            version=1,
            created=now,
            created_by=principal.name,
            updated=now,
            updated_by=principal.name,
            settings=self._defaults,
        )
        async with self._database.tenant(principal.organisation_id) as tx:
            if not await store.insert(tx, integration):
                _connected_already()
            await self.exchange.put(tx, integration, proven)
            await self.note(tx, principal, integration, "connect", "created")
        return integration

    async def get(self, principal: Principal, partner: str = PARTNER, service: str = SERVICE) -> Integration:
        """Raises Absent if there is none."""
        principal.require("integration:read")
        return await self.of(principal.organisation_id, partner, service)

    async def list(self, principal: Principal) -> Sequence[Integration]:
        """All integrations of the caller's organisation."""
        principal.require("integration:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.all_of(tx, principal.organisation_id)

    async def of(self, organisation_id: str, partner: str = PARTNER, service: str = SERVICE) -> Integration:
        """The same without a caller, for our own work. Raises Absent if there is none."""
        async with self._database.tenant(organisation_id) as tx:
            return await self._find(tx, organisation_id, partner, service)

    async def peek(self, tx: Tx, organisation_id: str) -> Integration | None:
        """Stripe's, in the caller's transaction; None if it is not connected."""
        return await store.find(tx, organisation_id, PARTNER, SERVICE)

    async def livemode_of(self, tx: Tx, organisation_id: str) -> bool | None:
        """The mode Stripe is connected in, None if it is not."""
        found = await self.peek(tx, organisation_id)
        return found.livemode if found else None

    async def settings_of(self, tx: Tx, organisation_id: str) -> Settings | None:
        """What is chosen for Stripe, None if it is not connected."""
        found = await store.find(tx, organisation_id, PARTNER, SERVICE)
        return found.settings if found else None

    async def update(
        self,
        principal: Principal,
        *,
        expected_version: int,
        settings: Mapping[str, Any],
        partner: str = PARTNER,
        service: str = SERVICE,
    ) -> Integration:
        """Changes settings, pausing among them.

        Args:
            expected_version: the version the editor saw.
            settings: names as in `Settings`, only those to change.

        Raises:
            Invalid: with every complaint about the input.
            Conflict: somebody else changed it meanwhile.
            Absent: there is no such integration.
            Denied: the caller may not.
        """
        principal.require("integration:write")
        async with self._database.tenant(principal.organisation_id) as tx:
            locked = await self.hold(tx, principal.organisation_id, expected_version, partner, service)
            changed = replace(
                locked,
                settings=choices.change(locked.settings, settings),
                version=locked.version + 1,
                updated=self._clock.now(),
                updated_by=principal.name,
            )
            await store.update(tx, changed)
            became = "updated"
            if changed.settings.paused is not locked.settings.paused:
                became = "paused" if changed.settings.paused else "resumed"
            await self.note(tx, principal, changed, "update", became)
        return changed

    async def hold(
        self,
        tx: Tx,
        organisation_id: str,
        expected_version: int,
        partner: str = PARTNER,
        service: str = SERVICE,
    ) -> Integration:
        """The integration, locked until the caller's transaction ends.

        Raises:
            Absent: there is none.
            Conflict: it is not the version the editor saw.
        """
        locked = await self._find(tx, organisation_id, partner, service, lock=True)
        _same_version(locked, expected_version)
        return locked

    async def end_overlap(self, principal: Principal, partner: str = PARTNER, service: str = SERVICE) -> Integration:
        """Shreds the earlier keys now, and not when their time is over."""
        principal.require("integration:write")
        async with self._database.tenant(principal.organisation_id) as tx:
            locked = await self._find(tx, principal.organisation_id, partner, service, lock=True)
            changed = await self.exchange.drop_previous(tx, locked)
            await self.note(tx, principal, changed, "end_overlap", "updated")
        return changed

    async def shred_over(self) -> int:
        """Shreds earlier keys whose time is over, of every organisation; returns of how many."""
        async with self._database.open() as tx:
            organisations = await store.with_keys_over(tx, self._clock.now())
        for organisation_id in organisations:
            async with self._database.tenant(organisation_id) as tx:
                for found in await store.all_of(tx, organisation_id):
                    locked = await self._find(tx, organisation_id, found.partner, found.service, lock=True)
                    if locked.previous and locked.previous.until <= self._clock.now():
                        await self.exchange.drop_previous(tx, locked)
        return len(organisations)

    async def set_status(
        self, tx: Tx, organisation_id: str, status: Status, *, seen: Integration, account_name: str | None, by: str
    ) -> Integration:
        """Records the outcome of a verification in the caller's transaction.

        Raises:
            Conflict: the integration is not the one that was `seen` when the verification began.
        """
        locked = await self._find(tx, organisation_id, seen.partner, seen.service, lock=True)
        if _keys_of(locked) != _keys_of(seen):
            raise Conflict(
                "integration_changed",
                "The integration's keys were changed while they were being verified.",
                remedy="Press VERIFY again.",
            )
        # The version stays: an editor's open form is not overtaken by a verification.
        changed = replace(
            locked,
            status=status,
            account_name=account_name or locked.account_name,
            updated=self._clock.now(),
            updated_by=by,
        )
        await store.update(tx, changed)
        return changed

    async def access(
        self,
        organisation_id: str,
        *,
        livemode: bool | None = None,
        why: str = "call Stripe",
        principal: Principal | None = None,
        though_paused: bool = False,
    ) -> Access:
        """The organisation's key, ready to be sent; an audit entry notes that it was opened, and `why`.

        While earlier keys are good, they are the access's spare, or serve what belongs to the mode before a switch.

        Args:
            livemode: the mode the caller means; None if the present one will do.
            though_paused: it looks after the connection itself, which a pause does not stop.

        Raises:
            Absent: Stripe is not connected.
            Conflict: it is connected in the other mode, or paused.
        """
        actor = principal or Principal.system(organisation_id, "tillwright")
        async with self._database.tenant(organisation_id) as tx:
            integration = await self._find(tx, organisation_id, PARTNER, SERVICE)
            if integration.settings.paused and not though_paused:
                _paused()
            now, earlier = self._clock.now(), integration.previous
            if earlier and earlier.until <= now:
                earlier = None
            if livemode is not None and livemode is not integration.livemode:
                if earlier is None or earlier.livemode is not livemode:
                    _other_mode(integration)
                key = await self._open(tx, organisation_id, PREVIOUS_PURPOSE, actor, why)
                return Access(organisation_id, key, livemode, earlier.account_id)
            key = await self._open(tx, organisation_id, KEY_PURPOSE, actor, why)
            spare = None
            if earlier and (earlier.livemode, earlier.account_id) == (integration.livemode, integration.account_id):
                spare = await self._open(tx, organisation_id, PREVIOUS_PURPOSE, actor, why)
        return Access(organisation_id, key, integration.livemode, integration.account_id, spare=spare)

    async def _open(self, tx: Tx, organisation_id: str, purpose: str, principal: Principal, why: str) -> Secret:
        return await self._credentials.open(
            tx,
            organisation_id,
            partner=PARTNER,
            purpose=purpose,
            actor=principal.actor,
            why=why,
            at=self._clock.now(),
        )

    async def at_stake(self, tx: Tx, organisation_id: str, partner: str) -> int:
        """How many sealed keys `remove` would shred."""
        return await self._credentials.count(tx, organisation_id, partner=partner)

    async def remove(self, tx: Tx, organisation_id: str, partner: str, service: str) -> int:
        """Shreds the keys and deletes the link in the caller's transaction; returns how many keys were shredded."""
        shredded = await self._credentials.shred(tx, organisation_id, partner=partner)
        await store.delete(tx, organisation_id, partner, service)
        return shredded

    async def _find(
        self, tx: Tx, organisation_id: str, partner: str, service: str, *, lock: bool = False
    ) -> Integration:
        found = await store.find(tx, organisation_id, partner, service, lock=lock)
        if found is None:
            raise Absent(
                "integration_absent",
                f"{partner.title()} is not connected.",
                remedy="Connect it on the Integrations page.",
            )
        return found

    async def note(self, tx: Tx, principal: Principal, integration: Integration, did: str, became: str) -> None:
        """Audit and tell what was done, in the caller's transaction."""
        said = integration.summary()
        subject = f"{integration.partner}/{integration.service}"
        await audit.record(
            tx, principal.organisation_id, principal.actor, f"user:integration:{did}", subject, said, self._clock.now()
        )
        name = f"integration:{integration.partner}:{became}"
        await events.record(tx, principal.organisation_id, name, said | {"by": principal.name}, self._clock.now())


def _keys_of(integration: Integration) -> tuple[Any, ...]:
    """Differs where the keys do."""
    return (
        integration.created,
        integration.livemode,
        integration.account_id,
        integration.key_hint,
        integration.publishable_key,
    )


def _known(partner: str, service: str) -> None:
    if (partner, service) != (PARTNER, SERVICE):
        raise Invalid(
            "partner_unknown",
            f"There is no integration {partner}/{service}.",
            field="partner",
            remedy=f"Use {PARTNER}/{SERVICE}.",
        )


def _connected_already() -> None:
    raise Conflict(
        "integration_exists",
        "Stripe is connected already.",
        remedy="Change its keys under Edit, or delete the integration first.",
    )


def _same_version(integration: Integration, expected: int) -> None:
    if integration.version != expected:
        raise Conflict(
            "integration_edited",
            f"{integration.updated_by} changed this integration while you were editing it.",
            remedy="Load it again, then make your change.",
            version=integration.version,
        )


def _paused() -> NoReturn:
    raise Conflict(
        "integration_paused",
        "The integration is paused: Tillwright makes no call with its key.",
        remedy="Resume it on the Integrations page.",
    )


def _other_mode(integration: Integration) -> NoReturn:
    raise Conflict(
        "mode_mismatch",
        f"Stripe is connected in {integration.mode} mode; this belongs to the other one.",
        remedy="Switch the integration's mode, or start again from an object of its present mode.",
    )
