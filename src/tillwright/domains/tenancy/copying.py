"""A second organisation beside one, of the same administrator, with the first one's settings and nothing in it."""

from __future__ import annotations

from tillwright.domains import audit
from tillwright.domains.tenancy import store
from tillwright.domains.tenancy.model import Organisation, Principal
from tillwright.domains.tenancy.names import name_of
from tillwright.gateways.database import Database
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Invalid


class Copying:
    """The one verb."""

    def __init__(self, *, clock: Clock, database: Database) -> None:
        self._clock = clock
        self._database = database

    async def copy_organisation(
        self, principal: Principal, name: str, *, administrator: str | None = None
    ) -> Principal:
        """An organisation with the time zone of the caller's; answers its administrator in it.

        Args:
            administrator: the mail address of one of the present administrators, where the caller is no person.

        Raises:
            Invalid: no usable name, or nobody to sign in to it.
            Absent: the organisation is gone.
        """
        principal.require("organisation:write")
        name, organisation_id, now = name_of(name, "name"), ids.new("org"), self._clock.now()
        user_id, person = await self._administrator(principal, administrator)
        async with self._database.tenant(principal.organisation_id) as tx:
            source = await store.organisation(tx, principal.organisation_id)
        if source is None:
            raise Absent("organisation_absent", "The organisation is gone.")
        made = Principal(organisation_id, "USER", user_id, person, "ADMIN", name)
        async with self._database.tenant(organisation_id) as tx:
            await store.insert_organisation(tx, organisation_id, name, now)
            await store.update_organisation(tx, organisation_id, name, source["time_zone"])
            await store.insert_membership(tx, organisation_id, user_id, "ADMIN", now)
            said = {"name": name, "copyOf": principal.organisation_id}
            await audit.record(
                tx, organisation_id, principal.actor, "tenancy:organisation:create", organisation_id, said, now
            )
        return made

    async def _administrator(self, principal: Principal, email: str | None) -> tuple[str, str]:
        """(id, name) of who will be its administrator."""
        if principal.actor_kind == "USER" and email is None:
            return principal.actor_id, principal.name
        async with self._database.open() as tx:
            user = await store.user_by_email(tx, (email or "").strip().lower())
            memberships = await store.memberships(tx, user["id"]) if user else list[Organisation]()
        here = [each for each in memberships if each.id == principal.organisation_id and each.role == "ADMIN"]
        if user is None or not here:
            raise Invalid(
                "administrator_unknown",
                "A copy needs an administrator, who must be one of this organisation's.",
                field="administrator",
                remedy="Give the mail address of an administrator of this organisation.",
            )
        return user["id"], user["name"]
