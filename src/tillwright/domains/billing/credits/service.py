"""The verbs of credit wallets: what each is meant to hold is written first, and then moved at Stripe."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from tillwright.domains import audit
from tillwright.domains.billing.credits import store
from tillwright.domains.billing.credits.model import PREFIX, Wallet
from tillwright.domains.billing.credits.settling import AGAIN, Parts, Refused, Settling
from tillwright.domains.billing.desk import Asked
from tillwright.domains.billing.reading import Reading
from tillwright.domains.billing.views import BUYER
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Tally, Tx
from tillwright.gateways.stripe.errors import StripeFailure
from tillwright.kit import ids, money
from tillwright.kit.errors import Absent, Conflict, Invalid

LARGEST = 99_999_999
"""Minor units; Stripe takes amounts of at most eight digits."""


@dataclass(frozen=True)
class Terms:
    """What may be said of a wallet; None leaves it as it is. `total` in major units, `currency` as Stripe writes it."""

    name: str | None = None
    currency: str | None = None
    total: Decimal | None = None
    starts: datetime | None = None
    expires: datetime | None = None


class Credits:
    """A buyer may have several; what a buyer owes is paid from the oldest credit first."""

    def __init__(self, parts: Parts, reading: Reading) -> None:
        self._parts = parts
        self._reading = reading
        self.settling = Settling(parts)

    async def of_buyer(self, principal: Principal, buyer_id: str) -> Sequence[Wallet]:
        """Newest first, without the deleted; what remains is asked of Stripe, or as last seen if it is silent."""
        livemode = await self._reading.livemode(principal)
        async with self._parts.database.tenant(principal.organisation_id) as tx:
            wallets = await store.of_buyer(tx, principal.organisation_id, buyer_id, livemode)
        shown = [wallet for wallet in wallets if wallet.state != "DELETED"]
        for currency in {wallet.currency for wallet in shown if wallet.currency}:
            one = next(wallet for wallet in shown if wallet.currency == currency)
            with contextlib.suppress(StripeFailure):
                left = (await self.settling.shares(principal.organisation_id, one)).left
                shown = [replace(w, remaining=left.get(w.id, 0)) if w.currency == currency else w for w in shown]
        return shown

    async def create(self, asked: Asked, buyer_id: str, terms: Terms) -> Wallet:
        """A wallet of a buyer; with a total, that credit is put on the buyer's balance at Stripe when it starts.

        The same operation again answers the wallet that its first call made.

        Raises:
            Absent: there is no such buyer; Invalid: the terms are no terms;
            Conflict: Stripe refuses, such as a second currency; Upstream: see `Settling.settle`.
        """
        principal, now = asked.principal, self._parts.clock.now()
        principal.require("billing:write")
        buyer = await self._reading.get(principal, BUYER, buyer_id)
        organisation_id = principal.organisation_id
        fresh = Wallet(
            id=PREFIX + ids.digest("credit wallet", organisation_id, buyer_id, asked.run_id),
            livemode=buyer.livemode,
            buyer_id=buyer_id,
            name=terms.name or "Credit",
            currency=terms.currency or buyer.body.get("currency"),
            wanted=0, placed=0, remaining=0, starts=terms.starts, expires=terms.expires, state="OPEN", closed=None,
            created=now, updated=now,
        )  # fmt: skip
        fresh = replace(fresh, wanted=_minor(terms.total, fresh.currency))
        _check_times(fresh)
        async with self._parts.database.tenant(organisation_id) as tx:
            added = await store.add(tx, organisation_id, fresh, now + AGAIN)
            if added:
                await self._note(tx, asked, fresh)
        try:
            return await self.settling.settle(organisation_id, fresh.id)
        except Refused:
            if added:
                async with self._parts.database.tenant(organisation_id) as tx:
                    await store.remove(tx, organisation_id, fresh.id)
            raise

    async def update(self, asked: Asked, buyer_id: str, wallet_id: str, terms: Terms) -> Wallet:
        """Change what is given. A lower total takes credit back, never what is spent already.

        Raises:
            Absent: the buyer has no such wallet; Conflict: it is closed, or Stripe refuses; Invalid, Upstream.
        """
        before = await self._open(asked.principal, buyer_id, wallet_id)
        if before.currency and terms.currency not in (None, before.currency):
            raise Invalid(
                "currency_fixed", f"This wallet is in {before.currency.upper()}.", field="currency",
                remedy="Create another wallet for another currency.",
            )  # fmt: skip
        after = replace(
            before,
            name=terms.name or before.name,
            currency=before.currency or terms.currency,
            starts=terms.starts or before.starts,
            expires=terms.expires or before.expires,
            updated=self._parts.clock.now(),
        )
        if terms.total is not None:
            if after.currency is None:
                buyer = await self._reading.get(asked.principal, BUYER, buyer_id)
                after = replace(after, currency=buyer.body.get("currency"))
            after = replace(after, wanted=_minor(terms.total, after.currency))
            await self._check_spent(asked.principal.organisation_id, before, after)
        _check_times(after)
        return await self._become(asked, before, after)

    async def close(self, asked: Asked, buyer_id: str, wallet_id: str, *, delete: bool = False) -> Wallet:
        """Take back what is not spent; for good. A deleted wallet is listed no more. Closing twice changes nothing.

        Raises:
            Absent: the buyer has no such wallet; Conflict: Stripe refuses; Upstream: see `Settling.settle`.
        """
        before = await self.find(asked.principal, buyer_id, wallet_id)
        if before.state == "CLOSED" and not delete:
            return await self.settling.settle(asked.principal.organisation_id, wallet_id)
        now = self._parts.clock.now()
        state = "DELETED" if delete else "CLOSED"
        return await self._become(asked, before, replace(before, state=state, closed=before.closed or now, updated=now))

    async def _become(self, asked: Asked, before: Wallet, after: Wallet) -> Wallet:
        organisation_id = asked.principal.organisation_id
        due = self._parts.clock.now() + AGAIN  # if this process dies now, the worker goes on from there
        async with self._parts.database.tenant(organisation_id) as tx:
            if not await store.save(tx, organisation_id, after, due):
                raise Conflict(
                    "wallet_changed", "Somebody changed this wallet just now.", remedy="Look at it and ask again."
                )
            await self._note(tx, asked, after)
        try:
            return await self.settling.settle(organisation_id, after.id)
        except Refused:
            undone = replace(before, version=after.version + 1)
            async with self._parts.database.tenant(organisation_id) as tx:
                await store.save(tx, organisation_id, undone, before.next_turn(self._parts.clock.now()))
            raise

    async def at_stake(self, tx: Tx, organisation_id: str) -> Tally:
        """What `forget` would erase."""
        return await store.held(tx, organisation_id)

    async def forget(self, tx: Tx, organisation_id: str) -> int:
        """Erase the records in the caller's transaction; the credit on the balances at Stripe stays the buyers'."""
        return await store.forget(tx, organisation_id)

    async def _check_spent(self, organisation_id: str, before: Wallet, after: Wallet) -> None:
        if after.wanted >= before.placed:
            return
        left = (await self.settling.shares(organisation_id, before)).left.get(before.id, 0)
        spent = before.placed - left
        if after.wanted < spent and after.currency:
            raise Invalid(
                "total_below_spent",
                f"{money.show(spent, after.currency)} of this wallet are spent already.",
                field="totalAmount",
                remedy=f"Set at least {money.to_major(spent, after.currency)}.",
            )

    async def _open(self, principal: Principal, buyer_id: str, wallet_id: str) -> Wallet:
        wallet = await self.find(principal, buyer_id, wallet_id)
        if wallet.state != "OPEN":
            raise Conflict("wallet_closed", f"Wallet {wallet_id} is closed for good.", remedy="Create another one.")
        return wallet

    async def find(self, principal: Principal, buyer_id: str, wallet_id: str) -> Wallet:
        """One of the buyer's, for somebody who may change it; raises Absent if it is none, or deleted."""
        principal.require("billing:write")
        livemode = await self._reading.livemode(principal)
        async with self._parts.database.tenant(principal.organisation_id) as tx:
            wallet = await store.find(tx, principal.organisation_id, wallet_id)
        if wallet is None or (wallet.buyer_id, wallet.livemode) != (buyer_id, livemode) or wallet.state == "DELETED":
            raise Absent("wallet_absent", f"Buyer {buyer_id} has no wallet {wallet_id[:60]}.", field="walletId")
        return wallet

    async def _note(self, tx: Tx, asked: Asked, wallet: Wallet) -> None:
        principal = asked.principal
        detail = {
            "buyerId": wallet.buyer_id,
            "total": wallet.wanted,
            "currency": wallet.currency,
            "starts": wallet.starts and wallet.starts.isoformat(),
            "expires": wallet.expires and wallet.expires.isoformat(),
        }
        await audit.record(
            tx,
            principal.organisation_id,
            principal.actor,
            f"billing:{asked.what}",
            wallet.id,
            detail,
            self._parts.clock.now(),
        )


def _minor(total: Decimal | None, currency: str | None) -> int:
    if not total:
        return 0
    if currency is None:
        raise Invalid(
            "currency_missing", "This buyer has no currency yet.", field="currency", remedy="Give one, such as eur."
        )
    try:
        minor = money.to_minor(total, currency)
    except ValueError:
        minor = -1
    if not 0 <= minor <= LARGEST:
        raise Invalid(
            "amount_invalid",
            f"{total} {currency.upper()} is no total of a wallet.",
            field="totalAmount",
            remedy=f"Give major units up to {money.show(LARGEST, currency)} and "
            f"at most {money.exponent(currency)} decimals.",
        )
    return minor


def _check_times(wallet: Wallet) -> None:
    if wallet.starts and wallet.expires and wallet.expires <= wallet.starts:
        raise Invalid(
            "wallet_times", "A wallet can't expire before it starts.", field="expireTime",
            remedy="Give an expireTime after the startTime.",
        )  # fmt: skip
