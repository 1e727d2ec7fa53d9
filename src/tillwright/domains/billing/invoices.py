"""Invoices: read from the mirror; issued, paid, voided and annotated at Stripe."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tillwright.domains.billing.desk import Asked, Desk
from tillwright.domains.billing.mailing import Mailing
from tillwright.domains.billing.reading import Found, Reading, equal
from tillwright.domains.billing.views import INVOICE
from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.tenancy import Principal
from tillwright.kit.clock import to_unix
from tillwright.kit.errors import Conflict


class Invoices:
    """An invoice's id is Stripe's."""

    def __init__(self, reading: Reading, desk: Desk, mailing: Mailing) -> None:
        self._reading = reading
        self._desk = desk
        self._mailing = mailing

    async def list(
        self,
        principal: Principal,
        *,
        buyer_id: str | None = None,
        subscription_id: str | None = None,
        invoice_id: str | None = None,
        status: str | None = None,
        limit: int,
        offset: int,
    ) -> Found:
        """Newest first, narrowed by what is given; `status` as the public API names it."""
        where = equal(INVOICE.columns, buyer_id=buyer_id, subscription_id=subscription_id, id=invoice_id, status=status)
        return await self._reading.list(principal, INVOICE, where, limit=limit, offset=offset)

    async def get(self, principal: Principal, invoice_id: str) -> MirrorObject:
        """Raises Absent if there is none."""
        return await self._reading.get(principal, INVOICE, invoice_id)

    async def issue(self, asked: Asked, invoice_id: str, *, contact_ids: Sequence[str] = ()) -> MirrorObject:
        """Finalise a draft; Stripe mails it too where it is collected by sending.

        Args:
            contact_ids: who gets it by our mail besides. One that was issued before is mailed to them again.

        Raises:
            Absent: there is none; Invalid: there is no such contact;
            Conflict: it is no draft any more, or Stripe refuses; Upstream: see `Desk.write`.
        """
        asked.principal.require("billing:write")
        invoice = await self.get(asked.principal, invoice_id)
        addresses = await self._mailing.addresses(asked.principal, contact_ids)
        # A repeated operation finds what its first call did: its writes are settled and answer as they did then.
        if invoice.status == "draft" or await self._desk.begun(asked):
            await self._desk.write(asked, "POST", f"/v1/invoices/{invoice_id}/finalize", {})
            if invoice.body.get("collection_method") == "send_invoice":
                await self._desk.write(asked, "POST", f"/v1/invoices/{invoice_id}/send", {}, step="2")
            invoice = await self.get(asked.principal, invoice_id)
        elif not addresses or invoice.status == "void":
            raise Conflict(
                "invoice_not_draft",
                f"Invoice {invoice_id} is {invoice.status}; only a draft can be issued.",
                field="invoiceId",
                remedy=None if invoice.status == "void" else "Give contacts, and it is mailed to them again.",
            )
        await self._mailing.send(asked, invoice, addresses)
        return invoice

    async def pay(self, asked: Asked, invoice_id: str) -> MirrorObject:
        """Charge the buyer's default payment method for what is due.

        Raises:
            Absent: there is none; Conflict: the payment was declined, or nothing is due; Upstream: see `Desk.write`.
        """
        await self.get(asked.principal, invoice_id)
        await self._desk.write(asked, "POST", f"/v1/invoices/{invoice_id}/pay", {})
        return await self.get(asked.principal, invoice_id)

    async def void(self, asked: Asked, invoice_id: str) -> MirrorObject:
        """Cancel a finalised invoice for good.

        Raises:
            Absent: there is none; Conflict: it can't be voided any more; Upstream: see `Desk.write`.
        """
        await self.get(asked.principal, invoice_id)
        await self._desk.write(asked, "POST", f"/v1/invoices/{invoice_id}/void", {})
        return await self.get(asked.principal, invoice_id)

    async def update(
        self, asked: Asked, invoice_id: str, *, memo: str | None = None, due: datetime | None = None
    ) -> MirrorObject:
        """Change the memo (Stripe's `description`) and the due date; None leaves either as it is.

        Raises:
            Absent: there is none; Conflict: Stripe refuses, e.g. a due date on an invoice that is charged by itself.
        """
        await self.get(asked.principal, invoice_id)
        params: dict[str, Any] = {}
        if memo is not None:
            params["description"] = memo
        if due is not None:
            params["due_date"] = to_unix(due)
        if params:
            await self._desk.write(asked, "POST", f"/v1/invoices/{invoice_id}", params)
        return await self.get(asked.principal, invoice_id)
