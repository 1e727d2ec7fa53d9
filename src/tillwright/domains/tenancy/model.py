"""Who asks, and the things a tenant is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tillwright.domains.audit import Actor
from tillwright.domains.tenancy.rights import RIGHTS, allows
from tillwright.kit.errors import Denied


@dataclass(frozen=True)
class Principal:
    """A caller, known for sure. `actor_kind` is USER, API_CLIENT or SYSTEM; `role` ADMIN, EDITOR or VIEWER."""

    organisation_id: str
    actor_kind: str
    actor_id: str
    name: str
    role: str
    organisation_name: str = ""

    @property
    def actor(self) -> Actor:
        return Actor(self.actor_kind, self.actor_id, self.name)

    def may(self, right: str) -> bool:
        return allows(self.role, right)

    def require(self, right: str) -> None:
        """Raise Denied unless the caller's role has the right."""
        if not self.may(right):
            raise Denied(
                "role_too_low",
                f"This needs the role {RIGHTS[right]}; you are {self.role}.",
                remedy="Ask an administrator of your organisation to do it, or to give you the role.",
                right=right,
            )

    @classmethod
    def system(cls, organisation_id: str, name: str) -> Principal:
        """Tillwright itself, acting for an organisation, e.g. the worker."""
        return cls(organisation_id, "SYSTEM", name, name, "ADMIN")


@dataclass(frozen=True)
class Organisation:
    id: str
    name: str
    time_zone: str
    role: str


@dataclass(frozen=True)
class Session:
    """A signed-in browser. `csrf` must come back with each form."""

    id: str
    user_id: str
    email: str
    name: str
    principal: Principal
    csrf: str
    expires: datetime


@dataclass(frozen=True)
class ApiClient:
    """A key for programs. `hint` is its last four characters; the key itself is shown once, when it is made.
    `updated` moves when the key is rotated."""

    id: str
    name: str
    role: str
    hint: str
    created_by: str
    created: datetime
    updated: datetime
    last_used: datetime | None


@dataclass(frozen=True)
class SignedIn:
    """A session as people see it in a list; `agent` is what the browser calls itself."""

    id: str
    user_id: str
    email: str
    name: str
    organisation_id: str
    created: datetime
    seen: datetime
    expires: datetime
    agent: str


@dataclass(frozen=True)
class Refused:
    """A sign-in that failed for an address nobody has, kept as a fingerprint: people mistype passwords into it."""

    at: datetime
    address_digest: str
    why: str
    agent: str
