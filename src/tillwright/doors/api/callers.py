"""Who is calling: the API key's principal, which must belong to the organisation in the path."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Path, Request

from tillwright.domains.tenancy import Principal
from tillwright.doors.api.problems import missing_key
from tillwright.kit.errors import Absent
from tillwright.wiring import House


def house_of(request: Request) -> House:
    return request.app.state.house


async def _caller(
    house: Annotated[House, Depends(house_of)],
    org_id: Annotated[str, Path(alias="orgId", description="Your organisation's id.", max_length=36)],
    authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Principal:
    scheme, _, key = (authorization or "").partition(" ")
    # The word is part of the interface: `Bearer` with an API key is refused, as published clients expect.
    if scheme not in ("Key", "Bearer") or not key:
        raise missing_key()
    known_by = house.tenancy.principal_of_key if scheme == "Key" else house.tenancy.principal_of_token
    principal = await known_by(key)
    if principal.organisation_id != org_id:
        # Said alike for one that exists and one that does not.
        raise Absent("organisation_absent", "There is no such organisation for this key.", field="orgId")
    return principal


async def _operation(
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=255,
            description="Names your intent: the same key again never takes effect twice.",
        ),
    ] = None,
) -> str | None:
    return key


Operation = Annotated[str | None, Depends(_operation)]
Caller = Annotated[Principal, Depends(_caller)]
TheHouse = Annotated[House, Depends(house_of)]
