"""Bringing an entitlement in step with what the mirror says it is: pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tillwright.domains.entitlements.model import OVER, SCHEDULE, Draft, Entitlement, Status
from tillwright.kit import ids

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Names:
    """What people call the buyer and the product."""

    buyer: str = ""
    email: str = ""
    product: str = ""


def id_of(organisation_id: str, livemode: bool, draft: Draft) -> str:
    """The same for the same part of the same object, whenever and wherever it is derived; 36 characters."""
    source = draft.source
    return "ent_" + ids.digest(organisation_id, "live" if livemode else "test", source.object, source.id, source.part)


def begun(
    organisation_id: str, livemode: bool, account_id: str | None, draft: Draft, names: Names, now: datetime
) -> Entitlement:
    """One that was not known before."""
    return Entitlement(
        id=id_of(organisation_id, livemode, draft),
        organisation_id=organisation_id,
        livemode=livemode,
        account_id=account_id,
        kind=draft.kind,
        source=draft.source,
        status=_status(draft, now),
        name=_name(draft, names),
        named=False,
        held=False,
        buyer_id=draft.buyer_id,
        buyer_name=names.buyer,
        buyer_email=names.email,
        product_id=draft.product_id,
        product_name=names.product,
        price_id=draft.price_id,
        start=draft.start if draft.start > EPOCH else now,
        end=draft.end,
        renews=draft.renews,
        info=dict(draft.detail),
        meta={},
        notice_days=None,
        notices=None,
        check=None,
        version=1,
        created=now,
        updated=now,
    )


def moved(before: Entitlement, draft: Draft, names: Names, now: datetime) -> Entitlement:
    """The known one as the mirror says it is now. What a person decided stays: its name, and an end that is held.

    Only when all that was paid has gone back does an end not hold: that came after whoever moved it.
    """
    after = replace(
        before,
        kind=draft.kind,
        name=before.name if before.named else _name(draft, names),
        buyer_id=draft.buyer_id,
        buyer_name=names.buyer or before.buyer_name,
        buyer_email=names.email or before.buyer_email,
        product_id=draft.product_id,
        product_name=names.product or before.product_name,
        price_id=draft.price_id,
        start=draft.start if draft.start > EPOCH else before.start,
        info=dict(draft.detail),
    )
    given_back = "endedBy" in draft.detail and before.status not in OVER
    if before.held and not given_back:
        return after
    meta = before.meta if draft.end is not None else {k: v for k, v in before.meta.items() if k != SCHEDULE}
    return replace(after, status=_status(draft, now), end=draft.end, renews=draft.renews, meta=meta, held=False)


def gone(before: Entitlement, now: datetime) -> Entitlement:
    """What the mirror speaks of no more. A promise that was kept by a subscription is only taken back."""
    if before.status in OVER or before.held:
        return before
    if before.kind == "SCHEDULE":
        return replace(before, status="DELETED")
    end = now if before.end is None or before.end > now else before.end
    return replace(before, status="CANCELLED", end=end, renews=None)


def _status(draft: Draft, now: datetime) -> Status:
    """A purchase ends by the clock: one whose term is over does not come back to life when its payment changes."""
    over = draft.kind == "PURCHASE" and draft.end is not None and draft.end <= now
    return "CANCELLED" if over else draft.status


def _name(draft: Draft, names: Names) -> str:
    own = draft.name if draft.kind == "FEATURE" else names.product or draft.name
    return own or draft.product_id or draft.kind.title()
