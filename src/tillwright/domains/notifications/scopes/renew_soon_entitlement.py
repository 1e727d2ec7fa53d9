"""An entitlement renews by itself within the days that were chosen."""

from __future__ import annotations

from tillwright.domains.notifications.scope import Scope, Tag
from tillwright.domains.notifications.subjects import ENTITLEMENT

SCOPE = Scope(
    action="RENEW_SOON",
    about=ENTITLEMENT,
    title="Entitlement renews soon",
    summary="One notice before each renewal of what renews by itself, if that is switched on.",
    events=("entitlement:*:renew_soon",),
    published="NOTIFY",
    more={
        "daysLeft": Tag("Whole days until it renews", 7),
        "renewTime": Tag("When it renews", "2027-01-22T12:00:00Z"),
    },
    subject="{{ name }} renews {% if daysLeft == 0 %}today{% elsif daysLeft == 1 %}tomorrow{% else %}in {{ daysLeft }} days{% endif %}",
    body="""\
# {{ name }} renews {% if daysLeft == 0 %}today{% elsif daysLeft == 1 %}tomorrow{% else %}in {{ daysLeft }} days{% endif %}

The entitlement of {{ buyerName | default: "a customer" }} to **{{ productName | default: name }}** renews by itself on **{{ renewTime | date }}**. Nothing has to be done.

| Customer | {{ buyerName }} |
| Address | {{ buyerEmail }} |
| Product | {{ productName }} |
| Renews | {{ renewTime | time }} |
| Mode | {{ mode }} |

[Open it in Tillwright]({{ link }})
""",
)
