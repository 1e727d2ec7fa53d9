"""An API key was revoked."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import API_CLIENT

SCOPE = Scope(
    action="DELETE",
    about=API_CLIENT,
    title="API key revoked",
    summary="A key for programs stopped working.",
    events=("api_client:*:deleted",),
    priority="HIGH",
    subject="API key revoked: {{ name }}",
    body="""\
# API key revoked: {{ name }}

Programs that used it are refused from now on.

| Key | {{ name }} |
| Role | {{ role }} |
| By | {{ by }} |
| When | {{ eventTime | time }} |

[See the API keys]({{ link }})
""",
)
