"""Refunding a charge: one at a time, and never more than what remains of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from tillwright.domains.billing import lease_store
from tillwright.domains.billing.model import SETTLED, EffectResult
from tillwright.domains.billing.service import Effects
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


@dataclass(frozen=True)
class Verdict:
    """`amount` in minor units; 0 if nothing remains."""

    state: Literal["refund", "nothing", "refused"]
    amount: int = 0
    code: str = ""
    sentence: str = ""


class Busy(Conflict):
    """Another refund of the same charge is under way."""


def judge(charge: Mapping[str, Any], wanted: int | None) -> Verdict:
    """What can be refunded of a charge as Stripe shows it: what is wanted, at most what remains. Pure."""
    if charge.get("disputed"):
        return Verdict("refused", code="charge_disputed", sentence="The charge is disputed; the bank decides now.")
    if not charge.get("paid") or not charge.get("captured", True):
        return Verdict("refused", code="charge_not_paid", sentence="The charge was not paid; cancel it instead.")
    remains = int(charge["amount"]) - int(charge.get("amount_refunded") or 0)
    if charge.get("amount_captured") is not None:
        remains = min(remains, int(charge["amount_captured"]) - int(charge.get("amount_refunded") or 0))
    if remains <= 0:
        return Verdict("nothing", sentence="Nothing of the charge remains to be refunded.")
    return Verdict("refund", remains if wanted is None else min(wanted, remains))


class Refunds:
    """The amount is decided once, on the charge fetched under a lease, and recorded with the effect."""

    def __init__(
        self, *, database: Database, clock: Clock, integrations: Integrations, reader: StripeReader, effects: Effects
    ) -> None:
        self._database = database
        self._clock = clock
        self._integrations = integrations
        self._reader = reader
        self._effects = effects

    async def refund(
        self,
        intent: Intent,
        charge_id: str,
        *,
        amount: int | None,
        params: Mapping[str, Any],
        may_send: MaySend | None = None,
    ) -> EffectResult | Verdict:
        """Refund `amount` minor units, at most what remains; all that remains if it is None.

        Args:
            params: what else the request carries, such as `reason` and `metadata`.
            may_send: see `Effects.perform`.

        Returns:
            How the effect stands; or the verdict that there is nothing to refund.

        Raises:
            Busy: another refund of the charge is under way; try again.
            StripeFailure: the charge could not be read.
        """
        organisation_id = intent.organisation_id
        before = await self._effects.recorded(organisation_id, intent.run_id, intent.step, intent.attempt)
        if before and before.state in SETTLED:
            return before.result
        name, holder = f"charge:{charge_id}", f"{intent.run_id}:{intent.step}:{intent.attempt}"
        now = self._clock.now()
        async with self._database.tenant(organisation_id) as tx:
            if not await lease_store.take(tx, organisation_id, name, holder, now, now + LEASE):
                raise Busy("charge_busy", "Another refund of this charge is under way.", remedy="It is tried again.")
        done = await self._under_lease(intent, charge_id, before.params if before else None, amount, params, may_send)
        # While its outcome is open, nobody else may count on what remains.
        if isinstance(done, Verdict) or done.state in SETTLED:
            async with self._database.tenant(organisation_id) as tx:
                await lease_store.give_back(tx, organisation_id, name, holder)
        return done

    async def _under_lease(
        self,
        intent: Intent,
        charge_id: str,
        recorded: Mapping[str, Any] | None,
        wanted: int | None,
        params: Mapping[str, Any],
        may_send: MaySend | None,
    ) -> EffectResult | Verdict:
        if recorded:
            amount = int(recorded["amount"])
        else:
            access = await self._integrations.access(
                intent.organisation_id, livemode=intent.livemode, why=f"refund {charge_id}"
            )
            verdict = judge((await self._reader.get(access, f"/v1/charges/{charge_id}")).body, wanted)
            if verdict.state != "refund":
                return verdict
            amount = verdict.amount
        return await self._effects.perform(
            intent.organisation_id,
            run_id=intent.run_id,
            step=intent.step,
            attempt=intent.attempt,
            method="POST",
            path="/v1/refunds",
            params={**params, "charge": charge_id, "amount": amount},
            livemode=intent.livemode,
            account_id=intent.account_id,
            may_send=may_send,
        )
