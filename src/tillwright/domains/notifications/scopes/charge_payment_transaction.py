"""A payment succeeded."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import PAYMENT

SCOPE = Scope(
    action="CHARGE",
    about=PAYMENT,
    title="Payment received",
    summary="Money came in.",
    events=("stripe:event:payment_intent.succeeded",),
    priority="LOW",
    on=False,
    subject="Received: {{ amount | money: currency }}",
    body="""\
# {{ amount | money: currency }} received

A payment{% if description %} for {{ description }}{% endif %} succeeded.

| Payment | {{ paymentId }} |
| Customer | {{ buyerEmail | default: buyerId }} |
| Amount | {{ amount | money: currency }} |
| For | {{ description }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
