"""Reading and changing the notification settings, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tillwright.domains import audit
from tillwright.domains.notifications.catalogue import catalogue
from tillwright.domains.notifications.configuration import checks, store
from tillwright.domains.notifications.configuration.model import Change, Configuration, ScopeSettings, default
from tillwright.domains.notifications.contacts import store as contacts
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Invalid, Problem


class Configurations:
    """The settings of every organisation."""

    def __init__(self, *, clock: Clock, database: Database) -> None:
        self._clock = clock
        self._database = database

    async def get(self, principal: Principal) -> Configuration:
        """What holds for the organisation, every scope included."""
        principal.require("notification:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.read(tx, principal.organisation_id)

    async def change(self, principal: Principal, change: Change) -> Configuration:
        """Change what is given; nothing is changed unless all of it can be.

        Raises:
            Invalid: with every complaint: recipients, times, channels, and templates with their lines.
        """
        principal.require("notification:write")
        organisation, now = principal.organisation_id, self._clock.now()
        async with self._database.tenant(organisation) as tx:
            await store.lock(tx, organisation)
            was = await store.read(tx, organisation)
            people = await _people(tx, organisation)
            settings, wrong = checks.settings(was.settings, change.settings)
            changed = [checks.scope(name, was, given, people) for name, given in change.scopes.items()]
            wrong += [problem for _, problems in changed for problem in problems]
            if wrong:
                raise Invalid.many(wrong)
            said: dict[str, Any] = {}
            if settings != was.settings:
                await store.write_settings(tx, organisation, settings, now, principal.name)
                said["settings"] = vars(settings)
            for scope, _ in changed:
                if scope is not None and scope != was.scopes[scope.scope]:
                    await store.write_scope(tx, organisation, scope, now, principal.name)
                    said[scope.scope] = _told(change.scopes[scope.scope])
            if said:
                action = "notifications:configuration:update"
                await audit.record(tx, organisation, principal.actor, action, organisation, said, now)
            return await store.read(tx, organisation)

    async def copy_routing(self, source: Principal, target: Principal) -> int:
        """Set in one organisation what holds in the other; returns how many scopes were set.

        Contacts stay behind: they are the other's own. Channels are allowed as there, and have no address yet here.
        """
        source.require("notification:read")
        target.require("notification:write")
        async with self._database.tenant(source.organisation_id) as tx:
            there = await store.read(tx, source.organisation_id)
        own = [scope for scope in there.scopes.values() if scope != default(catalogue()[scope.scope])]
        now = self._clock.now()
        async with self._database.tenant(target.organisation_id) as tx:
            await store.lock(tx, target.organisation_id)
            await store.write_settings(tx, target.organisation_id, there.settings, now, target.name)
            for scope in own:
                await store.write_scope(tx, target.organisation_id, _without_contacts(scope), now, target.name)
            action = "notifications:configuration:copy"
            said = {"from": source.organisation_id, "scopes": [scope.scope for scope in own]}
            await audit.record(tx, target.organisation_id, target.actor, action, target.organisation_id, said, now)
        return len(own)


def _without_contacts(scope: ScopeSettings) -> ScopeSettings:
    to, cc, bcc = ([who for who in group if "@" in who] for group in (scope.to, scope.cc, scope.bcc))
    return replace(scope, to=to, cc=cc, bcc=bcc)


async def _people(tx: Tx, organisation_id: str) -> checks.People:
    by_id: dict[str, str] = {}
    by_name: dict[str, list[str]] = {}
    for contact_id, name, _ in await contacts.directory(tx, organisation_id):
        by_id[contact_id] = name
        by_name.setdefault(name.lower(), []).append(contact_id)
    return checks.People(by_id, by_name)


def _told(given: Mapping[str, Any]) -> dict[str, Any]:
    """For the trail: a template's text is in the settings, not there."""
    return {name: "changed" if name in ("subject", "body") and value else value for name, value in given.items()}


def unknown_fields(given: Mapping[str, Any], known: tuple[str, ...], where: str) -> list[Problem]:
    """A complaint for each name that is none of `known`."""
    return [
        Problem("field_unknown", f"{name!r} can't be set here.", f"{where}{name}", f"There are: {', '.join(known)}.")
        for name in given
        if name not in known
    ]
