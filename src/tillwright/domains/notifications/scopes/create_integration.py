"""A partner was connected."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import INTEGRATION

SCOPE = Scope(
    action="CREATE",
    about=INTEGRATION,
    title="Integration connected",
    summary="A partner’s account was connected.",
    events=("integration:*:created",),
    priority="HIGH",
    subject="{{ partner }} is connected",
    body="""\
# {{ partner }} is connected

{{ by | default: "Somebody" }} connected {{ partner }} to {{ organizationName }}.

| Partner | {{ partner }} |
| Service | {{ service }} |
| Account | {{ accountId }} |
| Mode | {{ mode }} |
| By | {{ by }} |
| When | {{ eventTime | time }} |

[Open the integration]({{ link }})
""",
)
