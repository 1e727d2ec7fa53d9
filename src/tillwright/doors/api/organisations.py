"""The caller's organisation."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.tenancy import Organisation
from tillwright.doors.api.callers import Caller, TheHouse

router = APIRouter(tags=["Organisation"])
_EXAMPLE: dict[str, JsonValue] = {
    "id": "org_01k0example0000000000000000",
    "name": "Northwind",
    "timeZone": "Europe/Berlin",
}


class OrganizationEntity(BaseModel):
    """`timeZone` is an IANA name: days in it are that zone's days."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    name: str
    timeZone: str  # noqa: N815


class UpdateOrganization(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Northwind"}]})

    name: str | None = Field(default=None, max_length=1000)
    timeZone: str | None = Field(default=None, max_length=100)  # noqa: N815


@router.get("", summary="Get the organisation", operation_id="getOrganization")
async def get_organization(caller: Caller, house: TheHouse) -> OrganizationEntity:
    """The one the key belongs to."""
    return _entity(await house.tenancy.organisation(caller))


@router.patch("", summary="Change the organisation", operation_id="updateOrganization")
async def update_organization(caller: Caller, house: TheHouse, body: UpdateOrganization) -> OrganizationEntity:
    """Its name and its time zone. Needs the role ADMIN."""
    return _entity(await house.tenancy.change_organisation(caller, name=body.name, time_zone=body.timeZone))


def _entity(organisation: Organisation) -> OrganizationEntity:
    return OrganizationEntity(id=organisation.id, name=organisation.name, timeZone=organisation.time_zone)
