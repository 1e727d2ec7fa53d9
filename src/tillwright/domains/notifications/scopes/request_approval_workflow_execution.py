"""A run asks for a person's yes."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.subjects import APPROVAL

SCOPE = Scope(
    action="REQUEST_APPROVAL",
    about=APPROVAL,
    title="Approval asked for",
    summary="A step waits for a yes; those who may give it are told, unless the workflow names others.",
    events=("workflow:APPROVAL:asked",),
    priority="CRITICAL",
    role="toldRole",
    published="NOTIFY",
    subject="To approve: {% if question %}{{ question }}{% else %}{{ workflowName }}{% if amount %}, {{ amount | money: currency }}{% endif %}{% endif %}",
    body="""\
# {{ question | default: "A workflow waits for your yes" }}

**{{ workflowName }}** goes no further before somebody says yes to exactly this.

| Amount | {% if amount %}{{ amount | money: currency }}{% endif %} |
| Workflow | {{ workflowName }} |
| Step | {{ step }} |
| Mode | {{ mode }} |
| Who may | {{ role }} |
| Answer by | {{ due | time }} |

The link shows the exact request; you sign in, and approve or refuse it there. Nothing happens by opening it.

[See what would be done]({{ link }})
""",
)
