"""API clients: made, listed, rotated, revoked; a key is in the one answer that makes it and nowhere else."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.tenancy import ApiClient
from tillwright.doors.api.callers import Caller, TheHouse
from tillwright.kit.errors import Absent
from tillwright.kit.seal import Secret

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
_MADE: dict[str, JsonValue] = _EXAMPLE | {"secret": "twk_example"}


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


class ApiClientWithSecret(ApiClientEntity):
    """`secret` is the key, shown this once."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MADE]})

    secret: str


class CreateApiClient(BaseModel):
    """What will use it, and what it may do."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Backend", "role": "EDITOR"}]})

    name: str = Field(max_length=1000)
    role: str = Field(max_length=20)


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


@router.post("/apiClient", summary="Make an API client", operation_id="createApiClient")
async def create_api_client(caller: Caller, house: TheHouse, body: CreateApiClient) -> ApiClientWithSecret:
    """The answer is the only place its key is ever shown; 409 beyond five. Needs the role ADMIN."""
    client, key = await house.tenancy.create_api_client(caller, body.name, body.role)
    return _with_secret(caller.organisation_id, client, key)


@router.post("/apiClient/{apiClientId}/rotate", summary="Rotate a key", operation_id="rotateApiClient")
async def rotate_api_client(caller: Caller, house: TheHouse, apiClientId: str) -> ApiClientWithSecret:  # noqa: N803
    """The old key and its tokens stop working at once. Needs the role ADMIN."""
    client, key = await house.tenancy.rotate_api_client(caller, apiClientId)
    return _with_secret(caller.organisation_id, client, key)


@router.delete("/apiClient/{apiClientId}", summary="Revoke a key", operation_id="deleteApiClient")
async def delete_api_client(caller: Caller, house: TheHouse, apiClientId: str) -> str:  # noqa: N803
    """It stops working at once. Needs the role ADMIN."""
    await house.tenancy.revoke_api_client(caller, apiClientId)
    return ""


def _entity(organisation_id: str, client: ApiClient) -> ApiClientEntity:
    return ApiClientEntity(
        id=client.id,
        organizationID=organisation_id,
        name=client.name,
        role=client.role,
        createdBy=client.created_by,
        creationTime=client.created,
        lastUpdateTime=client.updated,
    )


def _with_secret(organisation_id: str, client: ApiClient, key: Secret) -> ApiClientWithSecret:
    return ApiClientWithSecret(**_entity(organisation_id, client).model_dump(), secret=key.reveal())
