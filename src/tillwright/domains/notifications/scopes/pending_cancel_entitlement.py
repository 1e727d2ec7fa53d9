"""An entitlement is going to end."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import ENTITLEMENT

SCOPE = Scope(
    action="PENDING_CANCEL",
    about=ENTITLEMENT,
    title="Cancellation scheduled",
    summary="It is set to end and will not renew.",
    events=("entitlement:*:pending_cancel",),
    priority="HIGH",
    subject="{{ name }} will end{% if endTime %} on {{ endTime | date }}{% endif %}",
    body="""\
# {{ name }} will end

{{ buyerName | default: "A customer" }} or you scheduled a cancellation. The entitlement goes on until it ends{% if endTime %} on **{{ endTime | date }}**{% endif %}.

| Customer | {{ buyerName }} |
| Product | {{ productName }} |
| Started | {{ startTime | date }} |
| Ends | {{ endTime | date }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
