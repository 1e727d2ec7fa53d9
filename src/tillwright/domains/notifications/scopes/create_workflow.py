"""A workflow was made."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import WORKFLOW

SCOPE = Scope(
    action="CREATE",
    about=WORKFLOW,
    title="Workflow made",
    summary="A workflow was saved for the first time.",
    events=("workflow:DEFINITION:created",),
    priority="LOW",
    subject="New workflow: {{ name }}",
    body="""\
# New workflow: {{ name }}

It was saved for the first time.

| Workflow | {{ name }} |
| Version | {{ version }} |
| State | {{ state }} |
| By | {{ by }} |
| When | {{ eventTime | time }} |

[Open the workflow]({{ link }})
""",
)
