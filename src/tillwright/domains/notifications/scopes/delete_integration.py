"""A partner was disconnected."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import INTEGRATION

SCOPE = Scope(
    action="DELETE",
    about=INTEGRATION,
    title="Integration disconnected",
    summary="Its keys and copies of its data were erased.",
    events=("integration:*:deleted",),
    priority="CRITICAL",
    subject="{{ partner }} is disconnected",
    body="""\
# {{ partner }} is disconnected

The keys are erased, and so is what was copied from the account.

| Partner | {{ partner }} |
| Service | {{ service }} |
| Account | {{ accountId }} |
| Mode | {{ mode }} |
| By | {{ by }} |
| When | {{ eventTime | time }} |

[Open the integration]({{ link }})
""",
)
