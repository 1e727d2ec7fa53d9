"""An entitlement ran to its end."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import ENTITLEMENT

SCOPE = Scope(
    action="TERMINATE",
    about=ENTITLEMENT,
    title="Entitlement ended",
    summary="It ran to its end.",
    events=("entitlement:*:terminate",),
    priority="HIGH",
    subject="Ended: {{ name }}",
    body="""\
# {{ name }} has ended

The entitlement of {{ buyerName | default: "a customer" }} ran to its end{% if endTime %} on {{ endTime | date }}{% endif %}.

| Customer | {{ buyerName }} |
| Product | {{ productName }} |
| Started | {{ startTime | date }} |
| Ends | {{ endTime | date }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
