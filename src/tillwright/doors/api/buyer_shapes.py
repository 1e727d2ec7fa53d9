"""Buyers and wallets as the API shows them, from the customers and payment methods the mirror holds: pure."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from tillwright.domains.billing.buyers import COMPANY, CUSTOMER_ID, EMAIL_DOMAIN, WALLET_TYPES
from tillwright.domains.billing.reading import text_of
from tillwright.domains.mirror.model import MirrorObject

_BUYER: dict[str, JsonValue] = {
    "id": "cus_NffrFeUfNV2Hib",
    "organizationID": "org_01k0example0000000000000000",
    "partner": "STRIPE",
    "externalID": "cus_NffrFeUfNV2Hib",
    "name": "Ada Example",
    "description": "",
    "companyID": None,
    "contactIds": [],
    "tags": [],
    "creationTime": "2027-01-15T12:00:00Z",
    "lastUpdateTime": "2027-01-15T12:00:00Z",
    "info": {"stripeCustomerId": "cus_NffrFeUfNV2Hib", "emailAddress": "ada@example.com"},
}
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


class BuyerEntity(BaseModel):
    """A buyer is a customer at Stripe. `info.stripeBuyer` keeps Stripe's own names and minor units."""

    model_config = ConfigDict(json_schema_extra={"examples": [_BUYER]})

    id: str
    organizationID: str  # noqa: N815
    partner: str
    externalID: str  # noqa: N815
    name: str
    description: str
    companyID: str | None  # noqa: N815
    contactIds: list[str]  # noqa: N815
    tags: list[str]
    creationTime: datetime | None  # noqa: N815
    lastUpdateTime: datetime  # noqa: N815
    info: dict[str, Any]


class WalletEntity(BaseModel):
    """A wallet is a payment method at Stripe. Amounts are in major units, for credit only."""

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


def buyer(organisation_id: str, row: MirrorObject) -> BuyerEntity:
    """A customer as a buyer."""
    body: dict[str, Any] = row.body
    metadata: dict[str, str] = body.get("metadata") or {}
    address: dict[str, Any] = body.get("address") or {}
    company = {
        "name": metadata.get(COMPANY),
        "emailDomain": metadata.get(EMAIL_DOMAIN),
        "addressLine1": address.get("line1"),
        "addressLine2": address.get("line2"),
        "city": address.get("city"),
        "country": address.get("country"),
        "postalCode": address.get("postal_code"),
        "state": address.get("state"),
    }
    types = [name for name in metadata.get(WALLET_TYPES, "").split(",") if name]
    shown = ("id", "name", "email", "phone", "description", "metadata", "address")
    return BuyerEntity(
        id=row.id,
        organizationID=organisation_id,
        partner="STRIPE",
        externalID=row.id,
        name=body.get("name") or body.get("email") or row.id,
        description=body.get("description") or "",
        companyID=None,
        contactIds=[],
        tags=[],
        creationTime=row.created,
        lastUpdateTime=row.seen,
        info={
            "stripeCustomerId": row.id,
            "stripeBuyer": {name: body.get(name) for name in shown},
            "emailAddress": body.get("email"),
            "customerId": metadata.get(CUSTOMER_ID),
            "companyInfo": {name: value for name, value in company.items() if value} or None,
            "paymentConfig": {
                "allowedWalletTypes": types or None,
                "currency": (body.get("currency") or "").upper() or None,
                "defaultWalletId": text_of(body.get("invoice_settings") or {}, "default_payment_method") or None,
            },
        },
    )


def wallet(organisation_id: str, row: MirrorObject, now: datetime) -> WalletEntity:
    """A payment method as a wallet; `now` tells whether its card has expired."""
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
        status="EXPIRED" if expires and expires < now else "ACTIVE",
        expireTime=expires,
        creationTime=row.created,
        lastUpdateTime=row.seen,
        info={"stripePaymentMethod": _method(body, kind, details)},
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
