"""Changes a key without a failed request: the new one is proven to be as good before it takes the old one's place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tillwright.domains.integrations import PARTNER, SERVICE, Integration, Integrations, choices
from tillwright.domains.integrations.keys import SECRET
from tillwright.domains.integrations.proving import Proven
from tillwright.domains.tenancy import Principal
from tillwright.domains.verification.no_less import compare_rights
from tillwright.domains.verification.report import Report
from tillwright.domains.verification.service import Verification
from tillwright.gateways.database import Database
from tillwright.kit import ids
from tillwright.kit.errors import Conflict, Invalid, Upstream
from tillwright.kit.seal import Secret


class Rotation:
    """The old key stays good for `integrations.exchange.OVERLAP`, and is used wherever Stripe refuses the new one."""

    def __init__(self, *, database: Database, integrations: Integrations, verification: Verification) -> None:
        self._database = database
        self._integrations = integrations
        self._verification = verification

    async def rotate(
        self,
        principal: Principal,
        *,
        expected_version: int,
        publishable_key: str | None,
        secret_key: Secret | None,
        settings: Mapping[str, Any] | None = None,
        partner: str = PARTNER,
        service: str = SERVICE,
    ) -> Integration:
        """Puts a new secret key in place, and a new public one if it is given; settings may be changed along with it.

        Raises:
            Invalid: the keys or a setting, with every complaint.
            Conflict: somebody else changed it meanwhile; the key is of another account or mode, or may do less.
            Absent, Denied: there is no such integration, or the caller may not.
            Upstream: Stripe could not be asked; nothing was changed.
        """
        principal.require("integration:write")
        organisation_id = principal.organisation_id
        current = await self._integrations.of(organisation_id, partner, service)
        if current.version != expected_version:
            async with self._database.tenant(organisation_id) as tx:
                await self._integrations.hold(tx, organisation_id, expected_version, partner, service)
        wanted = choices.change(current.settings, settings or {})
        if secret_key is None:
            raise _secret_needed()
        proven = await self._integrations.examine(
            principal, publishable_key=publishable_key or current.publishable_key, secret_key=secret_key
        )
        _same_account(current, proven)
        present, last = await self._of_present_key(principal, current)
        report = await self._verification.check(
            proven.access,
            restricted=proven.pair.kind == "RESTRICTED",
            before=last or present,
            key_hint=proven.pair.hint,
            thorough=True,
        )
        _as_good(present, report)
        async with self._database.tenant(organisation_id) as tx:
            locked = await self._integrations.hold(tx, organisation_id, expected_version, partner, service)
            changed = await self._integrations.exchange.replace(
                tx, locked, proven, settings=wanted, status="CREATED", by=principal.name
            )
            await self._integrations.note(tx, principal, changed, "rotate", "rotated")
            report = replace(report, id=ids.new("vrf"), by=principal.name)
            return await self._verification.keep(tx, principal, changed, report)

    async def _of_present_key(self, principal: Principal, current: Integration) -> tuple[Report, Report | None]:
        """What the present key may do, asked now; and its last report, by which it is judged if it may do nothing more.

        Raises:
            Upstream: Stripe does not say of every right.
        """
        last = await self._verification.latest(current.organisation_id, current.partner, current.service)
        if last and (last.key_hint, last.mode) != (current.key_hint, current.mode):
            last = None
        access = await self._integrations.access(
            current.organisation_id, why="compare with a new key", principal=principal, though_paused=True
        )
        now = await self._verification.check(
            access, restricted=current.key_kind == "RESTRICTED", key_hint=current.key_hint, thorough=True
        )
        if now.inconclusive:
            raise _unproven("the present key")
        # A key that Stripe no longer takes can do nothing; what it could is what the new one has to.
        dead = all(finding.state in ("unknown", "absent") for finding in now.findings)
        return (last if dead and last else now), last


def _as_good(present: Report, report: Report) -> None:
    if report.inconclusive:
        raise _unproven("the new key")
    rights = compare_rights(present, report)
    if rights.lost:
        raise Conflict(
            "key_has_fewer_permissions",
            f"The new key may do less than the present one: it lacks {', '.join(rights.lost)}.",
            field=SECRET,
            remedy="Add these permissions to the new key in Stripe's Dashboard, then enter it again.",
        )
    if rights.unproven:
        raise Conflict(
            "key_permissions_unproven",
            f"Stripe's answers do not prove that the new key has {', '.join(rights.unproven)}, as the present one has.",
            field=SECRET,
            remedy="Look at these permissions of the new key in Stripe's Dashboard, then enter it again.",
        )


def _unproven(whose: str) -> Upstream:
    return Upstream(
        "rotation_unproven",
        f"Stripe did not answer every question about {whose}, so the present one was kept.",
        remedy="Try again in a moment.",
    )


def _same_account(integration: Integration, proven: Proven) -> None:
    if proven.pair.livemode is not integration.livemode or proven.identity.account_id != integration.account_id:
        raise Conflict(
            "key_of_other_account",
            f"The new key is not of account {integration.account_id} in {integration.mode} mode.",
            field=SECRET,
            remedy="Take a key of the same account and mode, or use the switch to the other mode.",
        )


def _secret_needed() -> Invalid:
    return Invalid(
        "secret_key_needed",
        "A new public key can only be checked together with the secret key.",
        field=SECRET,
        remedy="Enter both keys.",
    )
