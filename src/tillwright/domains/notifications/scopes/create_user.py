"""A person signed up into the organisation."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import USER

SCOPE = Scope(
    action="CREATE",
    about=USER,
    title="Person joined",
    summary="A new person took up an invitation.",
    events=("user:MEMBER:created",),
    subject="{{ name }} joined {{ organizationName }}",
    body="""\
# {{ name }} joined

A person who is new to Tillwright took up an invitation to {{ organizationName }}.

| Name | {{ name }} |
| Address | {{ email }} |
| Role | {{ role }} |
| By | {{ by }} |
| When | {{ eventTime | time }} |

[See the people]({{ link }})
""",
)
