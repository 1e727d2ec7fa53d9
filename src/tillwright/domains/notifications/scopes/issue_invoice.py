"""An invoice was issued."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import INVOICE

SCOPE = Scope(
    action="ISSUE",
    about=INVOICE,
    title="Invoice issued",
    summary="It was made final and can be paid.",
    events=("stripe:event:invoice.finalized",),
    priority="LOW",
    on=False,
    subject="Invoice {{ number }} for {{ amount | money: currency }}",
    body="""\
# Invoice {{ number | default: invoiceId }} was issued

{{ buyerName | default: "A customer" }} is asked for **{{ amount | money: currency }}**{% if dueTime %} by {{ dueTime | date }}{% endif %}.

| Invoice | {{ number | default: invoiceId }} |
| Customer | {{ buyerName | default: buyerId }} |
| Amount | {{ amount | money: currency }} |
| Due | {{ dueTime | date }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
