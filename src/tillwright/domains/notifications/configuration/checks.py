"""Everything that can be wrong with a change of the settings, said at once. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tillwright.domains.notifications import recipients, timing
from tillwright.domains.notifications.catalogue import catalogue
from tillwright.domains.notifications.configuration.model import CHANNELS, Settings, default
from tillwright.domains.notifications.configuration.model import Configuration as Stored
from tillwright.domains.notifications.configuration.model import ScopeSettings as Kept
from tillwright.domains.notifications.templates import check
from tillwright.kit.errors import Problem


@dataclass(frozen=True)
class People:
    """The contacts there are: names by id, ids by name in small letters."""

    by_id: Mapping[str, str]
    by_name: Mapping[str, Sequence[str]]


def settings(was: Settings, given: Mapping[str, Any]) -> tuple[Settings, list[Problem]]:
    """The settings as they will be."""
    made = replace(was, **given)
    wrong: list[Problem] = []
    if not 0 <= made.digest_hour <= 23:
        wrong.append(Problem("hour_invalid", "An hour is 0 to 23.", "digestHour", "Give a full hour of the day."))
    for name, minute in (("quietHours.from", made.quiet_from), ("quietHours.to", made.quiet_to)):
        if minute is not None and not 0 <= minute < timing.DAY:
            wrong.append(Problem("time_invalid", "A time of day is 00:00 to 23:59.", name, "Write it as 22:00."))
    if (made.quiet_from is None) != (made.quiet_to is None):
        sentence = "Quiet hours have a beginning and an end."
        wrong.append(Problem("quiet_hours_half", sentence, "quietHours", "Give both, or neither."))
    return made, wrong


def scope(name: str, stored: Stored, given: Mapping[str, Any], people: People) -> tuple[Kept | None, list[Problem]]:
    """One scope's settings as they will be; None for a scope that there is none of."""
    known = catalogue().get(name)
    if known is None:
        remedy = f"There are: {', '.join(catalogue())}."
        return None, [Problem("scope_absent", f"There is no scope {name[:60]!r}.", name[:60], remedy)]
    made = replace(stored.scopes.get(name, default(known)), **given)
    wrong: list[Problem] = []
    for part in ("to", "cc", "bcc"):
        kept, problems = recipients.resolve(getattr(made, part), people.by_id, people.by_name, f"{name}.{part}")
        wrong += problems
        made = replace(made, **{part: kept})
    unknown = [one for one in made.channels if one not in CHANNELS]
    if unknown:
        remedy = f"There are: {', '.join(CHANNELS)}."
        wrong.append(
            Problem("channel_unknown", f"There is no channel {unknown[0][:40]!r}.", f"{name}.channels", remedy)
        )
    made = replace(made, channels=[one for one in CHANNELS if one in made.channels])
    if made.subject is not None or made.body is not None:
        subject, body = made.words(known)
        found = check(subject, body, known.tags)
        wrong += [replace(problem, field=f"{name}.{problem.field}") for problem in found]
        same = (subject, body) == (known.subject, known.body)
        made = replace(made, subject=None if same else subject, body=None if same else body)
    return made, wrong
