"""A person was taken out of the organisation."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import USER

SCOPE = Scope(
    action="DELETE",
    about=USER,
    title="Person removed",
    summary="Somebody no longer belongs to the organisation.",
    events=("user:MEMBER:deleted",),
    priority="HIGH",
    subject="{{ name }} no longer belongs to {{ organizationName }}",
    body="""\
# {{ name }} was removed

Their sessions ended at once. API keys they made go on working: see whether they should.

| Name | {{ name }} |
| Address | {{ email }} |
| Role | {{ role }} |
| By | {{ by }} |
| When | {{ eventTime | time }} |

[See the people]({{ link }})
""",
)
