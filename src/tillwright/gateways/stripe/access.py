"""Whose key a call to Stripe carries, and on which account and mode it acts."""

from __future__ import annotations

from dataclasses import dataclass

from tillwright.kit import ids
from tillwright.kit.seal import Secret


@dataclass(frozen=True)
class Access:
    """A key ready to be sent. `account_id` is the key's own account, None while it is not known yet.

    `on_account` is the connected account a platform's key acts on (the Stripe-Account header); never set for an
    organisation's own key. `quiet`: what it is refused is part of a test, and tells nobody that something changed.
    `spare` is the key before it, as long as both are good: used where Stripe does not accept the first one.
    """

    organisation_id: str
    key: Secret
    livemode: bool
    account_id: str | None = None
    on_account: str | None = None
    quiet: bool = False
    spare: Secret | None = None

    @property
    def budget(self) -> str:
        """The name under which requests of this account and mode are counted, across keys and processes."""
        holder = self.on_account or self.account_id or "key:" + ids.digest("rate", self.key.reveal())
        return f"{holder}:{'live' if self.livemode else 'test'}"
