"""What a person gives for an entitlement made by hand, and what they change of one: checked, all complaints at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from tillwright.domains.entitlements.cancellation import time_of
from tillwright.domains.entitlements.model import SCHEDULE
from tillwright.domains.integrations.choices import LONGEST_DAYS, SHORTEST_DAYS
from tillwright.kit.errors import Invalid, Problem

LONGEST_NAME, LONGEST_META = 200, 20_000


@dataclass(frozen=True, slots=True)
class Wish:
    """An entitlement to be made by hand. `price_id` is what the published API calls an offer."""

    buyer_id: str
    price_id: str | None
    product_id: str | None
    name: str
    start: datetime
    end: datetime | None


def wish(*, buyer_id: Any, price_id: Any, product_id: Any, name: Any, start: Any, end: Any, now: datetime) -> Wish:
    """Raises Invalid with every complaint; field names as the API has them."""
    problems: list[Problem] = []
    if not _line(buyer_id):
        problems.append(Problem("buyer_missing", "Say which customer it is for.", "buyerId", "A customer's id, cus_…."))
    for field, value in (("offerId", price_id), ("productId", product_id)):
        if value not in (None, "") and not _line(value):
            problems.append(Problem("id_malformed", f"{field} is no id.", field))
    if not price_id and not product_id:
        problems.append(
            Problem(
                "product_missing", "Say what it entitles to.", "productId", "A product's id, or a price's as offerId."
            )
        )
    problems += _name_problems(name or None)
    times: dict[str, datetime | None] = {"startDate": now, "endDate": None}
    for field, value in (("startDate", start), ("endDate", end)):
        try:
            times[field] = time_of(value, field) if value not in (None, "") else times[field]
        except Invalid as error:
            problems += error.problems
    begin, finish = times["startDate"] or now, times["endDate"]
    if finish is not None and finish <= begin:
        problems.append(Problem("end_before_start", "It would end before it begins.", "endDate", "Give a later end."))
    if problems:
        raise Invalid.many(problems)
    return Wish(buyer_id, price_id or None, product_id or None, name or "", begin, finish)


def check_name(name: Any) -> str:
    """Raises Invalid unless it is a line a person can read."""
    if problems := _name_problems(name):
        raise Invalid.many(problems)
    if not name:
        raise Invalid("name_missing", "An entitlement needs a name.", field="name", remedy="Send it as name.")
    return str(name).strip()


def check_meta(meta: Mapping[str, Any]) -> dict[str, Any]:
    """What may be kept beside an entitlement. The cancellation has verbs of its own."""
    if SCHEDULE in meta:
        raise Invalid(
            "meta_reserved",
            "The cancellation is not changed here.",
            field=SCHEDULE,
            remedy="Use scheduleCancellation and unscheduleCancellation.",
        )
    try:
        text = orjson.dumps(dict(meta))
    except TypeError:
        text = None
    if text is None or b"\\u0000" in text:
        raise Invalid(
            "meta_malformed", "The meta info holds a number or a character that cannot be kept.", field="metaInfo"
        )
    if len(text) > LONGEST_META:
        raise Invalid("meta_too_large", f"The meta info has at most {LONGEST_META} bytes.", field="metaInfo")
    return dict(meta)


def check_notice_days(days: Any) -> int | None:
    """Raises Invalid unless it is None (as the integration says) or 10 to 60."""
    if days is None or (type(days) is int and SHORTEST_DAYS <= days <= LONGEST_DAYS):
        return days
    raise Invalid(
        "days_out_of_range",
        f"Days before the end must be a whole number from {SHORTEST_DAYS} to {LONGEST_DAYS}.",
        field="alertDaysBeforeEnd",
        remedy="Leave it empty to follow the integration's setting.",
    )


def _name_problems(name: Any) -> list[Problem]:
    if name is None or (isinstance(name, str) and len(name) <= LONGEST_NAME and name.isprintable()):
        return []
    return [Problem("name_malformed", f"A name is a line of at most {LONGEST_NAME} characters.", "name")]


def _line(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable()
