"""Access to a person's own account ended, and it was not they who ended it."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import OWN_ACCOUNT

SCOPE = Scope(
    action="TERMINATE",
    about=OWN_ACCOUNT,
    title="Own account disconnected",
    summary="Access to a person’s own Stripe account ended without them; they are told themselves.",
    events=("connection:STRIPE:lost",),
    priority="HIGH",
    personal="email",
    subject="Access to your Stripe account {{ accountId }} has ended",
    body="""\
# Access to your Stripe account has ended

Your assistant can no longer read it. The link and what was read of it are erased; nothing changed in the account.

| Account | {{ accountId }} |
| Mode | {{ mode }} |
| Why | {{ reason }} |
| When | {{ eventTime | time }} |

[See your integrations]({{ link }})
""",
)
