"""Writes at Stripe as effects: recorded before they are sent, settled once, never doubled."""

from tillwright.domains.billing.idempotency import effect_id, key
from tillwright.domains.billing.model import Effect, EffectResult, EffectState
from tillwright.domains.billing.redaction import without_secrets
from tillwright.domains.billing.refunds import Busy, Intent, Refunds, Verdict
from tillwright.domains.billing.service import Effects

__all__ = [
    "Busy",
    "Effect",
    "EffectResult",
    "EffectState",
    "Effects",
    "Intent",
    "Refunds",
    "Verdict",
    "effect_id",
    "key",
    "without_secrets",
]
