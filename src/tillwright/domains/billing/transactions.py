"""Payment transactions: payments, refunds and credit notes in one list, and refunding."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tillwright.domains.billing.desk import Asked, Desk
from tillwright.domains.billing.reading import Found, Reading, equal, text_of
from tillwright.domains.billing.remainder import Verdict
from tillwright.domains.billing.views import CREDIT_NOTE, TRANSACTION, payment_of
from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.tenancy import Principal
from tillwright.kit import money
from tillwright.kit.errors import Absent, Conflict, Invalid
from tillwright.kit.query import Where

MOST = 1000


@dataclass(frozen=True)
class Related:
    """What belongs to some transactions, by the id of their payment (see `payment_of`); `balances` by their own.

    `refunded` are payments that a refund is of.
    """

    invoices: Mapping[str, str]
    charges: Mapping[str, MirrorObject]
    disputes: Mapping[str, Sequence[MirrorObject]]
    refunded: frozenset[str] = frozenset()
    balances: Mapping[str, MirrorObject] = field(default_factory=dict[str, MirrorObject])

    def charge_of(self, row: MirrorObject) -> MirrorObject | None:
        """The charge of a payment or of a refund's payment; a charge's own self."""
        return row if row.object == "charge" else self.charges.get(payment_of(row.body))

    def balance_of(self, row: MirrorObject) -> MirrorObject | None:
        """What a transaction did to the account's balance; None for what moved nothing, or is not mirrored yet."""
        source = row if row.object == "refund" else self.charge_of(row)
        return self.balances.get(text_of(source.body, "balance_transaction")) if source else None


class Transactions:
    """A transaction's id is Stripe's: of the payment intent, the charge without one, the refund, the credit note."""

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
        """Ids of the invoices' payments, their refunds, and credit notes: few payments name their invoice."""
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
        """What belongs to these transactions, in a few look-ups however many they are."""
        payments = sorted({payment for row in rows if (payment := payment_of(row.body))})
        if not payments:
            return Related({}, {}, {})
        links, charges, disputed, refunds = await asyncio.gather(
            self._reading.invoice_links(principal, intents=payments),
            self._reading.of_intents(principal, "charge", payments),
            self._reading.of_intents(principal, "dispute", payments),
            self._reading.of_intents(principal, "refund", payments),
        )
        disputes: dict[str, list[MirrorObject]] = {}
        for dispute in disputed:
            disputes.setdefault(payment_of(dispute.body), []).append(dispute)
        moved = {text_of(row.body, "balance_transaction") for row in (*rows, *charges)} - {""}
        return Related(
            dict(links),
            # Newest first: a later attempt's charge is the one that counts.
            {payment_of(charge.body): charge for charge in reversed(charges)},
            disputes,
            frozenset(payment_of(refund.body) for refund in refunds),
            await self._reading.of_ids(principal, "balance_transaction", sorted(moved)),
        )

    async def refunds(self, principal: Principal, buyer_id: str, transaction_id: str) -> Sequence[MirrorObject]:
        """The refunds of a buyer's payment, newest first."""
        await self._payment(principal, buyer_id, transaction_id)
        return await self._reading.of_intents(principal, "refund", [transaction_id])

    async def refund(self, asked: Asked, buyer_id: str, transaction_id: str, amount: Decimal) -> MirrorObject:
        """Give back a part or the rest of a payment.

        Args:
            amount: in major units of the payment's currency; never above what remains, of two at the same moment too.

        Raises:
            Absent: the buyer has no such payment; Invalid: the amount is none, or above what remains;
            Conflict: it was not paid, another refund of it is under way, or Stripe refuses; Upstream: see `Desk.write`.
        """
        asked.principal.require("billing:write")
        payment = await self._payment(asked.principal, buyer_id, transaction_id)
        currency = str(payment.body.get("currency"))
        state = payment.status if payment.body.get("captured", True) else "only authorised"
        if state != "succeeded":
            raise Conflict(
                "payment_not_paid",
                f"Payment {transaction_id} is {state}: there is nothing to refund.",
                field="paymentTransactionId",
            )
        made = await self._desk.refund(asked, await self._charge(asked.principal, payment), _minor(amount, currency))
        if isinstance(made, Verdict):
            raise _refused(made, currency)
        return await self.get(asked.principal, made["id"])

    async def _charge(self, principal: Principal, payment: MirrorObject) -> str:
        """The charge that paid, of a payment that succeeded."""
        latest = payment.id if payment.object == "charge" else text_of(payment.body, "latest_charge")
        charge = None if latest else (await self.related(principal, [payment])).charges.get(payment.id)
        if not latest and charge is None:
            raise Conflict("payment_not_charged", f"No charge of payment {payment.id} is known yet.",
                           remedy="Try again in a moment.")  # fmt: skip
        return latest or str(charge and charge.id)

    async def _payment(self, principal: Principal, buyer_id: str, transaction_id: str) -> MirrorObject:
        payment = await self.get(principal, transaction_id)
        if payment.object not in ("payment_intent", "charge") or text_of(payment.body, "customer") != buyer_id:
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


def _refused(verdict: Verdict, currency: str) -> Invalid | Conflict:
    if verdict.code == "refund_above_remainder":
        return Invalid(
            "refund_above_remainder",
            verdict.sentence,
            field="amount",
            remedy=f"Refund at most {money.to_major(verdict.amount, currency)}.",
        )
    return Conflict(verdict.code or "refund_refused", verdict.sentence)
