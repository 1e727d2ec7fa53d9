"""An invoice was credited, in whole or in part."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import INVOICE

SCOPE = Scope(
    action="REFUND",
    about=INVOICE,
    title="Invoice credited",
    summary="A credit note was issued for it.",
    events=("stripe:event:credit_note.created",),
    on=False,
    subject="Credited: {{ amount | money: currency }}",
    body="""\
# {{ amount | money: currency }} credited

The credit note {{ number }} was issued for the invoice {{ invoiceId }}.{% if reason %} Reason: {{ reason }}{% endif %}

| Credit note | {{ number }} |
| Invoice | {{ invoiceId }} |
| Customer | {{ buyerId }} |
| Amount | {{ amount | money: currency }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
