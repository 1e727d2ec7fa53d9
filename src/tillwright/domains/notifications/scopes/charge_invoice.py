"""An invoice was paid."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import INVOICE

SCOPE = Scope(
    action="CHARGE",
    about=INVOICE,
    title="Invoice paid",
    summary="What it asks for was collected.",
    events=("stripe:event:invoice.paid",),
    priority="LOW",
    on=False,
    subject="Paid: invoice {{ number | default: invoiceId }}",
    body="""\
# Invoice {{ number | default: invoiceId }} is paid

{{ buyerName | default: "A customer" }} paid **{{ amount | money: currency }}**.

| Invoice | {{ number | default: invoiceId }} |
| Customer | {{ buyerName | default: buyerId }} |
| Amount | {{ amount | money: currency }} |
| Due | {{ dueTime | date }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
