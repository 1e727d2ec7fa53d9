"""An API client's key exchanged for a token of an hour, as older programs do."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr

from tillwright.doors.api.callers import house_of
from tillwright.wiring import House

router = APIRouter(tags=["API clients"])
_REQUEST: dict[str, JsonValue] = {
    "organizationID": "org_01k0example0000000000000000",
    "id": "apc_01k0example0000000000000000",
    "secret": "twk_example",
}
_ANSWER: dict[str, JsonValue] = {
    "access_token": "example",
    "expires_in": 3600,
    "expires_on": "2027-01-15T13:00:00Z",
    "token_type": "Bearer",
}


class AccessTokenRequest(BaseModel):
    """`secret` is the API client's key."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REQUEST]})

    organizationID: str = Field(max_length=36)  # noqa: N815
    id: str = Field(max_length=36)
    secret: SecretStr = Field(max_length=200)


class AccessToken(BaseModel):
    """Send it as `Authorization: Bearer <access_token>`; `expires_in` is in seconds."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ANSWER]})

    access_token: str
    expires_in: int
    expires_on: datetime
    token_type: str


@router.post(
    "/apiClient/accessToken",
    summary="Get an access token",
    operation_id="createAccessToken",
    openapi_extra={"security": []},
)
async def create_access_token(house: Annotated[House, Depends(house_of)], body: AccessTokenRequest) -> AccessToken:
    """For programs that sign in with a token; 401 unless organisation, client and key belong together."""
    token, expires = await house.tenancy.exchange_key(body.organizationID, body.id, body.secret.get_secret_value())
    left = round((expires - house.clock.now()).total_seconds())
    return AccessToken(access_token=token.reveal(), expires_in=left, expires_on=expires, token_type="Bearer")  # noqa: S106
