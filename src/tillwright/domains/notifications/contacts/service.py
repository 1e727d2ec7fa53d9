"""The verbs of contacts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tillwright.domains import audit
from tillwright.domains.notifications.contacts import store
from tillwright.domains.notifications.contacts.model import INFO, Contact
from tillwright.domains.notifications.recipients import address_problem
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Invalid, Problem

MOST_TAGS, LONGEST_TAG, MOST_AT_ONCE = 5, 10, 500
KnowsBuyer = Callable[[Tx, str], Awaitable[bool]]
"""Whether a customer of this id is known to the organisation whose transaction it is."""


class Contacts:
    """Contacts of every organisation."""

    def __init__(self, *, clock: Clock, database: Database, knows_buyer: KnowsBuyer) -> None:
        self._clock = clock
        self._database = database
        self._knows_buyer = knows_buyer

    async def query(
        self,
        principal: Principal,
        *,
        ids: Sequence[str] | None = None,
        q: str | None = None,
        s: str | None = None,
        limit: int = 1000,
        offset: int = 0,
    ) -> tuple[Sequence[Contact], int]:
        """Contacts that match, and how many there are.

        Raises:
            Invalid: the filter `q` or the sort `s` can't be read.
        """
        principal.require("contact:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.page(tx, principal.organisation_id, ids=ids, q=q, s=s, limit=limit, offset=offset)

    async def get(self, principal: Principal, contact_id: str) -> Contact:
        """One contact.

        Raises:
            Absent: there is none of this id.
        """
        principal.require("contact:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await _found(tx, principal.organisation_id, contact_id)

    async def create(self, principal: Principal, given: Sequence[Mapping[str, Any]]) -> Sequence[Contact]:
        """Make contacts, all or none; each has `name`, `email`, and may have `info` and `tags`.

        Raises:
            Invalid: with every complaint about every one.
        """
        principal.require("contact:write")
        if not 1 <= len(given) <= MOST_AT_ONCE:
            remedy = "Send them in several requests."
            raise Invalid("contacts_number", f"Between 1 and {MOST_AT_ONCE} contacts at once.", remedy=remedy)
        now, several = self._clock.now(), len(given) > 1
        wrong: list[Problem] = []
        made: list[Contact] = []
        for number, one in enumerate(given):
            draft = Contact(ids.new("con"), "", "", {}, (), now, now)
            contact, problems = _changed(draft, one, principal.name, f"{number}." if several else "")
            wrong += problems
            made.append(contact)
        if wrong:
            raise Invalid.many(wrong)
        organisation = principal.organisation_id
        async with self._database.tenant(organisation) as tx:
            for contact in made:
                await store.insert(tx, organisation, contact)
                said = {"name": contact.name, "email": contact.email}
                await audit.record(
                    tx, organisation, principal.actor, "notifications:contact:create", contact.id, said, now
                )
        return made

    async def update(self, principal: Principal, contact_id: str, given: Mapping[str, Any]) -> Contact:
        """Change what is given.

        Raises:
            Absent: there is none of this id.
            Invalid: with every complaint.
        """
        principal.require("contact:write")
        organisation, now = principal.organisation_id, self._clock.now()
        async with self._database.tenant(organisation) as tx:
            was = await _found(tx, organisation, contact_id)
            contact, wrong = _changed(was, given, principal.name, "")
            if wrong:
                raise Invalid.many(wrong)
            contact = replace(contact, updated=now)
            await store.update(tx, organisation, contact)
            said = {name: list(value) if name == "tags" else value for name, value in given.items() if name != "info"}
            await audit.record(tx, organisation, principal.actor, "notifications:contact:update", contact_id, said, now)
        return contact

    async def delete(self, principal: Principal, contact_id: str) -> None:
        """Forget a contact; scopes that name it tell one person fewer.

        Raises:
            Absent: there is none of this id.
        """
        principal.require("contact:write")
        organisation, now = principal.organisation_id, self._clock.now()
        async with self._database.tenant(organisation) as tx:
            was = await _found(tx, organisation, contact_id)
            await store.delete(tx, organisation, contact_id)
            said = {"name": was.name}
            await audit.record(tx, organisation, principal.actor, "notifications:contact:delete", contact_id, said, now)

    async def link(self, principal: Principal, contact_id: str, buyer_id: str) -> Contact:
        """Link a contact to a customer; twice is as good as once.

        Raises:
            Absent: there is no such contact, or no such customer.
        """
        return await self._tie(principal, contact_id, buyer_id, linked=True)

    async def unlink(self, principal: Principal, contact_id: str, buyer_id: str) -> Contact:
        """Take the link away.

        Raises:
            Absent: there is no such contact, or no such link.
        """
        return await self._tie(principal, contact_id, buyer_id, linked=False)

    async def _tie(self, principal: Principal, contact_id: str, buyer_id: str, *, linked: bool) -> Contact:
        principal.require("contact:write")
        organisation, now = principal.organisation_id, self._clock.now()
        async with self._database.tenant(organisation) as tx:
            await _found(tx, organisation, contact_id)
            if linked:
                if not await self._knows_buyer(tx, buyer_id):
                    raise Absent("buyer_absent", f"There is no buyer {buyer_id[:60]}.", field="buyerId")
                changed = await store.link(tx, organisation, contact_id, buyer_id, now)
            else:
                changed = await store.unlink(tx, organisation, contact_id, buyer_id)
                if not changed:
                    raise Absent("link_absent", f"This contact is not linked to {buyer_id[:60]}.", field="buyerId")
            if changed:
                action = f"notifications:contact:{'link' if linked else 'unlink'}"
                await audit.record(tx, organisation, principal.actor, action, contact_id, {"buyer": buyer_id}, now)
            return await _found(tx, organisation, contact_id)

    async def of_buyers(self, principal: Principal, buyer_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Ids of the contacts linked to these customers, by customer; who has none is left out."""
        principal.require("contact:read")
        async with self._database.tenant(principal.organisation_id) as tx:
            return await store.of_buyers(tx, principal.organisation_id, buyer_ids)


async def _found(tx: Tx, organisation_id: str, contact_id: str) -> Contact:
    contact = await store.by_id(tx, organisation_id, contact_id)
    if contact is None:
        raise Absent("contact_absent", f"There is no contact {contact_id[:60]}.", field="contactId")
    return contact


def _changed(was: Contact, given: Mapping[str, Any], by: str, prefix: str) -> tuple[Contact, list[Problem]]:
    wrong: list[Problem] = []
    name = " ".join(str(given.get("name", was.name) or "").split())
    email = str(given.get("email", was.email) or "").strip(" ")
    if not 1 <= len(name) <= 200:
        wrong.append(Problem("name_length", "A name has 1 to 200 characters.", f"{prefix}name", "Give it a name."))
    if problem := address_problem(email, f"{prefix}emailAddress"):
        wrong.append(problem)
    info: Mapping[str, Any] = given.get("info") or {}
    for key in info:
        if key not in INFO:
            remedy = f"There are: {', '.join(INFO)}."
            wrong.append(Problem("field_unknown", f"{key!r} can't be set here.", f"{prefix}info.{key}", remedy))
        elif not isinstance(info[key], str) or len(info[key]) > 200:
            sentence = "A text of at most 200 characters."
            wrong.append(Problem("info_invalid", sentence, f"{prefix}info.{key}", "Shorten it."))
    tags = [str(tag).strip() for tag in given.get("tags", was.tags)]
    wrong += _about_tags(tags, f"{prefix}tags")
    told = {**was.info, **{key: value for key, value in info.items() if key in INFO}, "lastModifiedBy": by}
    return replace(was, name=name, email=email, info=told, tags=list(dict.fromkeys(tags))), wrong


def _about_tags(tags: Sequence[str], field: str) -> list[Problem]:
    if len(tags) > MOST_TAGS:
        return [Problem("tags_many", f"A contact has at most {MOST_TAGS} tags.", field, "Take some out.")]
    if any(not 1 <= len(tag) <= LONGEST_TAG for tag in tags):
        return [Problem("tag_length", f"A tag has 1 to {LONGEST_TAG} characters.", field, "Shorten it.")]
    return []
