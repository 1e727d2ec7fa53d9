"""A buyer's wallets over HTTP: payment methods at Stripe, and credit on the buyer's balance there."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from tillwright.domains.billing import Asked
from tillwright.domains.billing.credits.model import is_credit
from tillwright.domains.billing.credits.service import Terms
from tillwright.doors.api import wallet_shapes as shapes
from tillwright.doors.api.buyer_shapes import BuyerEntity, buyer
from tillwright.doors.api.callers import Caller, Operation, TheHouse
from tillwright.doors.api.wallet_shapes import WalletEntity
from tillwright.kit.errors import Conflict

router = APIRouter(tags=["Buyers"])
_WALLETS = "/buyer/{buyerId}/wallet"
_WALLET = _WALLETS + "/{walletId}"
_TERMS: dict[str, JsonValue] = {
    "name": "Prepaid 2027",
    "currency": "EUR",
    "totalAmount": 250,
    "expireTime": "2028-01-15T12:00:00Z",
}
_CHANGE: dict[str, JsonValue] = {"expireTime": "2028-06-30T12:00:00Z"}


class CreditTerms(BaseModel):
    """What is left out stays, or is empty in a new wallet. `totalAmount` counts what is spent already."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TERMS]})

    name: str | None = Field(default=None, min_length=1, max_length=200)
    currency: str | None = Field(default=None, pattern="^[A-Za-z]{3}$", description="The buyer's, if left out.")
    totalAmount: Decimal | None = Field(default=None, ge=0, le=10**12, description="Major units.")  # noqa: N815
    startTime: AwareDatetime | None = None  # noqa: N815
    expireTime: AwareDatetime | None = None  # noqa: N815

    def terms(self) -> Terms:
        return Terms(
            name=self.name,
            currency=self.currency.lower() if self.currency else None,
            total=self.totalAmount,
            starts=self.startTime,
            expires=self.expireTime,
        )


@router.get(_WALLETS, summary="List a buyer's wallets", operation_id="listBuyerWallets")
async def list_buyer_wallets(caller: Caller, house: TheHouse, buyerId: str) -> list[WalletEntity]:  # noqa: N803
    """Newest first: payment methods, and credit wallets with what Stripe says is spent of them."""
    found, now = await house.buyers.wallets(caller, buyerId), house.clock.now()
    shown = [shapes.payment_method(caller.organisation_id, row, now) for row in found.rows]
    shown += [shapes.credit(caller.organisation_id, w, now) for w in await house.credits.of_buyer(caller, buyerId)]
    return sorted(shown, key=lambda wallet: wallet.creationTime or _FIRST, reverse=True)


@router.post(_WALLETS, summary="Create a credit wallet", operation_id="createCreditWallet")
async def create_credit_wallet(
    caller: Caller,
    house: TheHouse,
    operation: Operation,
    buyerId: str,  # noqa: N803
    body: Annotated[CreditTerms | None, Body(examples=[_TERMS])] = None,
) -> WalletEntity:
    """Puts the total on the buyer's balance at Stripe, at once or when it starts. Needs the role EDITOR.

    Without a body the wallet is empty: its total and times can be set later.
    """
    asked = Asked(caller, "wallet:create", operation)
    wallet = await house.credits.create(asked, buyerId, (body or CreditTerms()).terms())
    return shapes.credit(caller.organisation_id, wallet, house.clock.now())


@router.patch(_WALLET, summary="Change a credit wallet", operation_id="updateCreditWallet")
async def update_credit_wallet(
    caller: Caller,
    house: TheHouse,
    operation: Operation,
    buyerId: str,  # noqa: N803
    walletId: str,  # noqa: N803
    body: Annotated[CreditTerms | None, Body(examples=[_CHANGE])] = None,
) -> WalletEntity:
    """Moves the difference at Stripe; never takes back what is spent already. Needs the role EDITOR."""
    if not is_credit(walletId):
        caller.require("billing:write")
        await house.buyers.wallet(caller, buyerId, walletId)
        raise Conflict(
            "wallet_not_credit",
            "A payment method can't be changed here.",
            field="walletId",
            remedy="Change it at Stripe; it can be made the default, closed or deleted here.",
        )
    asked = Asked(caller, "wallet:update", operation)
    wallet = await house.credits.update(asked, buyerId, walletId, (body or CreditTerms()).terms())
    return shapes.credit(caller.organisation_id, wallet, house.clock.now())


@router.patch(_WALLET + "/close", summary="Close a wallet", operation_id="closeCreditWallet")
async def close_credit_wallet(
    caller: Caller,
    house: TheHouse,
    operation: Operation,
    buyerId: str,  # noqa: N803
    walletId: str,  # noqa: N803
) -> WalletEntity:
    """Takes back the credit that is not spent; a payment method is detached. For good. Needs the role EDITOR."""
    asked, now = Asked(caller, "wallet:close", operation), house.clock.now()
    if is_credit(walletId):
        return shapes.credit(caller.organisation_id, await house.credits.close(asked, buyerId, walletId), now)
    method = await house.buyers.delete_wallet(asked, buyerId, walletId)
    return shapes.payment_method(caller.organisation_id, method, now, closed=True)


@router.delete(_WALLET, summary="Delete a wallet", operation_id="deleteBuyerWallet")
async def delete_buyer_wallet(
    caller: Caller,
    house: TheHouse,
    operation: Operation,
    buyerId: str,  # noqa: N803
    walletId: str,  # noqa: N803
) -> str:
    """As closing it, and it is listed no more. Needs the role EDITOR."""
    asked = Asked(caller, "wallet:delete", operation)
    if is_credit(walletId):
        await house.credits.close(asked, buyerId, walletId, delete=True)
    else:
        await house.buyers.delete_wallet(asked, buyerId, walletId)
    return ""


@router.patch(_WALLET + "/default", summary="Set the default wallet", operation_id="setBuyerDefaultWallet")
async def set_buyer_default_wallet(
    caller: Caller,
    house: TheHouse,
    operation: Operation,
    buyerId: str,  # noqa: N803
    walletId: str,  # noqa: N803
) -> BuyerEntity:
    """Has the buyer's invoices charged to this payment method. Needs the role EDITOR."""
    if is_credit(walletId):
        await house.credits.find(caller, buyerId, walletId)
        raise Conflict(
            "wallet_is_credit",
            "Credit is spent before any payment method is charged; it needs not be the default.",
            field="walletId",
        )
    row = await house.buyers.set_default_wallet(Asked(caller, "wallet:default", operation), buyerId, walletId)
    return buyer(caller.organisation_id, row)


_FIRST = datetime.fromisoformat("1970-01-01T00:00:00Z")
