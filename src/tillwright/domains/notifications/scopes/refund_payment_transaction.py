"""A payment was refunded, in whole or in part."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import PAYMENT

SCOPE = Scope(
    action="REFUND",
    about=PAYMENT,
    title="Payment refunded",
    summary="Money goes back.",
    events=("stripe:event:refund.created",),
    on=False,
    subject="Refunded: {{ amount | money: currency }}",
    body="""\
# {{ amount | money: currency }} refunded

Money of the payment {{ paymentId }} goes back to its customer.{% if reason %} Reason: {{ reason }}{% endif %}

| Payment | {{ paymentId }} |
| Customer | {{ buyerEmail | default: buyerId }} |
| Amount | {{ amount | money: currency }} |
| For | {{ description }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
