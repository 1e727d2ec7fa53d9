"""An entitlement ends within the days that were chosen."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope, Tag
from tillwright.domains.notifications.subjects import ENTITLEMENT

SCOPE = Scope(
    action="END_SOON",
    about=ENTITLEMENT,
    title="Entitlement ends soon",
    summary="The first notice some days before its end, then a reminder every five days.",
    events=("entitlement:*:end_soon",),
    priority="HIGH",
    more={
        "daysLeft": Tag("Whole days until it ends", 30),
        "offset": Tag("The step of the series this notice is for, in days", 30),
        "initial": Tag("true for the first notice, false for a reminder", True),
    },
    subject="{% if initial %}{{ name }} ends{% else %}Reminder: {{ name }} ends{% endif %} {% if daysLeft == 0 %}today{% else %}in {{ daysLeft }} {% if daysLeft == 1 %}day{% else %}days{% endif %}{% endif %}",
    body="""\
# {{ name }} ends {% if daysLeft == 0 %}today{% else %}in {{ daysLeft }} {% if daysLeft == 1 %}day{% else %}days{% endif %}{% endif %}

{% if initial %}The entitlement{% else %}This is a reminder: the entitlement{% endif %} of {{ buyerName | default: "a customer" }} to **{{ productName | default: name }}** ends on **{{ endTime | date }}** and does not renew by itself.

| Customer | {{ buyerName }} |
| Address | {{ buyerEmail }} |
| Product | {{ productName }} |
| Ends | {{ endTime | time }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
