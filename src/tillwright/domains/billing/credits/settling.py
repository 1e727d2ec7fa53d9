"""Moving a credit wallet's money at Stripe until it is as it is meant to be: once each move, whoever is at it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tillwright.domains import audit
from tillwright.domains.audit import Actor
from tillwright.domains.billing import idempotency, lease_store
from tillwright.domains.billing.credits import store
from tillwright.domains.billing.credits.model import Move, Wallet, sum_of
from tillwright.domains.billing.credits.shares import Shares, replay
from tillwright.domains.billing.credits.turn import next_amount
from tillwright.domains.billing.desk import refusal
from tillwright.domains.billing.service import Effects
from tillwright.domains.integrations import Integrations
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.errors import StripeFailure
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, TillwrightError

LEASE = timedelta(minutes=3)
"""Longer than one settling can take; a process that died in one keeps the balance so long, and no longer."""
AGAIN = timedelta(minutes=2)
"""When the worker looks at a wallet whose settling did not come to its end."""
_SYSTEM = Actor("SYSTEM", "credit wallets", "Credit wallets")
_MOST_TURNS = 6  # of one settling: more would mean that somebody else moves the balance all the time


class Refused(Conflict):
    """Stripe said no to a move for good."""


@dataclass(frozen=True)
class Parts:
    """What the credit wallets are built of."""

    database: Database
    clock: Clock
    integrations: Integrations
    reader: StripeReader
    effects: Effects
    mirror: Mirror


class Settling:
    """One at a time on a customer's balance."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def settle(self, organisation_id: str, wallet_id: str) -> Wallet:
        """Do what is missing between what the wallet is meant to hold and what Stripe has.

        Raises:
            Absent: there is no such wallet, or Stripe is not connected in its mode (or Conflict).
            Refused: Stripe said no.
            Conflict: another change of the same balance is under way.
            Upstream, StripeFailure: Stripe did not take it yet, or it is not known; the worker goes on with it.
        """
        parts, holder = self._parts, ids.new("lease")
        wallet = await self._wallet(organisation_id, wallet_id)
        name, now = f"credit:{wallet.livemode}:{wallet.buyer_id}", parts.clock.now()
        async with parts.database.tenant(organisation_id) as tx:
            if not await lease_store.take(tx, organisation_id, name, holder, now, now + LEASE):
                raise Conflict(
                    "wallet_busy",
                    "Another change of this buyer's credit is under way.",
                    remedy="Ask again in a moment.",
                )
        try:
            return await self._under_lease(organisation_id, wallet_id)
        finally:
            async with parts.database.tenant(organisation_id) as tx:
                await lease_store.give_back(tx, organisation_id, name, holder)

    async def shares(self, organisation_id: str, wallet: Wallet) -> Shares:
        """How the buyer's credit is shared at Stripe at this moment; raises StripeFailure if it can't be asked."""
        if wallet.currency is None:
            return Shares()
        access = await self._access(organisation_id, wallet)
        rows: list[dict[str, Any]] = []
        async for page in self._parts.reader.pages(access, f"/v1/customers/{wallet.buyer_id}/balance_transactions"):
            rows.extend(page.items)
        async with self._parts.database.tenant(organisation_id) as tx:
            owners = await store.owners(tx, organisation_id, wallet.buyer_id)
        return replay(rows, owners, wallet.currency)

    async def step(self, limit: int = 20) -> int:
        """Settle the wallets whose time has come; returns how many came to their end."""
        settled = 0
        async with self._parts.database.open() as tx:
            organisations = await store.organisations_due(tx, self._parts.clock.now())
        for organisation_id in organisations:
            async with self._parts.database.tenant(organisation_id) as tx:
                due = await store.due(tx, organisation_id, self._parts.clock.now(), limit)
            for wallet_id in due:
                settled += await self._try(organisation_id, wallet_id)
        return settled

    async def _try(self, organisation_id: str, wallet_id: str) -> bool:
        try:
            await self.settle(organisation_id, wallet_id)
        except Refused:
            later = None  # for good, such as a deleted customer: asking for ever would not change it
        except TillwrightError:
            later = self._parts.clock.now() + AGAIN
        else:
            return True
        async with self._parts.database.tenant(organisation_id) as tx:
            await store.postpone(tx, organisation_id, wallet_id, later)
        return False

    async def _under_lease(self, organisation_id: str, wallet_id: str) -> Wallet:
        moved = False
        for _ in range(_MOST_TURNS):
            wallet = await self._wallet(organisation_id, wallet_id)
            moves = await self._moves(organisation_id, wallet_id)
            move = next((move for move in moves if move.open), None)
            if move is None:
                put = sum_of(moves)
                shares = await self.shares(organisation_id, wallet) if moves else Shares()
                left, over = shares.left.get(wallet_id, 0), shares.over.get(wallet_id, 0)
                amount = next_amount(wallet, put, left, over, self._parts.clock.now())
                if not amount:
                    settled = await self._settled(organisation_id, wallet, put, left, moved)
                    if settled is None:  # somebody meant something else meanwhile
                        continue
                    return settled
                move = await self._decide(organisation_id, wallet, len(moves) + 1, amount)
            await self._perform(organisation_id, wallet, move)
            moved = True
        raise Conflict("wallet_unsteady", "The buyer's credit changes all the time.", remedy="Ask again in a moment.")

    async def _decide(self, organisation_id: str, wallet: Wallet, number: int, amount: int) -> Move:
        effect_id = idempotency.effect_id(organisation_id, wallet.id, f"move-{number}", 1)
        move = Move(number, amount, effect_id, None)
        async with self._parts.database.tenant(organisation_id) as tx:
            await store.add_move(tx, organisation_id, wallet.id, move)
            detail = {"amount": amount, "currency": wallet.currency, "effectId": effect_id}
            now = self._parts.clock.now()
            await audit.record(tx, organisation_id, _SYSTEM, "billing:wallet:move", wallet.id, detail, now)
        return move

    async def _perform(self, organisation_id: str, wallet: Wallet, move: Move) -> None:
        result = await self._parts.effects.perform(
            organisation_id,
            run_id=wallet.id,
            step=f"move-{move.number}",
            method="POST",
            path=f"/v1/customers/{wallet.buyer_id}/balance_transactions",
            # At Stripe credit is negative. Nothing here may change between two sendings of one move.
            params={"amount": -move.amount, "currency": wallet.currency, "description": f"Credit wallet {wallet.id}"},
            livemode=wallet.livemode,
        )
        if result.state == "REFUSED":
            said = refusal(result)
            raise Refused(said.code, said.sentence, field=said.field, remedy=said.remedy)
        if result.state != "DONE":
            raise refusal(result)

    async def _settled(self, organisation_id: str, wallet: Wallet, put: int, left: int, moved: bool) -> Wallet | None:
        now = self._parts.clock.now()
        # Lowered while it was being spent: what was spent was in it.
        wanted = wallet.wanted if wallet.ended(now) else max(wallet.wanted, put)
        updated = now if moved else wallet.updated
        settled = replace(wallet, wanted=wanted, placed=put, remaining=left, updated=updated)
        async with self._parts.database.tenant(organisation_id) as tx:
            if not await store.save(tx, organisation_id, settled, settled.next_turn(now)):
                return None
        if moved:
            await self._refresh_buyer(organisation_id, settled)
        return settled

    async def _refresh_buyer(self, organisation_id: str, wallet: Wallet) -> None:
        """So that the balance in the mirror is the new one at once; the event says it too."""
        with contextlib.suppress(StripeFailure):
            access, began = await self._access(organisation_id, wallet), self._parts.clock.now()
            body = (await self._parts.reader.get(access, f"/v1/customers/{wallet.buyer_id}")).body
            copy = FetchedCopy(
                wallet.livemode, "customer", wallet.buyer_id, access.account_id, began, False,
                None if body.get("deleted") else body,
            )  # fmt: skip
            async with self._parts.database.tenant(organisation_id) as tx:
                await self._parts.mirror.keep(tx, organisation_id, [copy])

    async def _access(self, organisation_id: str, wallet: Wallet) -> Access:
        return await self._parts.integrations.access(organisation_id, livemode=wallet.livemode, why="credit wallet")

    async def _wallet(self, organisation_id: str, wallet_id: str) -> Wallet:
        async with self._parts.database.tenant(organisation_id) as tx:
            wallet = await store.find(tx, organisation_id, wallet_id)
        if wallet is None:
            raise Absent("wallet_absent", f"There is no wallet {wallet_id[:60]}.", field="walletId")
        return wallet

    async def _moves(self, organisation_id: str, wallet_id: str) -> Sequence[Move]:
        async with self._parts.database.tenant(organisation_id) as tx:
            return await store.moves(tx, organisation_id, wallet_id)
