"""The organisation's users, and who is invited."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.tenancy.people import Invitation, Member
from tillwright.doors.api.callers import Caller, TheHouse

router = APIRouter(tags=["Users"])
_USER: dict[str, JsonValue] = {
    "id": "usr_01k0example0000000000000000",
    "organizationID": "org_01k0example0000000000000000",
    "email": "ada@example.com",
    "name": "Ada",
    "role": "ADMIN",
    "creationTime": "2027-01-15T12:00:00Z",
    "lastSeenTime": "2027-01-15T12:30:00Z",
}
_INVITATION: dict[str, JsonValue] = {
    "id": "inv_01k0example0000000000000000",
    "organizationID": "org_01k0example0000000000000000",
    "email": "grace@example.com",
    "role": "EDITOR",
    "invitedBy": "Ada",
    "creationTime": "2027-01-15T12:00:00Z",
    "expirationTime": "2027-01-22T12:00:00Z",
    "sentTime": "2027-01-15T12:00:01Z",
    "error": None,
}


class UserEntity(BaseModel):
    """`role` is ADMIN, EDITOR or VIEWER; `lastSeenTime` is null for who never signed in here."""

    model_config = ConfigDict(json_schema_extra={"examples": [_USER]})

    id: str
    organizationID: str  # noqa: N815
    email: str
    name: str
    role: str
    creationTime: datetime  # noqa: N815
    lastSeenTime: datetime | None  # noqa: N815


class UpdateUser(BaseModel):
    """The role they are to have."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "EDITOR"}]})

    role: str = Field(max_length=20)


class InvitationEntity(BaseModel):
    """`sentTime` is null until a mail server has the mail; `error` says why it has not."""

    model_config = ConfigDict(json_schema_extra={"examples": [_INVITATION]})

    id: str
    organizationID: str  # noqa: N815
    email: str
    role: str
    invitedBy: str  # noqa: N815
    creationTime: datetime  # noqa: N815
    expirationTime: datetime  # noqa: N815
    sentTime: datetime | None  # noqa: N815
    error: str | None


class CreateInvitation(BaseModel):
    """Whom to ask, and as what."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "grace@example.com", "role": "EDITOR"}]})

    email: str = Field(max_length=1000)
    role: str = Field(max_length=20)


@router.get("/user", summary="List users", operation_id="listUsers")
async def list_users(caller: Caller, house: TheHouse) -> list[UserEntity]:
    """Everybody in the organisation, by name."""
    return [_user(caller.organisation_id, member) for member in await house.people.members(caller)]


@router.get("/user/{userId}", summary="Get a user", operation_id="getUser")
async def get_user(caller: Caller, house: TheHouse, userId: str) -> UserEntity:  # noqa: N803
    """One of them."""
    return _user(caller.organisation_id, await house.people.member(caller, userId))


@router.patch("/user/{userId}", summary="Change a user's role", operation_id="updateUser")
async def update_user(caller: Caller, house: TheHouse, userId: str, body: UpdateUser) -> UserEntity:  # noqa: N803
    """From their next request on; 409 for the last administrator. Needs the role ADMIN."""
    return _user(caller.organisation_id, await house.people.change_role(caller, userId, body.role))


@router.delete("/user/{userId}", summary="Remove a user", operation_id="deleteUser")
async def delete_user(caller: Caller, house: TheHouse, userId: str) -> str:  # noqa: N803
    """Their sessions end at once; 409 for the last administrator. Needs the role ADMIN."""
    await house.people.remove(caller, userId)
    return ""


@router.get("/userInvitation", summary="List invitations", operation_id="listUserInvitations")
async def list_invitations(caller: Caller, house: TheHouse) -> list[InvitationEntity]:
    """Those that were not taken up, newest first."""
    return [_invitation(each) for each in await house.people.invitations(caller)]


@router.post("/userInvitation", summary="Invite", operation_id="createUserInvitation")
async def create_invitation(caller: Caller, house: TheHouse, body: CreateInvitation) -> InvitationEntity:
    """By mail, with a link that works once, within a week. Asked again, the earlier link no longer works."""
    return _invitation(await house.people.invite(caller, body.email, body.role))


@router.delete("/userInvitation/{invitationId}", summary="Withdraw an invitation", operation_id="deleteUserInvitation")
async def delete_invitation(caller: Caller, house: TheHouse, invitationId: str) -> str:  # noqa: N803
    """Its link no longer works. Needs the role ADMIN."""
    await house.people.withdraw(caller, invitationId)
    return ""


def _user(organisation_id: str, member: Member) -> UserEntity:
    return UserEntity(
        id=member.user_id,
        organizationID=organisation_id,
        email=member.email,
        name=member.name,
        role=member.role,
        creationTime=member.joined,
        lastSeenTime=member.seen,
    )


def _invitation(invitation: Invitation) -> InvitationEntity:
    return InvitationEntity(
        id=invitation.id,
        organizationID=invitation.organisation_id,
        email=invitation.email,
        role=invitation.role,
        invitedBy=invitation.invited_by,
        creationTime=invitation.created,
        expirationTime=invitation.expires,
        sentTime=invitation.sent,
        error=invitation.error,
    )
