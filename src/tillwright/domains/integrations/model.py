"""An integration, and the choices a person can make for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

PARTNER = "STRIPE"
SERVICE = "PAYMENT"

Status = Literal["CREATED", "VERIFIED", "NOT_VERIFIED"]
KeyKind = Literal["SECRET", "RESTRICTED"]


@dataclass(frozen=True)
class Settings:
    """`days_before_entitlement_end`: 10 to 60, when the first end-soon notice goes out. `paused`: no call is made.

    `days_before_entitlement_renewal`: 1 to 60, when the one notice before a renewal goes out.
    """

    display_name: str = ""
    connect_client_id: str = ""
    enable_entitlement_end_soon_notification: bool = False
    days_before_entitlement_end: int = 30
    enable_entitlement_renew_soon_notification: bool = False
    days_before_entitlement_renewal: int = 7
    paused: bool = False


@dataclass(frozen=True)
class Previous:
    """The keys before the present ones: of the same account, or of the other side of a switch. Good until `until`."""

    livemode: bool
    account_id: str
    publishable_key: str
    key_kind: KeyKind
    key_hint: str
    until: datetime

    def as_json(self) -> dict[str, Any]:
        """Plain data, names as here."""
        return asdict(self) | {"until": self.until.isoformat()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Previous:
        """What `as_json` made."""
        given: dict[str, Any] = dict(data)
        given["until"] = datetime.fromisoformat(data["until"])
        return cls(**given)


@dataclass(frozen=True)
class Integration:
    """The link as stored. `key_hint` is the secret key's last four characters; the key itself is sealed elsewhere.

    `version` grows with every change and guards against two editors overwriting each other. `details`: what a partner
    needs besides keys. Times are UTC.
    """

    organisation_id: str
    partner: str
    service: str
    status: Status
    livemode: bool
    account_id: str
    account_name: str | None
    publishable_key: str
    key_kind: KeyKind
    key_hint: str
    api_version: str
    version: int
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str
    settings: Settings = field(default_factory=Settings)
    previous: Previous | None = None
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def mode(self) -> str:
        """`test` or `live`, as people say it."""
        return "live" if self.livemode else "test"

    def summary(self) -> dict[str, Any]:
        """What events and audit entries say of it."""
        return {"partner": self.partner, "service": self.service, "accountId": self.account_id, "mode": self.mode}
