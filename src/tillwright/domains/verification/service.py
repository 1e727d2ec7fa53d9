"""The verbs of verification: verify and keep the report, check without keeping, look again by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from statistics import median

from tillwright.domains import audit, events
from tillwright.domains.events import SpineEvent
from tillwright.domains.integrations import PARTNER, SERVICE, Integration, Integrations
from tillwright.domains.integrations.proving import Proven
from tillwright.domains.tenancy import Principal
from tillwright.domains.verification import connect, seen, store, watch_store
from tillwright.domains.verification.probe import Prober
from tillwright.domains.verification.report import Report, compare, conclude, lost_endpoint, silent
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.facts import API_VERSION
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.gateways.stripe.writer import StripeWriter
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict
from tillwright.kit.seal import Secret

CONSUMER = "verification"
EVERY = timedelta(minutes=15)
"""How often an integration is looked at when nothing casts doubt on it."""
AGAIN = timedelta(minutes=1)
"""How soon after Stripe gave no answer; a claim holds as long."""
KEPT = 200
"""Reports kept of an integration."""


class Verification:
    """`deadline` is how long, in seconds, each probe may take."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        integrations: Integrations,
        reader: StripeReader,
        writer: StripeWriter,
        deadline: float = 10.0,
    ) -> None:
        self._database = database
        self._clock = clock
        self._integrations = integrations
        self._reader = reader
        self._writer = writer
        self._prober = Prober(reader, writer, clock, deadline=deadline)

    async def verify(self, principal: Principal, partner: str = PARTNER, service: str = SERVICE) -> Report:
        """Probes every permission, keeps the report, and sets the integration's status by it.

        Nothing at Stripe is changed. A key Stripe no longer accepts, or a Stripe that cannot be reached, is a report
        too: NOT_VERIFIED with the reason.

        Raises:
            Absent: there is no such integration.
            Conflict: its keys were changed meanwhile.
            Denied: the caller may not.
        """
        principal.require("integration:verify")
        return await self._verify(principal, partner, service, scheduled=False)

    async def examine(self, principal: Principal, *, publishable_key: str, secret_key: Secret) -> tuple[Proven, Report]:
        """The report for keys that are not saved: whose they are, and what they may do. Nothing is kept.

        Raises:
            Invalid, Denied, Upstream: as for connecting.
        """
        proven = await self._integrations.examine(principal, publishable_key=publishable_key, secret_key=secret_key)
        report = await self.check(proven.access, restricted=proven.pair.kind == "RESTRICTED", key_hint=proven.pair.hint)
        return proven, replace(report, by=principal.name)

    async def step(self) -> int:
        """Look again at what is due, or in doubt; returns how many integrations were looked at."""
        for organisation_id in await events.behind(self._database, CONSUMER):
            while await events.hand_on(self._database, organisation_id, CONSUMER, self._follow):
                pass
        async with self._database.open() as tx:
            organisations = await watch_store.due(tx, self._clock.now())
        looked = 0
        for organisation_id in organisations:
            async with self._database.tenant(organisation_id) as tx:
                now = self._clock.now()
                due = await watch_store.claim(tx, organisation_id, now, now + AGAIN)
            for partner, service in due:
                try:
                    await self._verify(
                        Principal.system(organisation_id, "tillwright"), partner, service, scheduled=True
                    )
                    looked += 1
                except (Absent, Conflict):
                    continue  # deleted or changed meanwhile: there is a verification of its own for that
        return looked

    async def _follow(self, tx: Tx, event: SpineEvent) -> None:
        """Our endpoint at Stripe was made or mended: what was said of it may be true no more."""
        if event.name == f"webhook_endpoint:{PARTNER}:made":
            await watch_store.hasten(tx, event.organisation_id, PARTNER, self._clock.now())

    async def _verify(self, principal: Principal, partner: str, service: str, *, scheduled: bool) -> Report:
        organisation_id = principal.organisation_id
        found = await self._integrations.of(organisation_id, partner, service)
        access = await self._integrations.access(organisation_id, why="verify", principal=principal, though_paused=True)
        before = await self.latest(organisation_id, partner, service)
        report = await self.check(
            access, restricted=found.key_kind == "RESTRICTED", before=before, key_hint=found.key_hint
        )
        report = replace(report, id=ids.new("vrf"), by=principal.name)
        if found.settings.connect_client_id:
            may = await connect.reach(self._reader, self._writer, access, restricted=found.key_kind == "RESTRICTED")
            report = replace(report, advice=report.advice + connect.advice(may))
        async with self._database.tenant(organisation_id) as tx:
            if scheduled and report.inconclusive:
                # Silence is no drift: the status stays what Stripe last said, and we ask again soon.
                await watch_store.keep(tx, organisation_id, partner, service, self._clock.now() + AGAIN, trusted=False)
                return report
            if scheduled and before and not report.changes and found.status == report.outcome:
                await watch_store.keep(tx, organisation_id, partner, service, self._clock.now() + EVERY, trusted=False)
                return report
            await self.keep(tx, principal, found, report)
        return report

    async def keep(
        self, tx: Tx, principal: Principal, found: Integration, report: Report, *, watched: bool = True
    ) -> Integration:
        """Keep a report of the integration as it was `found`, and set its status by it, in the caller's transaction.

        Raises:
            Conflict: its keys were changed meanwhile.
        """
        organisation_id, partner, service = found.organisation_id, found.partner, found.service
        changed = await self._integrations.set_status(
            tx,
            organisation_id,
            report.outcome,
            seen=found,
            account_name=report.account.name,
            by=principal.name,
        )
        await store.insert(tx, organisation_id, partner, service, report)
        await store.prune(tx, organisation_id, partner, service, KEPT)
        if watched:
            await watch_store.keep(tx, organisation_id, partner, service, self._clock.now() + EVERY, trusted=True)
        await self._note(tx, principal, partner, service, report)
        return changed

    async def check(
        self,
        access: Access,
        *,
        restricted: bool,
        before: Report | None = None,
        key_hint: str = "",
        thorough: bool = False,
    ) -> Report:
        """The same report for a key that need not be saved, and nothing kept.

        Args:
            access: its account id, if given, is the account the key should be of.
            restricted: whether it is a restricted key.
            before: the report to compare with.
            key_hint: the key's last four characters.
            thorough: see `Prober.run`.
        """
        started = self._clock.monotonic()
        probed = await self._prober.run(access, restricted=restricted, thorough=thorough)
        account, endpoint = seen.account(probed), seen.our_endpoint(probed, access.organisation_id)
        dead = str(probed.dead) if probed.dead else None
        mode = "live" if access.livemode else "test"
        outcome, reasons = conclude(
            probed.findings,
            dead=dead,
            account_id=account.id,
            expected_account=access.account_id,
            endpoint_lost=lost_endpoint(before if before and before.mode == mode else None, endpoint),
        )
        skew = round(median(probed.skews), 1) if probed.skews else None
        report = Report(
            outcome=outcome,
            at=self._clock.now(),
            mode=mode,
            key_kind="RESTRICTED" if restricted else "SECRET",
            api_version=API_VERSION,
            account=account if account.id else replace(account, id=access.account_id),
            findings=tuple(probed.findings),
            reasons=reasons,
            advice=seen.advice(probed, restricted=restricted, skew=skew),
            requests=probed.requests,
            duration_ms=round((self._clock.monotonic() - started) * 1000),
            round_trip_ms=round(min(probed.round_trips) * 1000) if probed.round_trips else None,
            clock_skew_seconds=skew,
            webhook_endpoints=seen.endpoints(probed),
            key_hint=key_hint,
            endpoint=endpoint,
            inconclusive=silent(probed.findings, reasons, dead),
        )
        return replace(report, changes=compare(before, report))

    async def latest(self, organisation_id: str, partner: str = PARTNER, service: str = SERVICE) -> Report | None:
        """The last report, None if it was never verified."""
        reports = await self.history(organisation_id, partner, service, limit=1)
        return reports[0] if reports else None

    async def history(
        self, organisation_id: str, partner: str = PARTNER, service: str = SERVICE, *, limit: int = 20
    ) -> Sequence[Report]:
        """Reports, newest first."""
        async with self._database.tenant(organisation_id) as tx:
            return await store.recent(tx, organisation_id, partner, service, limit)

    async def report(self, organisation_id: str, report_id: str) -> Report:
        """One kept report.

        Raises:
            Absent: there is none of this id.
        """
        async with self._database.tenant(organisation_id) as tx:
            found = await store.by_id(tx, organisation_id, report_id)
        if found is None:
            raise Absent("report_absent", f"There is no report {report_id}.", field="reportId")
        return found

    async def at_stake(self, tx: Tx, organisation_id: str, partner: str, service: str) -> int:
        """How many reports `forget` would delete; only so many are kept."""
        return await store.held(tx, organisation_id, partner, service)

    async def forget(self, tx: Tx, organisation_id: str, partner: str, service: str) -> int:
        """Deletes every report in the caller's transaction; returns how many."""
        await watch_store.delete(tx, organisation_id, partner, service)
        return await store.delete(tx, organisation_id, partner, service)

    async def _note(self, tx: Tx, principal: Principal, partner: str, service: str, report: Report) -> None:
        said = {
            "partner": partner,
            "service": service,
            "outcome": report.outcome,
            "reasons": list(report.reasons),
            "accountId": report.account.id,
            "mode": report.mode,
            "reportId": report.id,
            "changes": list(report.changes),
            "endpoint": report.endpoint,
        }
        now = self._clock.now()
        organisation = principal.organisation_id
        await audit.record(
            tx, organisation, principal.actor, "user:integration:verify", f"{partner}/{service}", said, now
        )
        became = "verified" if report.verified else "not_verified"
        await events.record(tx, organisation, f"integration:{partner}:{became}", said, now)
