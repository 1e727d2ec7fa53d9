"""An entitlement changed: its name, its product, its dates."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import ENTITLEMENT

SCOPE = Scope(
    action="UPDATE",
    about=ENTITLEMENT,
    title="Entitlement changed",
    summary="Its name, product or dates changed.",
    events=("entitlement:*:update",),
    priority="LOW",
    on=False,
    subject="Changed: {{ name }}",
    body="""\
# {{ name }} changed

The entitlement of {{ buyerName | default: "a customer" }} was changed. This is how it stands now.

| Customer | {{ buyerName }} |
| Product | {{ productName }} |
| Started | {{ startTime | date }} |
| Ends | {{ endTime | date }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
