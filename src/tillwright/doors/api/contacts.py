"""Contacts over HTTP: people who are told things, by their names."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.notifications.contacts.model import Contact
from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.doors.api.lists import ListQuery, ListSlice, QueryPage

router = APIRouter(tags=["Contacts"])
_GIVEN: dict[str, JsonValue] = {
    "name": "Finance",
    "emailAddress": "finance@example.com",
    "info": {"companyName": "Northwind", "role": "Accounts"},
    "tags": ["billing"],
}
_ENTITY: dict[str, JsonValue] = {
    **_GIVEN,
    "id": "con_01k0example0000000000000000",
    "organizationID": "org_01k0example0000000000000000",
    "creationTime": "2027-01-15T12:00:00Z",
    "lastUpdateTime": "2027-01-15T12:00:00Z",
}


class ContactEntity(BaseModel):
    """`info` holds companyName, companyLocation, phoneNumber, role, and lastModifiedBy."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ENTITY]})

    id: str
    organizationID: str  # noqa: N815
    name: str
    emailAddress: str  # noqa: N815
    info: dict[str, Any]
    tags: list[str]
    creationTime: datetime  # noqa: N815
    lastUpdateTime: datetime  # noqa: N815


class GivenContact(BaseModel):
    """A name and an address; on a change, what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [_GIVEN]})

    name: str | None = None
    emailAddress: str | None = None  # noqa: N815
    info: dict[str, Any] | None = None
    tags: list[str] | None = None


class GivenTags(BaseModel):
    """At most five tags of at most ten characters; they replace those there were."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tags": ["billing", "vip"]}]})

    tags: list[str] = Field(default_factory=list)


class LinkedBuyer(BaseModel):
    """The customer, with the contacts that are linked to it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": "cus_Example1", "partner": "STRIPE", "contactIds": ["con_01k0example"]}]}
    )

    id: str
    organizationID: str = ""  # noqa: N815
    partner: str = "STRIPE"
    contactIds: list[str]  # noqa: N815


@router.get("/contact", summary="List contacts", operation_id="listContacts")
async def list_contacts(
    caller: Caller,
    house: TheHouse,
    cut: ListSlice,
    contactIds: Annotated[str, Query(description="Only these, separated by commas; at most 100.")] = "",  # noqa: N803
    emailDomain: Annotated[str, Query(description="Only addresses at this domain.", max_length=255)] = "",  # noqa: N803
    keyword: Annotated[str, Query(description="A part of the name or the address.", max_length=200)] = "",
) -> list[ContactEntity]:
    """Oldest first."""
    ids = [one.strip() for one in contactIds.split(",") if one.strip()][:100] or None
    parts = [f"(ilike email_address {_quoted('%@' + emailDomain)})"] if emailDomain else []
    if keyword:
        word = _quoted(f"%{keyword}%")
        parts.append(f"(or (ilike name {word}) (ilike email_address {word}))")
    asked = f"(and {' '.join(parts)})" if len(parts) > 1 else "".join(parts)
    limit, offset = (100, 0) if ids else (cut.limit, cut.offset)
    found, _ = await house.notices.contacts.query(caller, ids=ids, q=asked or None, limit=limit, offset=offset)
    return [_entity(caller.organisation_id, one) for one in found]


@router.get("/contact/query", summary="Query contacts", operation_id="queryContacts")
async def query_contacts(caller: Caller, house: TheHouse, asked: ListQuery) -> QueryPage[ContactEntity]:
    """By id, name, email_address, company_name, role, tags, creation_time, last_update_time."""
    cut = asked.slice
    found, total = await house.notices.contacts.query(caller, q=asked.q, s=asked.s, limit=cut.limit, offset=cut.offset)
    return QueryPage.of(asked, [_entity(caller.organisation_id, one) for one in found], total)


@router.post("/contact", summary="Make a contact", operation_id="createContact")
async def create_contact(caller: Caller, house: TheHouse, body: GivenContact) -> ContactEntity:
    """The name is what recipients may be given by."""
    (made,) = await house.notices.contacts.create(caller, [_given(body)])
    return _entity(caller.organisation_id, made)


@router.post("/contact/batch", summary="Make several contacts", operation_id="batchCreateContacts")
async def batch_create(
    caller: Caller, house: TheHouse, body: Annotated[list[GivenContact], Body(max_length=500, examples=[[_GIVEN]])]
) -> list[list[ContactEntity]]:
    """All or none. The answer is one list in a list, as published clients expect it."""
    made = await house.notices.contacts.create(caller, [_given(one) for one in body])
    return [[_entity(caller.organisation_id, one) for one in made]]


@router.get("/contact/{contactId}", summary="Get a contact", operation_id="getContact")
async def get_contact(caller: Caller, house: TheHouse, contactId: str) -> ContactEntity:  # noqa: N803
    """One contact."""
    return _entity(caller.organisation_id, await house.notices.contacts.get(caller, contactId))


@router.patch("/contact/{contactId}", summary="Change a contact", operation_id="updateContact")
async def update_contact(caller: Caller, house: TheHouse, contactId: str, body: GivenContact) -> ContactEntity:  # noqa: N803
    """Scopes that name it follow its new address."""
    return _entity(caller.organisation_id, await house.notices.contacts.update(caller, contactId, _given(body)))


@router.delete("/contact/{contactId}", summary="Delete a contact", operation_id="deleteContact")
async def delete_contact(caller: Caller, house: TheHouse, contactId: str) -> str:  # noqa: N803
    """Scopes that name it tell one person fewer."""
    await house.notices.contacts.delete(caller, contactId)
    return ""


@router.patch("/contact/{contactId}/tag", summary="Set a contact's tags", operation_id="updateContactTags")
async def update_tags(caller: Caller, house: TheHouse, contactId: str, body: GivenTags) -> list[str]:  # noqa: N803
    """The tags as they are now."""
    return list((await house.notices.contacts.update(caller, contactId, {"tags": body.tags})).tags)


@router.post(
    "/contact/{contactId}/buyer/{buyerId}", summary="Link a contact to a buyer", operation_id="addContactToBuyer"
)
async def add_to_buyer(caller: Caller, house: TheHouse, contactId: str, buyerId: str) -> LinkedBuyer:  # noqa: N803
    """Twice is as good as once."""
    await house.notices.contacts.link(caller, contactId, buyerId)
    linked = (await house.notices.contacts.of_buyers(caller, [buyerId])).get(buyerId, ())
    return LinkedBuyer(id=buyerId, organizationID=caller.organisation_id, contactIds=list(linked))


@router.delete(
    "/contact/{contactId}/buyer/{buyerId}", summary="Take the link away", operation_id="removeContactFromBuyer"
)
async def remove_from_buyer(caller: Caller, house: TheHouse, contactId: str, buyerId: str) -> str:  # noqa: N803
    """404 if there was none."""
    await house.notices.contacts.unlink(caller, contactId, buyerId)
    return ""


def _given(body: GivenContact) -> dict[str, Any]:
    given = {"name": body.name, "email": body.emailAddress, "info": body.info, "tags": body.tags}
    info = given["info"]
    if isinstance(info, dict):
        # A client that sends back what it read sends our own field, and empty ones, too.
        given["info"] = {name: value for name, value in info.items() if name != "lastModifiedBy" and value is not None}
    return {name: value for name, value in given.items() if value is not None}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _entity(organisation_id: str, contact: Contact) -> ContactEntity:
    return ContactEntity(
        id=contact.id,
        organizationID=organisation_id,
        name=contact.name,
        emailAddress=contact.email,
        info=dict(contact.info),
        tags=list(contact.tags),
        creationTime=contact.created,
        lastUpdateTime=contact.updated,
    )
