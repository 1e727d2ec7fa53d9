"""Payment transactions over HTTP: payments, refunds and credit notes in one list, and refunding."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query

from tillwright.domains.billing import Asked
from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.tenancy import Principal
from tillwright.doors.api import transaction_shapes as shapes
from tillwright.doors.api.callers import Caller, Operation, TheHouse
from tillwright.doors.api.invoices import source_of
from tillwright.doors.api.lists import ListSlice
from tillwright.doors.api.transaction_shapes import PaymentTransactionEntity
from tillwright.kit.errors import Invalid, Problem
from tillwright.wiring import House

router = APIRouter(tags=["Payment transactions"])
_STATUSES = ("PENDING", "PROCESSING", "SUCCESS", "FAILED")
_TYPES = ("CHARGE", "REFUND", "CREDIT_MEMO")
_REFUNDS = "/buyer/{buyerId}/paymentTransaction/{paymentTransactionId}/refund"


@router.get("/paymentTransaction", summary="List payment transactions", operation_id="listPaymentTransactions")
async def list_payment_transactions(
    caller: Caller,
    house: TheHouse,
    cut: ListSlice,
    buyer_id: Annotated[str | None, Query(alias="buyerId", max_length=255)] = None,
    entitlement_id: Annotated[str | None, Query(alias="entitlementId", max_length=255)] = None,
    invoice_id: Annotated[str | None, Query(alias="invoiceId", max_length=255)] = None,
    status: Annotated[str | None, Query(max_length=20, description=", ".join(_STATUSES))] = None,
    type: Annotated[str | None, Query(max_length=20, description=", ".join(_TYPES))] = None,
) -> list[PaymentTransactionEntity]:
    """Newest first."""
    wrong = [
        Problem(f"{name}_unknown", f"There is no {name} {value[:40]!r}.", name, f"Use one of {', '.join(known)}.")
        for name, value, known in (("status", status, _STATUSES), ("type", type, _TYPES))
        if value and value not in known
    ]
    if wrong:
        raise Invalid.many(wrong)
    found = await house.transactions.list(
        caller,
        buyer_id=buyer_id or None,
        invoice_ids=await _invoices(house, caller, entitlement_id, invoice_id),
        status=status or None,
        type=type or None,
        limit=cut.limit,
        offset=cut.offset,
    )
    return await _shown(house, caller, found.rows)


@router.get(_REFUNDS, summary="List a payment's refunds", operation_id="listRefundOfPaymentTransaction")
async def list_refunds(
    caller: Caller,
    house: TheHouse,
    buyerId: str,  # noqa: N803
    paymentTransactionId: str,  # noqa: N803
) -> list[PaymentTransactionEntity]:
    """Newest first."""
    rows = await house.transactions.refunds(caller, buyerId, paymentTransactionId)
    return await _shown(house, caller, rows)


@router.post(_REFUNDS, summary="Refund a payment", operation_id="createRefund")
async def create_refund(
    caller: Caller,
    house: TheHouse,
    operation: Operation,
    buyerId: str,  # noqa: N803
    paymentTransactionId: str,  # noqa: N803
    amount: Annotated[Decimal, Query(description="Major units; at most what remains.", examples=["12.50"])],
) -> PaymentTransactionEntity:
    """Several partial refunds are possible, never above what remains. Needs the role EDITOR."""
    asked = Asked(caller, "refund:create", operation)
    row = await house.transactions.refund(asked, buyerId, paymentTransactionId, amount)
    return (await _shown(house, caller, [row]))[0]


async def _invoices(
    house: House, caller: Principal, entitlement_id: str | None, invoice_id: str | None
) -> list[str] | None:
    """The invoices whose payments are asked for; None if all are."""
    if not entitlement_id:
        return [invoice_id] if invoice_id else None
    source = await source_of(house, caller, entitlement_id)
    found = await house.invoices.list(caller, **source, limit=1000, offset=0)
    return [row.id for row in found.rows if invoice_id in (None, "", row.id)]


async def _shown(house: House, caller: Principal, rows: Sequence[MirrorObject]) -> list[PaymentTransactionEntity]:
    related = await house.transactions.related(caller, rows)
    return [shapes.transaction(caller.organisation_id, row, related) for row in rows]
