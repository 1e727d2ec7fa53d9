"""A run of a workflow failed, or its outcome is not known."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import RUN

SCOPE = Scope(
    action="FAIL",
    about=RUN,
    title="Run failed",
    summary="A run ended before its last step, or nobody knows whether a step took place.",
    events=(
        "workflow:RUN:failed",
        "workflow:RUN:unknown",
    ),
    priority="CRITICAL",
    subject="A run of {{ workflowName }} failed",
    body="""\
# A run of {{ workflowName }} failed

{{ reason | default: "Its timeline says at which step." }}

| Workflow | {{ workflowName }} |
| Run | {{ runId }} |
| When | {{ eventTime | time }} |

[See the run’s timeline]({{ link }})
""",
)
