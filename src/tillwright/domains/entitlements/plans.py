"""Which plan of notices holds for an entitlement: the integration's switch and days, and what is set for it alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from tillwright.domains.entitlements.end_soon import Plan, zone_named
from tillwright.domains.entitlements.model import Entitlement
from tillwright.domains.integrations import Integrations
from tillwright.domains.tenancy import Principal, Tenancy
from tillwright.gateways.database import Tx
from tillwright.kit.errors import Absent


@dataclass(frozen=True, slots=True)
class Choices:
    """One organisation's choices. `livemode` is None where nothing is connected: then no notice goes out."""

    on: bool
    days: int
    zone: tzinfo
    zone_name: str
    livemode: bool | None
    renewals: bool = False
    renewal_days: int = 7

    def plan_of(self, entitlement: Entitlement) -> Plan:
        """What is set for the entitlement alone weighs more."""
        on = self.on if entitlement.notices is None else entitlement.notices
        return Plan(entitlement.notice_days or self.days, self.zone, on and entitlement.livemode is self.livemode)

    def renewals_of(self, entitlement: Entitlement) -> Plan:
        """When the notice before a renewal goes out; what is set for notices before an end does not touch it."""
        return Plan(self.renewal_days, self.zone, self.renewals and entitlement.livemode is self.livemode)


class Plans:
    """Reads them where they are kept."""

    def __init__(self, *, integrations: Integrations, tenancy: Tenancy) -> None:
        self._integrations = integrations
        self._tenancy = tenancy

    async def of(self, organisation_id: str) -> Choices:
        """As they are now."""
        organisation = await self._tenancy.organisation(Principal.system(organisation_id, "entitlements"))
        name = organisation.time_zone
        try:
            integration = await self._integrations.of(organisation_id)
        except Absent:
            return Choices(False, 30, zone_named(name), name, None)
        settings = integration.settings
        return Choices(
            settings.enable_entitlement_end_soon_notification,
            settings.days_before_entitlement_end,
            zone_named(name),
            name,
            integration.livemode,
            settings.enable_entitlement_renew_soon_notification,
            settings.days_before_entitlement_renewal,
        )

    async def tells_renewals(self, tx: Tx, organisation_id: str) -> bool:
        """Whether renewals are told of at all, within the caller's transaction."""
        settings = await self._integrations.settings_of(tx, organisation_id)
        return settings is not None and settings.enable_entitlement_renew_soon_notification
