"""Verifies an organisation's mail server by a test message, and keeps the report."""

from __future__ import annotations

from tillwright.domains.integrations.mail_servers import MailServers
from tillwright.domains.tenancy import Principal
from tillwright.domains.verification.report import Account, Finding, Report
from tillwright.domains.verification.service import Verification
from tillwright.gateways.database import Database
from tillwright.kit import ids
from tillwright.kit.clock import Clock

_STAGES = {
    "reach": ("It can be reached and signs us in", "No mail leaves by it."),
    "take": ("It takes a message from this sender", "No mail leaves by it."),
}


class MailVerification:
    """The one verb."""

    def __init__(self, *, database: Database, clock: Clock, servers: MailServers, verification: Verification) -> None:
        self._database = database
        self._clock = clock
        self._servers = servers
        self._verification = verification

    async def verify(self, principal: Principal, to: str) -> Report:
        """Sends a test message to an address and sets the status by what became of it.

        Raises:
            Absent: no mail server is connected.
            Conflict: it was changed meanwhile.
            Denied: the caller may not.
        """
        principal.require("integration:verify")
        started = self._clock.monotonic()
        found, trial = await self._servers.try_out(principal, to)
        findings = tuple(
            Finding(
                right=name,
                dashboard=_STAGES[name][0],
                state="ok" if passed else "missing",
                required=True,
                loses="" if passed else _STAGES[name][1],
                note=said,
            )
            for name, passed, said in trial.stages
        )
        report = Report(
            outcome="VERIFIED" if trial.passed else "NOT_VERIFIED",
            at=self._clock.now(),
            mode="live",
            key_kind=found.key_kind,
            api_version=found.api_version,
            account=Account(id=found.account_id, name=found.account_name),
            findings=findings,
            reasons=tuple(said for _, passed, said in trial.stages if not passed),
            requests=1,
            duration_ms=round((self._clock.monotonic() - started) * 1000),
            id=ids.new("vrf"),
            by=principal.name,
        )
        async with self._database.tenant(principal.organisation_id) as tx:
            await self._verification.keep(tx, principal, found, report, watched=False)
        return report
