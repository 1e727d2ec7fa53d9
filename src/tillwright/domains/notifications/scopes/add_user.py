"""A person who had a sign-in was added to the organisation."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import USER

SCOPE = Scope(
    action="ADD",
    about=USER,
    title="Person added",
    summary="Somebody who had a sign-in joined.",
    events=("user:MEMBER:added",),
    subject="{{ name }} was added to {{ organizationName }}",
    body="""\
# {{ name }} was added

A person who already has a sign-in now belongs to {{ organizationName }} too.

| Name | {{ name }} |
| Address | {{ email }} |
| Role | {{ role }} |
| By | {{ by }} |
| When | {{ eventTime | time }} |

[See the people]({{ link }})
""",
)
