"""Buyers as the API shows them, from the customers the mirror holds: pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
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


def buyer(organisation_id: str, row: MirrorObject, contacts: Sequence[str] = ()) -> BuyerEntity:
    """A customer as a buyer, with the ids of the contacts linked to it."""
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
        contactIds=list(contacts),
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
