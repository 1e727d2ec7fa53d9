"""The verbs of verification: verify and keep the report, check without keeping, look at the last reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from tillwright.domains import audit, events
from tillwright.domains.integrations import PARTNER, SERVICE, Integrations
from tillwright.domains.integrations.identity import read_account
from tillwright.domains.tenancy import Principal
from tillwright.domains.verification import store
from tillwright.domains.verification.probe import Probed, Prober
from tillwright.domains.verification.report import Account, Report, compare, conclude
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.facts import API_VERSION
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.gateways.stripe.writer import StripeWriter
from tillwright.kit import ids
from tillwright.kit.clock import Clock

FULL_KEY = (
    "This is a full secret key: it can do everything in the account. "
    "Make a restricted key with only the permissions listed here."
)
SKEWED = "This machine's clock is {:+.0f} s off Stripe's: set it by NTP, or webhook signatures will be refused."
MOST_SKEW = 30.0


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
        seen = await self._integrations.of(principal.organisation_id, partner, service)
        access = await self._integrations.access(principal.organisation_id, why="verify", principal=principal)
        report = await self.check(
            access, restricted=seen.key_kind == "RESTRICTED", before=await self._last(seen.organisation_id)
        )
        report = replace(report, id=ids.new("vrf"))
        async with self._database.tenant(principal.organisation_id) as tx:
            await self._integrations.set_status(
                tx,
                principal.organisation_id,
                report.outcome,
                seen=seen,
                account_name=report.account.name,
                by=principal.name,
            )
            await store.insert(tx, principal.organisation_id, partner, service, report)
            await self._note(tx, principal, partner, service, report)
        return report

    async def check(self, access: Access, *, restricted: bool, before: Report | None = None) -> Report:
        """The same report for a key that need not be saved, and nothing kept.

        Args:
            access: its account id, if given, is the account the key should be of.
            restricted: whether it is a restricted key.
            before: the report to compare with.
        """
        started = self._clock.monotonic()
        probed = await self._prober.run(access, restricted=restricted)
        account = _account(probed)
        outcome, reasons = conclude(
            probed.findings,
            dead=str(probed.dead) if probed.dead else None,
            account_id=account.id,
            expected_account=access.account_id,
        )
        skew = round(median(probed.skews), 1) if probed.skews else None
        return Report(
            outcome=outcome,
            at=self._clock.now(),
            mode="live" if access.livemode else "test",
            key_kind="RESTRICTED" if restricted else "SECRET",
            api_version=API_VERSION,
            account=account if account.id else replace(account, id=access.account_id),
            findings=tuple(probed.findings),
            reasons=reasons,
            advice=_advice(probed, restricted=restricted, skew=skew),
            requests=probed.requests,
            duration_ms=round((self._clock.monotonic() - started) * 1000),
            round_trip_ms=round(min(probed.round_trips) * 1000) if probed.round_trips else None,
            clock_skew_seconds=skew,
            webhook_endpoints=_endpoints(probed),
            changes=compare(before, probed.findings, outcome),
        )

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

    async def forget(self, tx: Tx, organisation_id: str, partner: str, service: str) -> int:
        """Deletes every report in the caller's transaction; returns how many."""
        return await store.delete(tx, organisation_id, partner, service)

    async def _last(self, organisation_id: str) -> Report | None:
        return await self.latest(organisation_id)

    async def _note(self, tx: Tx, principal: Principal, partner: str, service: str, report: Report) -> None:
        said = {
            "partner": partner,
            "service": service,
            "outcome": report.outcome,
            "reasons": list(report.reasons),
            "accountId": report.account.id,
            "mode": report.mode,
            "reportId": report.id,
        }
        now = self._clock.now()
        organisation = principal.organisation_id
        await audit.record(
            tx, organisation, principal.actor, "user:integration:verify", f"{partner}/{service}", said, now
        )
        became = "verified" if report.verified else "not_verified"
        await events.record(tx, organisation, f"integration:{partner}:{became}", said, now)


def _account(probed: Probed) -> Account:
    answer = probed.answers.get("connected_account_read")
    if answer is None:
        return Account(id=probed.account_named)
    identity = read_account(answer.body)
    return Account(identity.account_id, identity.name, identity.country, identity.currency, identity.capabilities)


def _endpoints(probed: Probed) -> dict[str, int] | None:
    answer = probed.answers.get("webhook_write")
    if answer is None:
        return None
    states = [endpoint.get("status") for endpoint in answer.items]
    return {"enabled": states.count("enabled"), "disabled": states.count("disabled")}


def _advice(probed: Probed, *, restricted: bool, skew: float | None) -> tuple[str, ...]:
    said: list[str] = []
    if not restricted:
        said.append(FULL_KEY)
    excess = [finding.right for finding in probed.findings if finding.state == "excess"]
    if excess:
        said.append(f"The key has more permissions than it needs: take away {', '.join(excess)}.")
    if skew is not None and abs(skew) > MOST_SKEW:
        said.append(SKEWED.format(skew))
    return tuple(said)
