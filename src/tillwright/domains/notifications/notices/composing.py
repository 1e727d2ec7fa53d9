"""From a happening to a notice and its words. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tillwright.domains.events import SpineEvent
from tillwright.domains.notifications.configuration.model import ScopeSettings
from tillwright.domains.notifications.notices.model import Notice
from tillwright.domains.notifications.scope import Scope
from tillwright.domains.notifications.templates import Frame, Rendered, render
from tillwright.kit import ids
from tillwright.kit.errors import Invalid

_KNOWN_PARTNERS = {"STRIPE"}
"""Those that the published interface has a word for too; any other is left out there."""


@dataclass(frozen=True)
class House:
    """What every notice of an organisation says of it."""

    name: str
    time_zone: str
    public_url: str


def values_of(scope: Scope, data: Mapping[str, Any], happened: datetime, house: House) -> dict[str, Any]:
    """Every merge tag's value."""
    own = scope.values(data)
    live = data.get("livemode")
    mode = data.get("mode") or ({True: "live", False: "test"}.get(live) if isinstance(live, bool) else None)
    return {
        **own,
        "organizationName": house.name,
        "eventTime": happened.isoformat().replace("+00:00", "Z"),
        "timeZone": house.time_zone,
        "mode": mode,
        "link": house.public_url + _path(scope, own),
    }


def _path(scope: Scope, values: Mapping[str, Any]) -> str:
    names = re.findall(r"{(\w+)}", scope.about.path)
    if any(not values.get(name) for name in names):
        return scope.about.path.partition("{")[0].rstrip("/") or "/"
    return scope.about.path.format(**{name: quote(str(values[name]), safe="") for name in names})


def frame_of(scope: Scope, house: House) -> Frame:
    """What stands around a notice of this scope."""
    because = f"you are on {house.name}’s list for “{scope.title}” ({scope.name})"
    if scope.personal:
        because = f"you, or somebody at {house.name} who is told of “{scope.title}” ({scope.name}), connected it"
    if scope.role:
        because = f"you may answer what workflows of {house.name} ask, or are on the list for “{scope.title}”"
    return Frame(
        house.name,
        f"You get this because {because}.",
        f"{house.public_url}/settings/mails",
    )


def write(scope: Scope, settings: ScopeSettings, values: Mapping[str, Any], house: House) -> Rendered:
    """The words; a template of the organisation's that can't be filled gives way to the scope's own."""
    subject, body = settings.words(scope)
    try:
        return render(subject, body, values, frame_of(scope, house))
    except Invalid:
        return render(scope.subject, scope.body, values, frame_of(scope, house))


def notice_of(scope: Scope, event: SpineEvent, values: Mapping[str, Any], words: Rendered, now: datetime) -> Notice:
    """The notice as it is kept."""
    about = scope.about
    thing = event.name.split(":")[1] if about.type in ("ENTITLEMENT", "INTEGRATION") else ""
    partner = "STRIPE" if about.stripe else thing
    return Notice(
        id="ntc_" + ids.digest("notice", event.identity, scope.name)[:26],
        spine_id=event.id,
        scope=scope.name,
        action=scope.action,
        entity_type=about.type,
        entity_id=_text(values.get(about.id)),
        entity_name=_text(values.get(about.name)),
        entity_status=_text(values.get(about.status)) if about.status else "",
        partner=partner if partner in _KNOWN_PARTNERS else "",
        priority=scope.priority,
        state="",
        title=words.subject,
        message=words.words.strip(),
        values=values,
        by_whom=_text(event.data.get("by")),
        happened=event.created,
        created=now,
        updated=now,
    )


def digest(scope: Scope, notices: Sequence[Notice], house: House, more: int = 0) -> Rendered:
    """One mail for all of them."""
    count = len(notices) + more
    values = {
        "title": scope.title,
        "count": count,
        "more": more,
        "link": f"{house.public_url}/notifications",
        "items": [
            {"title": one.title, "link": one.values.get("link"), "time": one.values.get("endTime")} for one in notices
        ],
        "timeZone": house.time_zone,
    }
    return render(_DIGEST_SUBJECT, _DIGEST_BODY, values, frame_of(scope, house))


_DIGEST_SUBJECT = "{{ title }}: {{ count }} today"
_DIGEST_BODY = """\
# {{ title }}: {{ count }} today

{% for item in items %}- [{{ item.title }}]({{ item.link }})
{% endfor %}
{% if more > 0 %}And {{ more }} more.{% endif %}

[See them all]({{ link }})
"""


def _text(value: Any) -> str:
    return "" if value is None else str(value)[:500]
