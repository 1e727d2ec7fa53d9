"""What the mirror needs of the integrations: a key to read with."""

from __future__ import annotations

from typing import Protocol

from tillwright.gateways.stripe.access import Access


class Keys(Protocol):
    """Opens an organisation's Stripe key; `Absent` or `Conflict` where there is none for that mode."""

    async def access(self, organisation_id: str, *, livemode: bool | None = None, why: str) -> Access: ...
