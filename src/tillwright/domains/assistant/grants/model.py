"""A program that asks, what it asks for, and what a person gave it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tillwright.kit.seal import Secret

REQUEST_LIFE = timedelta(minutes=10)
CODE_LIFE = timedelta(minutes=2)
ACCESS_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(days=30)


@dataclass(frozen=True)
class Program:
    """An OAuth client. `document` is its registration as JSON, its secret included: kept sealed."""

    id: str
    name: str
    document: Secret


@dataclass(frozen=True)
class Asked:
    """An authorisation request that was found in order. `challenge` is PKCE's S256; `resource` the audience."""

    program_id: str
    program_name: str
    redirect_uri: str
    redirect_uri_given: bool
    challenge: str
    resource: str
    state: str | None


@dataclass(frozen=True)
class Grant:
    """`via`: `connection` (the user's own account) or `organisation` (its mirror). Times are UTC."""

    organisation_id: str
    id: str
    user_id: str
    user_name: str
    program_id: str
    program_name: str
    via: str
    livemode: bool
    resource: str
    redirect_uri: str
    code_digest: str | None
    code_challenge: str
    code_expires: datetime
    code_used: datetime | None
    access_digest: str | None
    access_expires: datetime | None
    refresh_digest: str | None
    refresh_expires: datetime | None
    earlier_refresh_digest: str | None
    created: datetime
    used: datetime | None

    @property
    def mode(self) -> str:
        return "live" if self.livemode else "test"


@dataclass(frozen=True)
class Tokens:
    """Shown once; only digests are kept. `lasts` in seconds."""

    access: Secret
    refresh: Secret
    lasts: int
