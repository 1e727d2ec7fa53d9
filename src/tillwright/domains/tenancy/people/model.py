"""Members, and those who are asked to become one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LIFE = timedelta(days=7)
"""How long an invitation may be taken up."""


@dataclass(frozen=True)
class Member:
    """A person in the organisation; `seen` is when a session of theirs there was last used."""

    user_id: str
    email: str
    name: str
    role: str
    joined: datetime
    seen: datetime | None


@dataclass(frozen=True)
class Invitation:
    """Somebody who was asked. `sent` is None until a mail server has the mail; `error` says why it has not."""

    organisation_id: str
    id: str
    email: str
    role: str
    invited_by: str
    created: datetime
    expires: datetime
    attempts: int
    sent: datetime | None
    error: str | None


@dataclass(frozen=True)
class Offer:
    """What the page behind an invitation's link shows. `known`: the address signs in already, with its password."""

    invitation: Invitation
    organisation_name: str
    known: bool
