"""What the connections need of the organisation's integration: whose platform it is, and its key to read with."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from tillwright.domains.tenancy import Principal
from tillwright.gateways.stripe.access import Access


class Choices(Protocol):
    @property
    def connect_client_id(self) -> str: ...


class Platform(Protocol):
    """An integration, as far as a connection hangs on it."""

    @property
    def account_id(self) -> str: ...
    @property
    def account_name(self) -> str | None: ...
    @property
    def livemode(self) -> bool: ...
    @property
    def key_kind(self) -> str: ...
    @property
    def created(self) -> datetime: ...
    @property
    def settings(self) -> Choices: ...


class Platforms(Protocol):
    """`Absent` where an organisation has no integration."""

    async def of(self, organisation_id: str) -> Platform: ...

    async def access(
        self, organisation_id: str, *, livemode: bool | None = None, why: str, principal: Principal | None = None
    ) -> Access: ...
