"""Writes at Stripe as effects: recorded before they are sent, settled once, never doubled; and who asks for them."""

from tillwright.domains.billing.buyers import Buyers
from tillwright.domains.billing.credits.service import Credits
from tillwright.domains.billing.credits.settling import Parts as CreditParts
from tillwright.domains.billing.desk import Asked, Desk
from tillwright.domains.billing.discounts import Discounts
from tillwright.domains.billing.idempotency import effect_id, key
from tillwright.domains.billing.invoices import Invoices
from tillwright.domains.billing.model import Effect, EffectResult, EffectState
from tillwright.domains.billing.reading import Reading
from tillwright.domains.billing.redaction import without_secrets
from tillwright.domains.billing.refunds import Busy, Intent, Refunds
from tillwright.domains.billing.remainder import Verdict, taking
from tillwright.domains.billing.service import Effects
from tillwright.domains.billing.transactions import Transactions

__all__ = [
    "Asked",
    "Busy",
    "Buyers",
    "CreditParts",
    "Credits",
    "Desk",
    "Discounts",
    "Effect",
    "EffectResult",
    "EffectState",
    "Effects",
    "Intent",
    "Invoices",
    "Reading",
    "Refunds",
    "Transactions",
    "Verdict",
    "effect_id",
    "key",
    "taking",
    "without_secrets",
]
