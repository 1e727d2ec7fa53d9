"""The port to Stripe's OAuth: how a user links their own account to the organisation's platform, and unlinks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from tillwright.gateways.stripe.access import Access

Scope = Literal["read_only", "read_write"]


@dataclass(frozen=True)
class Grant:
    """What a code was worth. No access token: calls use the platform's key with the account named."""

    account_id: str
    livemode: bool
    scope: str


class StripeOAuth(Protocol):
    """The three requests of the flow."""

    def authorize_url(self, *, client_id: str, redirect_uri: str, state: str, scope: Scope) -> str:
        """Where to send the user's browser."""
        ...

    async def redeem(self, access: Access, code: str) -> Grant:
        """Exchange a code, once.

        Raises:
            RequestRefused: unknown, expired, used before, or of the other mode; `stripe_code` is OAuth's own.
            KeyRefused: the platform's key.
            StripeBroken, StripeUnreachable: no telling; the user starts again.
        """
        ...

    async def revoke(self, access: Access, *, client_id: str, account_id: str) -> bool:
        """Take the platform's access to the account back; False if it had none any more.

        Raises:
            KeyRefused, RequestRefused, StripeBroken, StripeUnreachable: it may still have access; try again.
        """
        ...
