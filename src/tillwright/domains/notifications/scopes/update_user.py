"""A person's role changed."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import USER

SCOPE = Scope(
    action="UPDATE",
    about=USER,
    title="Role changed",
    summary="Somebody’s role changed.",
    events=("user:MEMBER:updated",),
    priority="HIGH",
    subject="{{ name }} is now {{ role }}",
    body="""\
# {{ name }} is now {{ role }}

{% if was %}The role before was {{ was }}.{% else %}The role was changed.{% endif %}

| Name | {{ name }} |
| Address | {{ email }} |
| Role | {{ role }} |
| By | {{ by }} |
| When | {{ eventTime | time }} |

[See the people]({{ link }})
""",
)
