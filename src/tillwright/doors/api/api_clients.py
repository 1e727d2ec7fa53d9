"""API clients: listed and shown; making one is for the console, where its key can be shown once."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, JsonValue

from tillwright.domains.tenancy import ApiClient
from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.kit.errors import Absent

router = APIRouter(tags=["API clients"])
_EXAMPLE: dict[str, JsonValue] = {
    "id": "apc_01k0example0000000000000000",
    "organizationID": "org_01k0example0000000000000000",
    "name": "Backend",
    "role": "EDITOR",
    "createdBy": "usr_01k0example0000000000000000",
    "creationTime": "2027-01-15T12:00:00Z",
    "lastUpdateTime": "2027-01-15T12:00:00Z",
}


class ApiClientEntity(BaseModel):
    """`role` is ADMIN, EDITOR or VIEWER. The key itself is never shown again."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    organizationID: str  # noqa: N815
    name: str
    role: str
    createdBy: str  # noqa: N815
    creationTime: datetime  # noqa: N815
    lastUpdateTime: datetime  # noqa: N815


@router.get("/apiClient", summary="List API clients", operation_id="listApiClients")
async def list_api_clients(caller: Caller, house: TheHouse) -> list[ApiClientEntity]:
    """All of the organisation's, oldest first. Needs the role ADMIN."""
    return [_entity(caller.organisation_id, client) for client in await house.tenancy.api_clients(caller)]


@router.get("/apiClient/{apiClientId}", summary="Get an API client", operation_id="getApiClient")
async def get_api_client(caller: Caller, house: TheHouse, apiClientId: str) -> ApiClientEntity:  # noqa: N803
    """Needs the role ADMIN."""
    for client in await house.tenancy.api_clients(caller):
        if client.id == apiClientId:
            return _entity(caller.organisation_id, client)
    raise Absent("api_client_absent", f"There is no API client {apiClientId}.", field="apiClientId")


def _entity(organisation_id: str, client: ApiClient) -> ApiClientEntity:
    return ApiClientEntity(
        id=client.id,
        organizationID=organisation_id,
        name=client.name,
        role=client.role,
        createdBy=client.created_by,
        creationTime=client.created,
        lastUpdateTime=client.created,
    )
