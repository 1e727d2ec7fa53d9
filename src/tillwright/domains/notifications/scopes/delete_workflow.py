"""A workflow was deleted."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import WORKFLOW

SCOPE = Scope(
    action="DELETE",
    about=WORKFLOW,
    title="Workflow deleted",
    summary="It starts nothing any more.",
    events=("workflow:DEFINITION:deleted",),
    priority="HIGH",
    subject="Workflow deleted: {{ name }}",
    body="""\
# {{ name }} was deleted

No event starts it any more.

| Workflow | {{ name }} |
| Version | {{ version }} |
| State | {{ state }} |
| By | {{ by }} |
| When | {{ eventTime | time }} |

[Open the workflow]({{ link }})
""",
)
