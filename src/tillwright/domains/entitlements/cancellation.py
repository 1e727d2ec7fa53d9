"""A cancellation as a person wants it: checked, and what it means at Stripe and here. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, cast, get_args

from tillwright.domains.entitlements.changes import rfc3339
from tillwright.domains.entitlements.model import OVER, SCHEDULE, Entitlement
from tillwright.gateways.stripe.writer import Method
from tillwright.kit.clock import to_unix
from tillwright.kit.errors import Conflict, Invalid, Problem

When = Literal["EndOfTerm", "Immediate", "SpecificDate"]
LONGEST_NOTE = 500
EARLIEST_YEAR, LATEST_YEAR = 1970, 9000
_TERM_END = "termEnd"
"""Where `info` keeps the end that a scheduled cancellation moved, so that it can be put back."""


@dataclass(frozen=True, slots=True)
class Cancellation:
    """`date` only for SpecificDate."""

    when: When
    date: datetime | None
    note: str


def wanted(when: Any, date: Any, note: Any, now: datetime) -> Cancellation:
    """What was asked for.

    Raises:
        Invalid: with every complaint at once; field names as the API has them.
    """
    problems: list[Problem] = []
    if when not in get_args(When):
        problems.append(Problem("cancellation_type_unknown", f"type is one of {', '.join(get_args(When))}.", "type"))
    moment: datetime | None = None
    if when == "SpecificDate":
        try:
            moment = time_of(date, "cancelDate")
        except Invalid as error:
            problems += error.problems
        else:
            if moment <= now:
                problems.append(
                    Problem(
                        "cancellation_past", "The date of the cancellation is over.", "cancelDate",
                        "Give a later one, or cancel at once with the type Immediate.",
                    )
                )  # fmt: skip
    if note not in (None, "") and not (isinstance(note, str) and len(note) <= LONGEST_NOTE and "\0" not in note):
        problems.append(Problem("note_malformed", f"A note is a text of at most {LONGEST_NOTE} characters.", "note"))
    if problems:
        raise Invalid.many(problems)
    return Cancellation(when, moment, note or "")


def time_of(value: Any, field: str) -> datetime:
    """An RFC 3339 time, or a date, which is its midnight in UTC.

    Raises:
        Invalid: it is neither, or further away than anybody counts: every time zone and term can be reckoned from it.
    """
    try:
        moment = datetime.fromisoformat(value)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise Invalid(
            "time_malformed", f"{field} is no date.", field=field, remedy="Write it like 2027-01-15T12:00:00Z."
        ) from None
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise Invalid(
            "time_out_of_range", f"{field} lies outside {EARLIEST_YEAR} to {LATEST_YEAR}.", field=field
        )  # fmt: skip
    return moment


def check_open(entitlement: Entitlement) -> None:
    """Raises Conflict if it is over, or follows from something that only Stripe's own can end."""
    if entitlement.status in OVER:
        raise Conflict(
            "entitlement_over", "This entitlement is over already.", remedy="Make a new one, or a new subscription."
        )
    if entitlement.kind == "FEATURE":
        raise Conflict(
            "entitlement_of_product",
            "This is a feature of a product: it lasts as long as a subscription to the product does.",
            remedy="Cancel the subscription's entitlement, or take the feature off the product in Stripe.",
        )
    if entitlement.kind == "SCHEDULE":
        raise Conflict(
            "entitlement_not_begun",
            "This is promised by a subscription schedule that has not begun.",
            remedy="Cancel the schedule in Stripe's dashboard.",
        )


def at_stripe(entitlement: Entitlement, cancellation: Cancellation | None) -> tuple[Method, str, dict[str, Any]] | None:
    """The request that schedules it at Stripe, or takes the schedule back for None; None where Stripe has no part."""
    if entitlement.kind != "SUBSCRIPTION":
        return None
    path = f"/v1/subscriptions/{entitlement.source.id}"
    if cancellation is None:
        # The one that is set is taken back; Stripe refuses both names in one request.
        by_period = bool(entitlement.info.get("cancelAtPeriodEnd"))
        return "POST", path, {"cancel_at_period_end": False} if by_period else {"cancel_at": ""}
    if cancellation.when == "Immediate":
        return "DELETE", path, {}
    if cancellation.when == "EndOfTerm":
        return "POST", path, {"cancel_at_period_end": True}
    assert cancellation.date is not None
    return "POST", path, {"cancel_at": to_unix(cancellation.date)}


def noted(entitlement: Entitlement, cancellation: Cancellation, end: datetime | None, now: datetime) -> Entitlement:
    """The same with the schedule in its `meta`, as the published API shows it."""
    said = {
        "type": cancellation.when,
        "cancelDate": rfc3339(cancellation.date or end),
        "note": cancellation.note,
        "creationDate": rfc3339(now),
    }
    return replace(entitlement, meta={**entitlement.meta, SCHEDULE: said})


def here(entitlement: Entitlement, cancellation: Cancellation, now: datetime) -> Entitlement:
    """What it makes of an entitlement that ends by our clock alone.

    Raises:
        Invalid: the end of a term that has none.
    """
    if cancellation.when == "Immediate":
        return replace(entitlement, status="CANCELLED", end=now, renews=None, held=True)
    end = cancellation.date or entitlement.end
    if end is None:
        raise Invalid(
            "term_endless",
            "This entitlement has no term that could come to its end.",
            field="type",
            remedy="Use SpecificDate with a date.",
        )
    before = entitlement.info.get(_TERM_END, rfc3339(entitlement.end))
    info = {**entitlement.info, _TERM_END: before}
    status = entitlement.status if entitlement.status == "PENDING_START" else "PENDING_CANCEL"
    return replace(entitlement, status=status, end=end, info=info, held=True)


def taken_back(entitlement: Entitlement) -> Entitlement:
    """An entitlement of ours as it was before its cancellation was scheduled."""
    info = dict(entitlement.info)
    text = info.pop(_TERM_END, None)
    end = entitlement.end if text is None and _TERM_END not in entitlement.info else _end_of(text)
    status = "ACTIVE" if entitlement.status == "PENDING_CANCEL" else entitlement.status
    return without_schedule(replace(entitlement, status=status, end=end, info=info))


def without_schedule(entitlement: Entitlement) -> Entitlement:
    """The same without a note of a scheduled cancellation."""
    return replace(entitlement, meta={name: value for name, value in entitlement.meta.items() if name != SCHEDULE})


def _end_of(text: str | None) -> datetime | None:
    return time_of(text, _TERM_END) if text else None


def refusal(error: Mapping[str, Any] | None) -> Conflict:
    """Stripe's no, in its own words."""
    said = cast("dict[str, Any]", error or {})
    return Conflict(
        str(said.get("code") or "stripe_refused"),
        str(said.get("sentence") or "Stripe refused the change."),
        remedy=said.get("remedy") or "Look at the subscription in Stripe's dashboard.",
    )
