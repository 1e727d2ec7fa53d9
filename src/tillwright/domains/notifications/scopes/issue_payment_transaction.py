"""A payment was started."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import PAYMENT

SCOPE = Scope(
    action="ISSUE",
    about=PAYMENT,
    title="Payment started",
    summary="A payment was begun and waits for its customer.",
    events=("stripe:event:payment_intent.created",),
    priority="LOW",
    on=False,
    subject="A payment of {{ amount | money: currency }} was started",
    body="""\
# A payment was started

**{{ amount | money: currency }}** {% if description %}for {{ description }} {% endif %}waits for the customer.

| Payment | {{ paymentId }} |
| Customer | {{ buyerEmail | default: buyerId }} |
| Amount | {{ amount | money: currency }} |
| For | {{ description }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
