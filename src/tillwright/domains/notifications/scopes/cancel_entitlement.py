"""An entitlement was cancelled."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import ENTITLEMENT

SCOPE = Scope(
    action="CANCEL",
    about=ENTITLEMENT,
    title="Entitlement cancelled",
    summary="It was ended before its time.",
    events=("entitlement:*:cancel",),
    priority="HIGH",
    subject="Cancelled: {{ name }}",
    body="""\
# {{ name }} was cancelled

{{ buyerName | default: "A customer" }} can no longer use {{ productName | default: "the product" }}.

| Customer | {{ buyerName }} |
| Product | {{ productName }} |
| Started | {{ startTime | date }} |
| Ends | {{ endTime | date }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
