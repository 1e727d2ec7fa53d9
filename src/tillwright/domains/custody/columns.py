"""The table of sealed columns: a row each, with what binds a seal to its place. A new one is added here and only here.

`partner` and `purpose` are SQL over the row and say what the room that owns the table gave to `Seal.close`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString


@dataclass(frozen=True)
class Sealed:
    """A column whose values are sealed, or empty. `everybodys`: of a global table, sealed for no organisation."""

    table: LiteralString
    column: LiteralString
    partner: LiteralString
    purpose: LiteralString
    everybodys: bool = False


_WEBHOOK_SECRET = (
    "case when connect then 'connect_webhook_secret_' else 'webhook_secret_' end "  # noqa: S105 - SQL, no secret
    "|| case when livemode then 'live' else 'test' end"
)

SEALED: tuple[Sealed, ...] = (
    Sealed("credentials", "sealed", "partner", "purpose"),
    Sealed("webhook_endpoints", "sealed_secret", "'STRIPE'", _WEBHOOK_SECRET),
    Sealed("webhook_endpoints", "earlier_sealed", "'STRIPE'", _WEBHOOK_SECRET),
    Sealed("unfinished_removals", "sealed_key", "'STRIPE'", "'removal'"),
    Sealed("invitations", "sealed_token", "'TILLWRIGHT'", "'invitation'"),
    Sealed("connection_starts", "sealed_code", "'STRIPE'", "'connect_code'"),
    Sealed("notification_channels", "url", "kind", "'channel url'"),
    Sealed("notification_channels", "secret", "kind", "'channel secret'"),
    Sealed("workflow_hooks", "sealed_secret", "'WORKFLOW'", "workflow_id"),
    Sealed("workflow_hooks", "earlier_sealed", "'WORKFLOW'", "workflow_id"),
    Sealed("assistant_models", "sealed", "'model'", "'key'"),
    Sealed("assistant_programs", "sealed", "'assistant'", "id", everybodys=True),
)
