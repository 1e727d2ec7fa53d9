"""Wallets as the API shows them: payment methods that the mirror holds, and credit that we keep: pure."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from tillwright.domains.billing.credits.model import Wallet
from tillwright.domains.billing.reading import text_of
from tillwright.domains.mirror.model import MirrorObject
from tillwright.kit import money

_WALLET: dict[str, JsonValue] = {
    "id": "pm_1MqLiJLkdIwHu7ixUEgbFdYF",
    "organizationID": "org_01k0example0000000000000000",
    "partner": "STRIPE",
    "buyerID": "cus_NffrFeUfNV2Hib",
    "externalID": "pm_1MqLiJLkdIwHu7ixUEgbFdYF",
    "name": "Visa ending in 4242",
    "type": "card",
    "status": "ACTIVE",
    "expireTime": "2034-08-31T23:59:59Z",
    "creationTime": "2027-01-15T12:00:00Z",
    "lastUpdateTime": "2027-01-15T12:00:00Z",
    "info": {},
}
# Stripe's kinds of payment method that the API has a word for; others are shown without a type.
WALLET_KINDS = {"card": "card", "us_bank_account": "ach_debit", "bacs_debit": "bacs_debit", "sepa_debit": "sepa_debit"}
_BRANDS = frozenset({"amex", "diners", "discover", "eftpos_au", "jcb", "mastercard", "unionpay", "visa", "unknown"})
_FUNDINGS = frozenset({"credit", "debit", "prepaid", "unknown"})


class WalletEntity(BaseModel):
    """A payment method at Stripe, or credit on the buyer's balance there; only credit has amounts, in major units."""

    model_config = ConfigDict(json_schema_extra={"examples": [_WALLET]})

    id: str
    organizationID: str  # noqa: N815
    partner: str
    buyerID: str  # noqa: N815
    externalID: str  # noqa: N815
    name: str
    type: str | None
    status: str
    currency: str | None = None
    totalAmount: float | None = None  # noqa: N815
    usedAmount: float | None = None  # noqa: N815
    startTime: datetime | None = None  # noqa: N815
    expireTime: datetime | None  # noqa: N815
    creationTime: datetime | None  # noqa: N815
    lastUpdateTime: datetime  # noqa: N815
    info: dict[str, Any]


def payment_method(organisation_id: str, row: MirrorObject, now: datetime, *, closed: bool = False) -> WalletEntity:
    """A payment method as a wallet; `now` tells whether its card has expired; `closed`: just detached."""
    body: dict[str, Any] = row.body
    kind = str(body.get("type") or "")
    details: dict[str, Any] = body.get(kind) or {}
    expires = _end_of_month(details.get("exp_year"), details.get("exp_month")) if kind == "card" else None
    label = str(details.get("brand") or details.get("bank_name") or kind).replace("_", " ").capitalize()
    if details.get("last4"):
        label = f"{label} ending in {details['last4']}"
    return WalletEntity(
        id=row.id,
        organizationID=organisation_id,
        partner="STRIPE",
        buyerID=text_of(body, "customer"),
        externalID=row.id,
        name=label,
        type=WALLET_KINDS.get(kind),
        status="CLOSED" if closed else "EXPIRED" if expires and expires < now else "ACTIVE",
        expireTime=expires,
        creationTime=row.created,
        lastUpdateTime=row.seen,
        info={"stripePaymentMethod": _method(body, kind, details)} | ({"closeDate": now} if closed else {}),
    )


def credit(organisation_id: str, row: Wallet, now: datetime) -> WalletEntity:
    """A credit wallet; `now` tells whether it has expired."""
    currency = row.currency
    status = row.state if row.state != "OPEN" else "EXPIRED" if row.expired(now) else "ACTIVE"
    return WalletEntity(
        id=row.id,
        organizationID=organisation_id,
        partner="STRIPE",
        buyerID=row.buyer_id,
        externalID="",
        name=row.name,
        type="credit",
        status=status,
        currency=currency.upper() if currency else None,
        totalAmount=float(money.to_major(row.wanted, currency)) if currency else 0,
        usedAmount=float(money.to_major(row.spent, currency)) if currency else 0,
        startTime=row.starts,
        expireTime=row.expires,
        creationTime=row.created,
        lastUpdateTime=row.updated,
        info={"closeDate": row.closed} if row.closed else {},
    )


def _method(body: dict[str, Any], kind: str, details: dict[str, Any]) -> dict[str, Any]:
    # Published clients refuse a brand or funding they have never heard of: those are called unknown.
    if kind == "card":
        known = {"brand": _BRANDS, "funding": _FUNDINGS}
        details = {**details} | {k: details.get(k) if details.get(k) in v else "unknown" for k, v in known.items()}
    return {name: body.get(name) for name in ("id", "object", "type", "created", "livemode")} | {kind: details}


def _end_of_month(year: Any, month: Any) -> datetime | None:
    if not isinstance(year, int) or not isinstance(month, int) or not (1 <= month <= 12 and 1970 <= year <= 9000):
        return None
    return datetime(year, month, monthrange(year, month)[1], 23, 59, 59, tzinfo=UTC)
