"""Answering what happened: the notice, its messages on every channel, and the one mail a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from tillwright.domains.events import SpineEvent
from tillwright.domains.notifications import catalogue, stripe_values, timing
from tillwright.domains.notifications.channels import store as channels
from tillwright.domains.notifications.channels.payloads import Notice as Told
from tillwright.domains.notifications.channels.payloads import payload
from tillwright.domains.notifications.configuration import store as configuration
from tillwright.domains.notifications.configuration.model import Configuration, ScopeSettings
from tillwright.domains.notifications.contacts import store as contacts
from tillwright.domains.notifications.model import Channel
from tillwright.domains.notifications.notices import composing, store
from tillwright.domains.notifications.notices.composing import House
from tillwright.domains.notifications.notices.model import Notice
from tillwright.domains.notifications.notices.routing import Route, route
from tillwright.domains.notifications.optouts import store as optouts
from tillwright.domains.notifications.recipients import MOST
from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.service import Notifications
from tillwright.domains.notifications.templates import Rendered
from tillwright.gateways.database import Database, Tx
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent

CONSUMER = "notifications"
MOST_IN_DIGEST = 200


class Copies(Protocol):
    """Copies of Stripe's objects; `body` is as Stripe sent it.

    Raises:
        Absent: there is no copy.
    """

    async def __call__(self, tx: Tx, kind: str, object_id: str, livemode: bool) -> Mapping[str, Any]: ...


class PeopleOf(Protocol):
    """Mail addresses of the people who have a role or a higher one, by name."""

    async def __call__(self, tx: Tx, organisation_id: str, role: str) -> Sequence[str]: ...


class Notices:
    """Reads the spine through the worker's relay, and never calls upward."""

    def __init__(
        self,
        *,
        clock: Clock,
        database: Database,
        outbox: Notifications,
        copies: Copies,
        people: PeopleOf,
        public_url: str,
    ) -> None:
        self._people = people
        self._clock = clock
        self._database = database
        self._outbox = outbox
        self._copies = copies
        self._public_url = public_url

    async def react(self, tx: Tx, event: SpineEvent) -> None:
        """Answer one event, in the transaction that moves our place behind it."""
        scopes = catalogue.answering(event.name)
        if not scopes:
            return
        held = await configuration.read(tx, event.organisation_id)
        for scope in scopes:
            if held.scopes[scope.name].enabled:
                await self._answer(tx, event, scope, held)

    async def _answer(self, tx: Tx, event: SpineEvent, scope: Scope, held: Configuration) -> None:
        settings, house, now = held.scopes[scope.name], await self.house(tx, event.organisation_id), self._clock.now()
        data = await self._read(tx, event) if scope.about.stripe else event.data
        values = composing.values_of(scope, data, event.created, house)
        words = composing.write(scope, settings, values, house)
        notice = composing.notice_of(scope, event, values, words, now)
        if not await store.add(tx, event.organisation_id, notice) or not held.settings.enabled:
            return
        state = await self._mail(tx, event.organisation_id, notice, words, held, house)
        if await self._hooks(tx, event.organisation_id, notice, words, held, house):
            state = state or "PENDING"
        if state:
            await store.set_state(tx, event.organisation_id, notice.id, state)

    async def _read(self, tx: Tx, event: SpineEvent) -> Mapping[str, Any]:
        """What the object's copy says; only its id where there is none."""
        data, kind, one = event.data, event.data.get("object_type"), event.data.get("object_id")
        if not isinstance(kind, str) or not isinstance(one, str):
            return data
        names = {"invoice": "invoiceId", "payment_intent": "paymentId", "refund": "paymentId"}
        known: dict[str, Any] = {**data, names.get(kind, "id"): one}
        try:
            body = await self._copies(tx, kind, one, bool(data.get("livemode")))
        except Absent:
            return known
        return {**known, **stripe_values.values(kind, body)}

    async def house(self, tx: Tx, organisation_id: str) -> House:
        """What notices say of the organisation."""
        name, zone = await configuration.organisation(tx, organisation_id)
        return House(name, zone, self._public_url)

    async def route(self, tx: Tx, organisation_id: str, settings: ScopeSettings, people: Sequence[str] = ()) -> Route:
        """Who is told by mail, the people it concerns among them, if there are any."""
        if people:
            settings = replace(settings, to=[*people, *settings.to])
        named = [one for one in (*settings.to, *settings.cc, *settings.bcc) if "@" not in one]
        known = await contacts.addresses(tx, organisation_id, named)
        out = [address for _, address in await optouts.of(tx, organisation_id, settings.scope)]
        return route(settings, known, out)

    async def _mail(
        self, tx: Tx, organisation_id: str, notice: Notice, words: Rendered, held: Configuration, house: House
    ) -> str:
        settings, now = held.scopes[notice.scope], self._clock.now()
        if Channel.EMAIL not in settings.channels:
            return ""
        people = await self._concerned(tx, organisation_id, notice)
        to = await self.route(tx, organisation_id, settings, people)
        if not to.anybody:
            return ""
        if settings.digest and not people:
            at = timing.digest_due(now, _zone(house), held.settings.digest_hour)
            await store.put_by(tx, organisation_id, notice.id, notice.scope, self._released(at, held, house))
            return "SCHEDULED"
        due = self._released(now, held, house)
        await self._outbox.queue(
            tx, organisation_id, key=f"notice:{notice.id}:EMAIL", to=to.to, cc=to.cc, bcc=to.bcc,
            subject=words.subject, text=words.text, html=words.html, scope=notice.scope, notice_id=notice.id, due=due,
        )  # fmt: skip
        return "SCHEDULED" if due > now else "PENDING"

    async def _concerned(self, tx: Tx, organisation_id: str, notice: Notice) -> Sequence[str]:
        """The addresses of the one person it is about, or of the people whose role it asks."""
        scope = catalogue.scope_of(notice.scope)
        if scope.role and (role := notice.values.get(scope.role)):
            return (await self._people(tx, organisation_id, str(role)))[:MOST]
        person = str(notice.values.get(scope.personal) or "")
        return [person] if person else []

    async def _hooks(
        self, tx: Tx, organisation_id: str, notice: Notice, words: Rendered, held: Configuration, house: House
    ) -> bool:
        settings, now, any_at_all = held.scopes[notice.scope], self._clock.now(), False
        for row in await channels.all_of(tx, organisation_id):
            kind = row.hook.kind
            if not row.hook.enabled or kind not in settings.channels:
                continue
            told = Told(
                notice.id, organisation_id, house.name, notice.scope, notice.entity_id, notice.entity_name,
                words.subject, words.words.strip(), str(notice.values.get("link") or ""), notice.values,
                notice.happened,
            )  # fmt: skip
            # A program is told at once; people in a chat are let sleep, too.
            due = now if kind is Channel.WEBHOOK else self._released(now, held, house)
            await self._outbox.queue(
                tx, organisation_id, key=f"notice:{notice.id}:{kind}", to=[], subject=words.subject,
                text=payload(kind, told), channel=kind, scope=notice.scope, notice_id=notice.id, due=due,
            )  # fmt: skip
            any_at_all = True
        return any_at_all

    def _released(self, at: datetime, held: Configuration, house: House) -> datetime:
        return timing.release(at, _zone(house), held.settings.quiet_from, held.settings.quiet_to)

    async def digest_step(self, limit: int = 50) -> int:
        """Send the one mail a day wherever it is due, over all organisations; returns how many were made."""
        now = self._clock.now()
        async with self._database.open() as tx:
            found = await store.digests_due(tx, now, limit)
        for organisation_id, scope in found:
            async with self._database.tenant(organisation_id) as tx:
                await self._digest(tx, organisation_id, scope, now)
        return len(found)

    async def _digest(self, tx: Tx, organisation_id: str, name: str, now: datetime) -> None:
        notices = await store.take_digest(tx, organisation_id, name, now, 2000)
        if not notices:
            return
        held, house = await configuration.read(tx, organisation_id), await self.house(tx, organisation_id)
        scope = catalogue.scope_of(name)
        to = await self.route(tx, organisation_id, held.scopes[name])
        words = composing.digest(scope, notices[:MOST_IN_DIGEST], house, max(0, len(notices) - MOST_IN_DIGEST))
        if not to.anybody or not held.settings.enabled:
            # Nobody is left to be told: they stay in the list of what happened.
            await store.told(tx, organisation_id, [one.id for one in notices], "")
            for one in notices:
                await store.set_state(tx, organisation_id, one.id, "")
            return
        message = await self._outbox.queue(
            tx, organisation_id, key=f"digest:{notices[0].id}", to=to.to, cc=to.cc, bcc=to.bcc, subject=words.subject,
            text=words.text, html=words.html, scope=name,
        )  # fmt: skip
        await store.told(tx, organisation_id, [one.id for one in notices], message.id)
        for one in notices:
            await store.set_state(tx, organisation_id, one.id, "PENDING")


def _zone(house: House) -> ZoneInfo:
    try:
        return ZoneInfo(house.time_zone)
    except (ValueError, OSError):
        return ZoneInfo("UTC")
