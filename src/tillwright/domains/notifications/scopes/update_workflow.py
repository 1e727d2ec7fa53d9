"""A workflow was changed, switched on or off."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import WORKFLOW

SCOPE = Scope(
    action="UPDATE",
    about=WORKFLOW,
    title="Workflow changed",
    summary="It was saved again, activated or paused.",
    events=(
        "workflow:DEFINITION:saved",
        "workflow:DEFINITION:activated",
        "workflow:DEFINITION:paused",
    ),
    priority="LOW",
    on=False,
    subject="Workflow changed: {{ name }}",
    body="""\
# {{ name }} changed

The workflow was saved again, activated or paused. This is how it stands now.

| Workflow | {{ name }} |
| Version | {{ version }} |
| State | {{ state }} |
| By | {{ by }} |
| When | {{ eventTime | time }} |

[Open the workflow]({{ link }})
""",
)
