"""An API key was replaced by a new one."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import API_CLIENT

SCOPE = Scope(
    action="ROTATE_SECRET",
    about=API_CLIENT,
    title="API key replaced",
    summary="A key got a new secret; the old one stopped working.",
    events=("api_client:*:secret_rotated",),
    priority="HIGH",
    subject="API key replaced: {{ name }}",
    body="""\
# API key replaced: {{ name }}

The old secret stopped working at once. Programs that use it need the new one.

| Key | {{ name }} |
| Role | {{ role }} |
| By | {{ by }} |
| When | {{ eventTime | time }} |

If you don’t know of it, ask {{ by | default: "an administrator" }} or revoke the key.

[See the API keys]({{ link }})
""",
)
