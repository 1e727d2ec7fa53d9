"""An integration's keys, settings or standing changed."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import INTEGRATION

SCOPE = Scope(
    action="UPDATE",
    about=INTEGRATION,
    title="Integration changed",
    summary="Its keys, settings or standing changed.",
    events=(
        "integration:*:updated",
        "integration:*:rotated",
        "integration:*:paused",
        "integration:*:resumed",
        "integration:*:switched",
        "integration:*:verified",
        "integration:*:not_verified",
    ),
    subject="{{ partner }}: the integration changed",
    body="""\
# {{ partner }} changed

The integration of {{ organizationName }} with {{ partner }} was changed or checked again.

| Partner | {{ partner }} |
| Service | {{ service }} |
| Account | {{ accountId }} |
| Mode | {{ mode }} |
| By | {{ by }} |
| When | {{ eventTime | time }} |

[Open the integration]({{ link }})
""",
)
