"""An API key was made."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import API_CLIENT

SCOPE = Scope(
    action="CREATE",
    about=API_CLIENT,
    title="API key made",
    summary="A key for programs was made.",
    events=("api_client:*:created",),
    priority="HIGH",
    subject="New API key: {{ name }}",
    body="""\
# A new API key: {{ name }}

Programs can now use the API of {{ organizationName }} with it.

| Key | {{ name }} |
| Role | {{ role }} |
| By | {{ by }} |
| When | {{ eventTime | time }} |

If you don’t know of it, ask {{ by | default: "an administrator" }} or revoke the key.

[See the API keys]({{ link }})
""",
)
