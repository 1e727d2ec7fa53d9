"""Looking at notices, and trying a scope's words before anything happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tillwright.domains import audit
from tillwright.domains.notifications import catalogue
from tillwright.domains.notifications.configuration import store as configuration
from tillwright.domains.notifications.model import Message
from tillwright.domains.notifications.notices import composing, store
from tillwright.domains.notifications.notices.model import Notice
from tillwright.domains.notifications.notices.service import Notices
from tillwright.domains.notifications.recipients import address_problem
from tillwright.domains.notifications.service import Notifications
from tillwright.domains.notifications.templates import Rendered, check, render
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Invalid


@dataclass(frozen=True)
class Sent:
    """Where a notice went: channels, and the addresses of its mails."""

    channels: Sequence[str]
    addresses: Sequence[str]


class NoticeBoard:
    """What people and programs see of notices."""

    def __init__(self, *, clock: Clock, database: Database, notices: Notices, outbox: Notifications) -> None:
        self._clock = clock
        self._database = database
        self._notices = notices
        self._outbox = outbox

    async def list(
        self,
        principal: Principal,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        priorities: Sequence[str] | None = None,
        words: str = "",
        entity: tuple[str, str] | None = None,
        scope: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[Sequence[Notice], int]:
        """Notices, newest first, and how many there are."""
        principal.require("notification:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.page(
                tx, principal.organisation_id, since=since, until=until, priorities=priorities, words=words,
                entity=entity, scope=scope, limit=limit, offset=offset,
            )  # fmt: skip

    async def sent(self, principal: Principal, notices: Sequence[Notice]) -> dict[str, Sent]:
        """Where each of these went, by its id."""
        principal.require("notification:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            rows = await store.messages_of(tx, principal.organisation_id, [one.id for one in notices])
        channels: dict[str, dict[str, None]] = {}
        addresses: dict[str, dict[str, None]] = {}
        for notice_id, channel, recipient, cc in rows:
            channels.setdefault(notice_id, {})[channel] = None
            for address in [*(one.strip() for one in recipient.split(",")), *cc]:
                if address:
                    addresses.setdefault(notice_id, {})[address] = None
        return {one: Sent(list(kinds), list(addresses.get(one, {}))) for one, kinds in channels.items()}

    async def get(self, principal: Principal, notice_id: str) -> Notice:
        """One notice.

        Raises:
            Absent: there is none of this id.
        """
        principal.require("notification:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            found = await store.by_id(tx, principal.organisation_id, notice_id)
        if found is None:
            raise Absent("notice_absent", f"There is no notice {notice_id[:60]}.", field="id")
        return found

    async def preview(
        self, principal: Principal, scope_name: str, *, subject: str | None, body: str | None, last: bool = False
    ) -> Rendered:
        """The mail as it would look with these words, from the sample or from the last time it happened.

        Raises:
            Absent: there is no such scope.
            Invalid: the template, with every complaint and its line.
        """
        principal.require("notification:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await self._drawn(tx, principal, scope_name, subject, body, last)

    async def _drawn(
        self, tx: Tx, principal: Principal, name: str, subject: str | None, body: str | None, last: bool
    ) -> Rendered:
        scope = catalogue.scope_of(name)
        house = await self._notices.house(tx, principal.organisation_id)
        held = (await configuration.read(tx, principal.organisation_id)).scopes[name]
        was_subject, was_body = held.words(scope)
        subject, body = was_subject if subject is None else subject, was_body if body is None else body
        problems = check(subject, body, scope.tags)
        if problems:
            raise Invalid.many(problems)
        found = await store.last(tx, principal.organisation_id, name) if last else None
        given: dict[str, Any] = {**scope.sample, **dict(found.values)} if found else scope.sample
        if not found:
            given |= {"organizationName": house.name, "timeZone": house.time_zone, "link": house.public_url + "/"}
        return render(subject, body, given, composing.frame_of(scope, house))

    async def test(self, principal: Principal, scope_name: str, to: Sequence[str], *, last: bool = False) -> Message:
        """Send the scope's mail with its sample to these addresses, or to the scope's own, and try to deliver it now.

        Raises:
            Absent: there is no such scope.
            Invalid: an address is none, or there is nobody to send it to.
        """
        principal.require("notification:write")
        problems = [found for one in to if (found := address_problem(one, "to"))]
        if problems:
            raise Invalid.many(problems)
        organisation = principal.organisation_id
        async with self._database.tenant(organisation) as tx:
            drawn = await self._drawn(tx, principal, scope_name, None, None, last)
            held = (await configuration.read(tx, organisation)).scopes[scope_name]
            way = await self._notices.route(tx, organisation, held)
            if not to and not way.anybody:
                remedy = "Give the scope recipients first, or say where the test should go."
                raise Invalid("recipients_missing", "There is nobody to send it to.", field="to", remedy=remedy)
            message = await self._outbox.queue(
                tx, organisation, key=f"test:{ids.new('tst')}", to=list(to) or way.to, cc=() if to else way.cc,
                bcc=() if to else way.bcc, subject=f"[Test] {drawn.subject}", text=drawn.text, html=drawn.html,
                scope=scope_name,
            )  # fmt: skip
            said = {"scope": scope_name, "to": list(to) or "its recipients"}
            now = self._clock.now()
            await audit.record(tx, organisation, principal.actor, "notifications:scope:test", scope_name, said, now)
        return await self._outbox.deliver(organisation, message.id)
