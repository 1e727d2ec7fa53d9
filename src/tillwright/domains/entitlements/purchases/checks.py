"""What a person gives for a purchase term: checked, all complaints at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tillwright.domains.entitlements import terms
from tillwright.domains.entitlements.cancellation import time_of
from tillwright.domains.entitlements.purchases.model import BEGINNING
from tillwright.kit.errors import Invalid, Problem


def wish(object_id: Any, term: Any, since: Any) -> tuple[str, str, datetime]:
    """(object id or "", term or "", from when). Field names as the API has them.

    Raises:
        Invalid: with every complaint.
    """
    problems: list[Problem] = []
    named = object_id if object_id is not None else ""
    if not isinstance(named, str) or len(named) > 255 or not named.isprintable():
        problems.append(
            Problem("id_malformed", "This is no id.", "objectId", "A product’s, prod_…, or a price’s, price_….")
        )
    text = term.strip().upper() if isinstance(term, str) else term
    if text is not None and terms.parse(text) is None:
        problems.append(
            Problem(
                "term_malformed",
                "This is no length of time.",
                "term",
                "An ISO 8601 duration of whole days, such as P1Y, P6M, P2W or P30D; null grants nothing.",
            )
        )
    moment = BEGINNING
    if since not in (None, ""):
        try:
            moment = max(time_of(since, "appliesFrom"), BEGINNING)
        except Invalid as error:
            problems += error.problems
    if problems:
        raise Invalid.many(problems)
    return named, text or "", moment
