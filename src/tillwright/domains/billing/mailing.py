"""Mailing an invoice to contacts: Stripe itself mails only the customer's own address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tillwright.domains import audit
from tillwright.domains.billing import invoice_mail
from tillwright.domains.billing.desk import Asked
from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.notifications import Notifications
from tillwright.domains.notifications.contacts.service import Contacts
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Invalid, Problem

MOST = 50


class Mailing:
    """The mails leave by the organisation's own outbox."""

    def __init__(self, *, database: Database, clock: Clock, contacts: Contacts, outbox: Notifications) -> None:
        self._database = database
        self._clock = clock
        self._contacts = contacts
        self._outbox = outbox

    async def addresses(self, principal: Principal, contact_ids: Sequence[str]) -> Mapping[str, str]:
        """The mail addresses of contacts, by their ids.

        Raises:
            Invalid: some of them don't exist (every complaint at once), or there are more than `MOST`.
        """
        if len(contact_ids) > MOST:
            raise Invalid("contacts_too_many", f"An invoice goes to at most {MOST} contacts.", field="contactIds")
        if not contact_ids:
            return {}
        found, _ = await self._contacts.query(principal, ids=list(contact_ids))
        known = {contact.id: contact.email for contact in found}
        unknown = [one for one in contact_ids if one not in known]
        if unknown:
            remedy = "List the contacts with GET contact, or create one."
            raise Invalid.many(
                [Problem("contact_absent", f"There is no contact {one[:60]}.", "contactIds", remedy) for one in unknown]
            )
        return {one: known[one] for one in contact_ids}

    async def send(self, asked: Asked, invoice: MirrorObject, addresses: Mapping[str, str]) -> None:
        """Put a mail a contact into the outbox: once an operation."""
        if not addresses:
            return
        principal, run_id = asked.principal, asked.run_id
        async with self._database.tenant(principal.organisation_id) as tx:
            for contact_id, address in addresses.items():
                await self._outbox.queue(
                    tx,
                    principal.organisation_id,
                    key=f"invoice:{run_id}:{contact_id}",
                    to=address,
                    subject=invoice_mail.subject(invoice),
                    text=invoice_mail.text(invoice),
                    html=invoice_mail.html(invoice),
                )
            await audit.record(
                tx, principal.organisation_id, principal.actor, "billing:invoice:mail", invoice.id,
                {"contactIds": list(addresses)}, self._clock.now(),
            )  # fmt: skip
