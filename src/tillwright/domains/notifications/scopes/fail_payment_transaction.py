"""A payment failed."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import PAYMENT

SCOPE = Scope(
    action="FAIL",
    about=PAYMENT,
    title="Payment failed",
    summary="A customer’s payment was declined.",
    events=("stripe:event:payment_intent.payment_failed",),
    priority="HIGH",
    subject="Failed: a payment of {{ amount | money: currency }}",
    body="""\
# A payment failed

**{{ amount | money: currency }}** could not be collected.{% if reason %} {{ reason }}{% endif %}

| Payment | {{ paymentId }} |
| Customer | {{ buyerEmail | default: buyerId }} |
| Amount | {{ amount | money: currency }} |
| For | {{ description }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
