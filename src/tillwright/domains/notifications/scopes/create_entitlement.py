"""An entitlement began or will begin."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import ENTITLEMENT

SCOPE = Scope(
    action="CREATE",
    about=ENTITLEMENT,
    title="Entitlement created",
    summary="Somebody may use a product from a start on.",
    events=("entitlement:*:create",),
    priority="LOW",
    subject="New entitlement: {{ name }}",
    body="""\
# {{ name }}

{{ buyerName | default: "A customer" }} has a new entitlement{% if productName %} to **{{ productName }}**{% endif %}.

| Customer | {{ buyerName }} |
| Product | {{ productName }} |
| Started | {{ startTime | date }} |
| Ends | {{ endTime | date }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
