"""An entitlement rests, because it is paused or not paid for."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import ENTITLEMENT

SCOPE = Scope(
    action="SUSPEND",
    about=ENTITLEMENT,
    title="Entitlement suspended",
    summary="It rests: paused, or not paid for.",
    events=("entitlement:*:suspend",),
    priority="HIGH",
    subject="Suspended: {{ name }}",
    body="""\
# {{ name }} is suspended

The entitlement of {{ buyerName | default: "a customer" }} rests until it is paid for or taken up again.

| Customer | {{ buyerName }} |
| Product | {{ productName }} |
| Started | {{ startTime | date }} |
| Ends | {{ endTime | date }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
