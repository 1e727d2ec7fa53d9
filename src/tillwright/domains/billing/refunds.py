"""Refunding a charge: one at a time, and never more than what remains of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tillwright.domains.billing import lease_store
from tillwright.domains.billing.model import SETTLED, Effect, EffectResult
from tillwright.domains.billing.reading import text_of
from tillwright.domains.billing.remainder import (
    Taking,
    Verdict,
    given_back,
    judge,
    partly_captured,
    promised,
    taking,
)
from tillwright.domains.billing.service import Effects, OnDone
from tillwright.domains.integrations import Integrations
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.gateways.stripe.writer import MaySend
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Conflict

LEASE = timedelta(minutes=3)
"""Longer than one refund can take; a worker that died in one keeps the charge so long, and no longer."""


@dataclass(frozen=True)
class Intent:
    """Whose refund it is: with it one refund is meant, however often it is performed."""

    organisation_id: str
    run_id: str
    step: str
    attempt: int
    livemode: bool
    account_id: str | None = None
    """The account that is meant; None if the connected one will do."""


class Busy(Conflict):
    """Another refund of the same charge is under way, or it is not known yet what became of one."""


@dataclass(frozen=True)
class _Wish:
    """`exact`: the request is sent with these very parameters, or not at all."""

    intent: Intent
    charge: str
    amount: int | None
    params: Mapping[str, Any]
    exact: bool
    path: str = "/v1/refunds"
    may_send: MaySend | None = None
    on_done: OnDone | None = None

    @property
    def lease(self) -> tuple[str, str]:
        """Its name, and who we are to it."""
        intent = self.intent
        return f"charge:{self.charge}", f"{intent.run_id}:{intent.step}:{intent.attempt}"


class Refunds:
    """The amount is decided once, on the charge fetched under a lease, and recorded with the effect.

    Nothing above what remains is ever sent, whoever asks at the same time: who holds the lease reads what remains and
    records what it takes; a taking whose outcome is open counts as taken for everybody else, also when its lease is
    over; and who has lost the lease does not send.
    """

    def __init__(
        self, *, database: Database, clock: Clock, integrations: Integrations, reader: StripeReader, effects: Effects
    ) -> None:
        self._database = database
        self._clock = clock
        self._integrations = integrations
        self._reader = reader
        self.effects = effects

    async def refund(
        self,
        intent: Intent,
        charge_id: str,
        *,
        amount: int | None,
        params: Mapping[str, Any],
        exact: bool = False,
        may_send: MaySend | None = None,
        on_done: OnDone | None = None,
    ) -> EffectResult | Verdict:
        """Refund `amount` minor units, at most what remains; all that remains if it is None.

        Args:
            params: what else the request carries, such as `reason` and `metadata`.
            exact: refund all of `amount` or nothing.
            may_send, on_done: see `Effects.perform`.

        Returns:
            How the effect stands; or the verdict why nothing was sent.

        Raises:
            Busy: another refund of the charge is under way; try again.
            Conflict: with `exact`, the same intent was recorded with another amount.
            StripeFailure: the charge could not be read.
        """
        return await self._one_at_a_time(
            _Wish(intent, charge_id, amount, params, exact, may_send=may_send, on_done=on_done)
        )

    async def send(
        self, intent: Intent, path: str, params: Mapping[str, Any], *, may_send: MaySend | None = None
    ) -> EffectResult | Verdict:
        """A refund in the caller's own words (see `taking`): the request as it is, or nothing.

        Returns, Raises: as `refund` does.
        """
        asked = taking(path, params)
        assert asked is not None  # whoever sends another write performs an effect
        charge = asked.charge or await self.charge_of(intent, asked.payment_intent)
        if not charge:
            return Verdict("refused", code="payment_not_charged", sentence="There is no charge to refund.")
        return await self._one_at_a_time(_Wish(intent, charge, asked.amount, params, True, path, may_send))

    async def charge_of(self, intent: Intent, payment_intent: str) -> str:
        """The latest charge of a payment intent; empty where there is none.

        Raises:
            StripeFailure: it could not be read.
        """
        if not payment_intent:
            return ""
        body = await self._read(intent, f"/v1/payment_intents/{payment_intent}")
        return text_of(body, "latest_charge")

    async def _one_at_a_time(self, wish: _Wish) -> EffectResult | Verdict:
        intent, (name, holder) = wish.intent, wish.lease
        before = await self.effects.recorded(intent.organisation_id, intent.run_id, intent.step, intent.attempt)
        if before and wish.exact and _amount(before) != wish.amount:
            raise Conflict(
                "effect_changed",
                "This step was recorded with another amount before.",
                remedy="A new intent takes the next attempt, or an Idempotency-Key of its own.",
            )
        if before and before.state in SETTLED:
            return before.result
        now = self._clock.now()
        async with self._database.tenant(intent.organisation_id) as tx:
            mine = await lease_store.take(tx, intent.organisation_id, name, holder, now, now + LEASE)
        if not mine:
            raise Busy("charge_busy", "Another refund of this charge is under way.", remedy="Try again in a moment.")
        done = await self._under_lease(wish, before)
        # While its outcome is open, nobody else need look at what remains.
        if isinstance(done, Verdict) or done.state != "UNKNOWN":
            async with self._database.tenant(intent.organisation_id) as tx:
                await lease_store.give_back(tx, intent.organisation_id, name, holder)
        if isinstance(done, Verdict) and done.state == "busy":
            raise Busy("refund_open", done.sentence, remedy="It is looked up at Stripe; try again in some minutes.")
        return done

    async def _under_lease(self, wish: _Wish, before: Effect | None) -> EffectResult | Verdict:
        if before and before.doubtful:
            # It may be on its way: it was counted by everybody since, and is sent again as it was.
            amount = _amount(before)
        else:
            recorded = replace(wish, amount=_amount(before), exact=True) if before else wish
            verdict = await self._judged(recorded)
            if verdict.state != "refund":
                return verdict
            amount = verdict.amount
        intent = wish.intent

        async def may_send() -> str | None:
            async with self._database.tenant(intent.organisation_id) as tx:
                ends = self._clock.now() + LEASE
                mine = await lease_store.keep(tx, intent.organisation_id, *wish.lease, ends)
            if not mine:
                return "Another refund of this charge began meanwhile."
            return await wish.may_send() if wish.may_send else None

        return await self.effects.perform(
            intent.organisation_id,
            run_id=intent.run_id,
            step=intent.step,
            attempt=intent.attempt,
            method="POST",
            path=wish.path,
            params=wish.params if _worded(wish) else {**wish.params, "charge": wish.charge, "amount": amount},
            livemode=intent.livemode,
            account_id=intent.account_id,
            on_done=wish.on_done,
            may_send=may_send,
        )

    async def _judged(self, wish: _Wish) -> Verdict:
        """By what is open of others first: what became of it shows on the charge that is read after."""
        intent = wish.intent
        mine = (intent.run_id, intent.step, intent.attempt)
        others = [
            effect
            for effect in await self.effects.open_refunds(intent.organisation_id)
            if (effect.run_id, effect.step, effect.attempt) != mine
        ]
        still: list[Effect] = []
        if others:
            charge = await self._read(intent, f"/v1/charges/{wish.charge}")
            for effect in others:
                if promised(charge, [effect]) and (await self.effects.look_into(effect)).state not in SETTLED:
                    still.append(effect)
        charge = await self._read(intent, f"/v1/charges/{wish.charge}")
        given = await self._given(intent, wish.charge) if partly_captured(charge) else None
        return judge(charge, wish.amount, exact=wish.exact, promised=promised(charge, still), given=given)

    async def _given(self, intent: Intent, charge: str) -> int:
        access = await self._integrations.access(
            intent.organisation_id, livemode=intent.livemode, why=f"refunds of {charge}"
        )
        return given_back([row async for page in self._reader.pages(access, "/v1/refunds", {"charge": charge})
                           for row in page.items])  # fmt: skip

    async def _read(self, intent: Intent, path: str) -> Mapping[str, Any]:
        access = await self._integrations.access(intent.organisation_id, livemode=intent.livemode, why=f"refund {path}")
        return (await self._reader.get(access, path)).body


def _amount(effect: Effect) -> int | None:
    asked: Taking | None = taking(effect.path, effect.params)
    return asked.amount if asked else None


def _worded(wish: _Wish) -> bool:
    """Whether the request names its charge in words of its own."""
    asked = taking(wish.path, wish.params)
    return asked is not None and bool(asked.charge or asked.payment_intent)
