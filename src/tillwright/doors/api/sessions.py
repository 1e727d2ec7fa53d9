"""Who is signed in at the console."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, JsonValue

from tillwright.domains.tenancy import SignedIn
from tillwright.doors.api.callers import Caller, TheHouse

router = APIRouter(tags=["Users"])
_EXAMPLE: dict[str, JsonValue] = {
    "id": "ses_01k0example0000000000000000",
    "userId": "usr_01k0example0000000000000000",
    "email": "ada@example.com",
    "name": "Ada",
    "userAgent": "Mozilla/5.0",
    "creationTime": "2027-01-15T12:00:00Z",
    "lastUsedTime": "2027-01-15T12:30:00Z",
    "expirationTime": "2027-01-29T12:00:00Z",
}


class SessionEntity(BaseModel):
    """One browser of one person, in this organisation."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    userId: str  # noqa: N815
    email: str
    name: str
    userAgent: str  # noqa: N815
    creationTime: datetime  # noqa: N815
    lastUsedTime: datetime  # noqa: N815
    expirationTime: datetime  # noqa: N815


@router.get("/session", summary="List sessions", operation_id="listSessions")
async def list_sessions(caller: Caller, house: TheHouse) -> list[SessionEntity]:
    """Every session in the organisation, last used first. Needs the role ADMIN."""
    return [_entity(session) for session in await house.tenancy.sessions_of_all(caller)]


@router.delete("/session/{sessionId}", summary="End a session", operation_id="deleteSession")
async def delete_session(caller: Caller, house: TheHouse, sessionId: str) -> str:  # noqa: N803
    """That browser is signed out at once. Needs the role ADMIN."""
    await house.tenancy.end_session_of(caller, sessionId)
    return ""


def _entity(session: SignedIn) -> SessionEntity:
    return SessionEntity(
        id=session.id,
        userId=session.user_id,
        email=session.email,
        name=session.name,
        userAgent=session.agent,
        creationTime=session.created,
        lastUsedTime=session.seen,
        expirationTime=session.expires,
    )
