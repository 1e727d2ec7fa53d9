"""Buyers: customers at Stripe, made, linked and changed; and the payment methods they pay with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.billing.desk import Asked, Desk
from tillwright.domains.billing.reading import Found, Reading, equal, text_of
from tillwright.domains.billing.views import BUYER, WALLET
from tillwright.domains.mirror.model import MirrorObject
from tillwright.domains.tenancy import Principal
from tillwright.kit.errors import Absent, Invalid
from tillwright.kit.query import Where

# Where Stripe's customer has no field of its own for what a buyer has, it is kept in its metadata.
CUSTOMER_ID, COMPANY, EMAIL_DOMAIN, WALLET_TYPES = "customer_id", "company_name", "email_domain", "allowed_wallet_types"
_ADDRESS = {
    "addressLine1": "line1",
    "addressLine2": "line2",
    "city": "city",
    "country": "country",
    "postalCode": "postal_code",
    "state": "state",
}


class Buyers:
    """A buyer's id is its customer's id at Stripe, a wallet's id its payment method's."""

    def __init__(self, reading: Reading, desk: Desk) -> None:
        self._reading = reading
        self._desk = desk

    async def list(self, principal: Principal, *, email_domain: str | None, limit: int, offset: int) -> Found:
        where = Where()
        if email_domain:
            domain = email_domain.lower().replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
            where = Where("lower(body->>'email') like %s", (f"%@{domain}",))
        return await self._reading.list(principal, BUYER, where, limit=limit, offset=offset)

    async def query(self, principal: Principal, q: str | None, s: str | None, *, limit: int, offset: int) -> Found:
        return await self._reading.query(principal, BUYER, q, s, limit=limit, offset=offset)

    async def get(self, principal: Principal, buyer_id: str) -> MirrorObject:
        """Raises Absent if there is none."""
        return await self._reading.get(principal, BUYER, buyer_id)

    async def create(self, asked: Asked, given: Mapping[str, Any]) -> MirrorObject:
        """Make a customer at Stripe; or, with `stripeCustomerId`, take the one that is there as the buyer.

        Args:
            given: the public API's fields: name, stripeCustomerId, customerId, companyInfo, paymentConfig.

        Raises:
            Absent: no such customer; Invalid: a field can't be set; Conflict, Upstream: see `Desk.write`.
        """
        params = customer_params(given)
        linked = given.get("stripeCustomerId")
        if linked:
            await self.get(asked.principal, linked)
            if not params:
                return await self.get(asked.principal, linked)
            await self._desk.write(asked, "POST", f"/v1/customers/{linked}", params)
            return await self.get(asked.principal, linked)
        made = await self._desk.write(asked, "POST", "/v1/customers", params)
        return await self.get(asked.principal, made["id"])

    async def update(self, asked: Asked, buyer_id: str, given: Mapping[str, Any]) -> MirrorObject:
        """Change what is given; the rest stays.

        Raises:
            Absent: no such buyer; Invalid: a field can't be set; Conflict, Upstream: see `Desk.write`.
        """
        if given.get("stripeCustomerId") not in (None, "", buyer_id):
            raise Invalid(
                "buyer_is_its_customer",
                "A buyer is its Stripe customer and can't be linked to another one.",
                field="stripeCustomerId",
                remedy="Create a buyer for the other customer.",
            )
        await self.get(asked.principal, buyer_id)
        params = customer_params(given)
        if params:
            await self._desk.write(asked, "POST", f"/v1/customers/{buyer_id}", params)
        return await self.get(asked.principal, buyer_id)

    async def wallets(self, principal: Principal, buyer_id: str) -> Found:
        """The buyer's payment methods, newest first; raises Absent if there is no such buyer."""
        await self.get(principal, buyer_id)
        where = equal(WALLET.columns, buyer_id=buyer_id)
        return await self._reading.list(principal, WALLET, where, limit=1000, offset=0)

    async def set_default_wallet(self, asked: Asked, buyer_id: str, wallet_id: str) -> MirrorObject:
        """Have the buyer's invoices charged to this payment method."""
        await self.wallet(asked.principal, buyer_id, wallet_id)
        params = {"invoice_settings": {"default_payment_method": wallet_id}}
        await self._desk.write(asked, "POST", f"/v1/customers/{buyer_id}", params)
        return await self.get(asked.principal, buyer_id)

    async def delete_wallet(self, asked: Asked, buyer_id: str, wallet_id: str) -> MirrorObject:
        """Detach a payment method: it can never be used again. Returns it as it was."""
        wallet = await self.wallet(asked.principal, buyer_id, wallet_id)
        await self._desk.write(asked, "POST", f"/v1/payment_methods/{wallet_id}/detach", {})
        return wallet

    async def wallet(self, principal: Principal, buyer_id: str, wallet_id: str) -> MirrorObject:
        """One of the buyer's payment methods; raises Absent if it is none."""
        wallet = await self._reading.get(principal, WALLET, wallet_id)
        if text_of(wallet.body, "customer") != buyer_id:
            raise Absent("wallet_absent", f"Buyer {buyer_id} has no wallet {wallet_id}.", field="walletId")
        return wallet


def customer_params(given: Mapping[str, Any]) -> dict[str, Any]:
    """The public API's fields as a customer's parameters at Stripe: pure.

    Raises:
        Invalid: a field that Stripe can't keep for us.
    """
    params: dict[str, Any] = {}
    metadata: dict[str, str] = {}
    if given.get("name") is not None:
        params["name"] = given["name"]
    if given.get("customerId") is not None:
        metadata[CUSTOMER_ID] = given["customerId"]
    company: Mapping[str, Any] = given.get("companyInfo") or {}
    address = {theirs: company[ours] for ours, theirs in _ADDRESS.items() if company.get(ours) is not None}
    if address:
        params["address"] = address
    for ours, key in (("name", COMPANY), ("emailDomain", EMAIL_DOMAIN)):
        if company.get(ours) is not None:
            metadata[key] = company[ours]
    config: Mapping[str, Any] = given.get("paymentConfig") or {}
    if config.get("currency"):
        raise Invalid(
            "currency_not_settable",
            "A customer's currency is set by Stripe with the first invoice.",
            field="paymentConfig.currency",
            remedy="Leave it out; give the currency with the invoice or price.",
        )
    if config.get("defaultWalletId"):
        params["invoice_settings"] = {"default_payment_method": config["defaultWalletId"]}
    if config.get("allowedWalletTypes") is not None:
        metadata[WALLET_TYPES] = ",".join(config["allowedWalletTypes"])
    if metadata:
        params["metadata"] = metadata
    return params
