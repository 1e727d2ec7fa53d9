"""Payment transactions: payments, refunds and credit notes in one list, and refunding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tillwright.domains.billing.desk import Asked, Desk
from tillwright.domains.billing.reading import Found, Reading, equal, text_of
from tillwright.domains.billing.views import CREDIT_NOTE, TRANSACTION
from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.tenancy import Principal
from tillwright.kit import money
from tillwright.kit.errors import Absent, Conflict, Invalid
from tillwright.kit.query import Where

MOST = 1000


@dataclass(frozen=True)
class Related:
    """What belongs to some transactions, by the id of their payment intent."""

    invoices: Mapping[str, str]
    charges: Mapping[str, MirrorObject]
    disputes: Mapping[str, Sequence[MirrorObject]]


class Transactions:
    """A transaction's id is Stripe's: of the payment intent, the refund or the credit note."""

    def __init__(self, reading: Reading, desk: Desk) -> None:
        self._reading = reading
        self._desk = desk

    async def list(
        self,
        principal: Principal,
        *,
        buyer_id: str | None = None,
        invoice_ids: Sequence[str] | None = None,
        status: str | None = None,
        type: str | None = None,
        limit: int,
        offset: int,
    ) -> Found:
        """Newest first, narrowed by what is given, in the public API's words."""
        where = equal(TRANSACTION.columns, buyer_id=buyer_id, status=status, type=type)
        if invoice_ids is not None:
            names = await self._of_invoices(principal, invoice_ids)
            where = Where("(" + where.sql + ") and id = any(%s)", (*where.values, names))
        return await self._reading.list(principal, TRANSACTION, where, limit=limit, offset=offset)

    async def _of_invoices(self, principal: Principal, invoice_ids: Sequence[str]) -> list[str]:
        """Ids of the invoices' payments, their refunds, and credit notes: a payment does not name its invoice."""
        if not invoice_ids or not await self._reading.connected(principal):
            return []
        intents = [intent for intent, _ in await self._reading.invoice_links(principal, invoices=invoice_ids)]
        refunds = await self._reading.of_intents(principal, "refund", intents)
        where = Where(CREDIT_NOTE.columns["invoice_id"].sql + " = any(%s)", (list(invoice_ids),))
        notes = await self._reading.list(principal, CREDIT_NOTE, where, limit=MOST, offset=0)
        return [*intents, *(row.id for row in (*refunds, *notes.rows))]

    async def get(self, principal: Principal, transaction_id: str) -> MirrorObject:
        """Raises Absent if there is none."""
        return await self._reading.get(principal, TRANSACTION, transaction_id)

    async def related(self, principal: Principal, rows: Sequence[MirrorObject]) -> Related:
        """The invoices, charges and disputes of these transactions, in a few look-ups however many they are."""
        intents = sorted({text_of(row.body, "payment_intent") or row.id for row in rows})
        if not intents:
            return Related({}, {}, {})
        links = await self._reading.invoice_links(principal, intents=intents)
        charges = await self._reading.of_intents(principal, "charge", intents)
        disputes: dict[str, list[MirrorObject]] = {}
        for dispute in await self._reading.of_intents(principal, "dispute", intents):
            disputes.setdefault(text_of(dispute.body, "payment_intent"), []).append(dispute)
        # Newest first: a later attempt's charge is the one that counts.
        newest = {text_of(charge.body, "payment_intent"): charge for charge in reversed(charges)}
        return Related(dict(links), newest, disputes)

    async def refunds(self, principal: Principal, buyer_id: str, transaction_id: str) -> Sequence[MirrorObject]:
        """The refunds of a buyer's payment, newest first."""
        await self._payment(principal, buyer_id, transaction_id)
        return await self._reading.of_intents(principal, "refund", [transaction_id])

    async def refund(self, asked: Asked, buyer_id: str, transaction_id: str, amount: Decimal) -> MirrorObject:
        """Give back a part or the rest of a payment.

        Args:
            amount: in major units of the payment's currency; never above what remains. Stripe has the last word on
                that: of two refunds at the same moment that together exceed it, one is refused.

        Raises:
            Absent: the buyer has no such payment; Invalid: the amount is none, or above what remains;
            Conflict: it was not paid, or Stripe refuses; Upstream: see `Desk.write`.
        """
        asked.principal.require("billing:write")
        payment = await self._payment(asked.principal, buyer_id, transaction_id)
        currency = str(payment.body.get("currency"))
        if payment.status != "succeeded":
            raise Conflict(
                "payment_not_paid",
                f"Payment {transaction_id} is {payment.status}: there is nothing to refund.",
                field="paymentTransactionId",
            )
        minor = _minor(amount, currency)
        charge = (await self.related(asked.principal, [payment])).charges.get(transaction_id)
        remains = _remains(payment, charge)
        if minor > remains and asked.operation is None:
            raise Invalid(
                "refund_above_remainder",
                f"{money.show(minor, currency)} is more than the {money.show(remains, currency)} that remain.",
                field="amount",
                remedy=f"Refund at most {money.to_major(remains, currency)}.",
            )
        params = {"payment_intent": transaction_id, "amount": minor}
        made = await self._desk.write(asked, "POST", "/v1/refunds", params)
        return await self.get(asked.principal, made["id"])

    async def _payment(self, principal: Principal, buyer_id: str, transaction_id: str) -> MirrorObject:
        payment = await self.get(principal, transaction_id)
        if payment.object != "payment_intent" or text_of(payment.body, "customer") != buyer_id:
            raise Absent(
                "payment_transaction_absent",
                f"Buyer {buyer_id} has no payment {transaction_id}.",
                field="paymentTransactionId",
            )
        return payment


def _minor(amount: Decimal, currency: str) -> int:
    try:
        minor = money.to_minor(amount, currency)
    except ValueError:
        minor = 0
    if minor <= 0:
        raise Invalid(
            "amount_invalid",
            f"{amount} {currency.upper()} is no amount that can be refunded.",
            field="amount",
            remedy=f"Give major units, such as 12.50, with at most {money.exponent(currency)} decimals.",
        )
    return minor


def _remains(payment: MirrorObject, charge: MirrorObject | None) -> int:
    """Minor units not refunded yet, as the mirror knows it."""
    if charge is None:
        return int(payment.body.get("amount_received") or payment.body.get("amount") or 0)
    captured = charge.body.get("amount_captured")
    return int(captured if captured is not None else charge.body["amount"]) - int(
        charge.body.get("amount_refunded") or 0
    )
