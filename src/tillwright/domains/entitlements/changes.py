"""What a change of an entitlement is called, as the spine tells it; and whether it is worth telling. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from tillwright.domains.entitlements.model import OVER, Entitlement
from tillwright.domains.events import OCCURRENCE

Action = Literal[
    "create", "update", "pending_cancel", "cancel", "reinstate", "suspend", "end_soon", "renew_soon", "terminate"
]

NEWS = timedelta(days=3)
"""How old the beginning of an entitlement may be and still be told: the first reading of an account is no news."""


SLACK = timedelta(hours=1)
"""How much earlier than announced Stripe may end a subscription that came to its end."""


def action_of(before: Entitlement | None, after: Entitlement, now: datetime) -> Action | None:
    """What happened between the two; None where nothing did that anybody needs to know.

    An entitlement that reached the end it was known to have terminated; one that ended before was cancelled.
    """
    if before is None:
        return "create" if after.status not in OVER and now - after.start <= NEWS else None
    if before.status != after.status:
        return _turn(before, after)
    if before.status in OVER:
        return None
    return "update" if _terms(before) != _terms(after) else None


def _turn(before: Entitlement, after: Entitlement) -> Action | None:
    if after.status in OVER:
        if before.status in OVER or (before.status == "PENDING_START" and after.status == "DELETED"):
            return None
        reached = before.end is not None and after.end is not None and after.end >= before.end - SLACK
        return "terminate" if reached else "cancel"
    if before.status in OVER or before.status == "SUSPENDED":
        return "reinstate"
    if after.status == "SUSPENDED":
        return "suspend"
    if after.status == "PENDING_CANCEL":
        return "pending_cancel"
    return "reinstate" if before.status == "PENDING_CANCEL" else "update"


def _terms(entitlement: Entitlement) -> tuple[Any, ...]:
    """What a buyer would call a change. A renewal is none: it is what was agreed."""
    info = entitlement.info
    return (
        entitlement.name,
        entitlement.end,
        entitlement.auto_renew,
        entitlement.product_id,
        entitlement.price_id,
        entitlement.notice_days,
        entitlement.notices,
        info.get("quantity"),
        info.get("stripeStatus"),
    )


def telling(entitlement: Entitlement, *which: object) -> dict[str, Any]:
    """What every spine event about an entitlement carries; `which`: what makes it one of a kind for this one."""
    return {
        OCCURRENCE: ".".join(map(str, (entitlement.id, *which))),
        "entitlementId": entitlement.id,
        "name": entitlement.name,
        "status": entitlement.status,
        "buyerId": entitlement.buyer_id,
        "buyerName": entitlement.buyer_name,
        "buyerEmail": entitlement.buyer_email,
        "productId": entitlement.product_id,
        "productName": entitlement.product_name,
        "startTime": rfc3339(entitlement.start),
        "endTime": rfc3339(entitlement.end),
        "renewTime": rfc3339(entitlement.renews),
        "livemode": entitlement.livemode,
        "accountId": entitlement.account_id,
        "autoRenew": entitlement.auto_renew,
    }


def rfc3339(moment: datetime | None) -> str | None:
    """`2027-01-15T12:00:00Z`, or None."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None
