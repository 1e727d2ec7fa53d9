"""An organisation's notification settings, in all and scope by scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tillwright.domains.notifications.model import Channel
from tillwright.domains.notifications.scope import Scope

CHANNELS = tuple(Channel)


@dataclass(frozen=True)
class Settings:
    """`enabled` is the master switch; quiet hours are minutes of the local day, both or neither."""

    enabled: bool = True
    digest_hour: int = 8
    quiet_from: int | None = None
    quiet_to: int | None = None


@dataclass(frozen=True)
class ScopeSettings:
    """Recipients are addresses or ids of contacts; no `subject` and `body` means the scope's own words."""

    scope: str
    enabled: bool
    to: Sequence[str] = ()
    cc: Sequence[str] = ()
    bcc: Sequence[str] = ()
    channels: Sequence[str] = CHANNELS
    digest: bool = False
    subject: str | None = None
    body: str | None = None

    @property
    def recipients(self) -> int:
        return len({*self.to, *self.cc, *self.bcc})

    def words(self, scope: Scope) -> tuple[str, str]:
        """Subject and body that hold."""
        return self.subject or scope.subject, self.body or scope.body


def default(scope: Scope) -> ScopeSettings:
    """What holds until an organisation says otherwise."""
    return ScopeSettings(scope.name, scope.on)


@dataclass(frozen=True)
class Configuration:
    settings: Settings
    scopes: Mapping[str, ScopeSettings]


@dataclass(frozen=True)
class Change:
    """What is to change; what is left out stays.

    `settings` holds names of `Settings`. `scopes` holds, by scope, names of `ScopeSettings`; `subject` and `body` None
    bring the scope's own words back.
    """

    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    scopes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
