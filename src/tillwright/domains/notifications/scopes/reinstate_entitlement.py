"""An entitlement that was to end, or was suspended, goes on."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import ENTITLEMENT

SCOPE = Scope(
    action="REINSTATE",
    about=ENTITLEMENT,
    title="Entitlement reinstated",
    summary="A cancellation was taken back, or a suspension ended.",
    events=("entitlement:*:reinstate",),
    subject="{{ name }} goes on",
    body="""\
# {{ name }} goes on

The entitlement of {{ buyerName | default: "a customer" }} is in force again{% if endTime %}, until {{ endTime | date }}{% endif %}.

| Customer | {{ buyerName }} |
| Product | {{ productName }} |
| Started | {{ startTime | date }} |
| Ends | {{ endTime | date }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
