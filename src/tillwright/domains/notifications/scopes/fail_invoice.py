"""An invoice could not be collected."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import INVOICE

SCOPE = Scope(
    action="FAIL",
    about=INVOICE,
    title="Invoice not paid",
    summary="The attempt to collect it failed.",
    events=("stripe:event:invoice.payment_failed",),
    priority="HIGH",
    subject="Not paid: invoice {{ number | default: invoiceId }}",
    body="""\
# Invoice {{ number | default: invoiceId }} could not be collected

The payment of **{{ amount | money: currency }}** by {{ buyerName | default: "a customer" }} failed.{% if reason %} {{ reason }}{% endif %} Stripe tries again by your settings there.

| Invoice | {{ number | default: invoiceId }} |
| Customer | {{ buyerName | default: buyerId }} |
| Amount | {{ amount | money: currency }} |
| Due | {{ dueTime | date }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
