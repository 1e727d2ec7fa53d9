"""One write at Stripe that a person or a program asked for: as an effect, with an audit entry, shown at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tillwright.domains import audit
from tillwright.domains.billing.model import EffectResult
from tillwright.domains.billing.refunds import Busy, Intent, Refunds
from tillwright.domains.billing.remainder import Verdict
from tillwright.domains.billing.service import OnDone
from tillwright.domains.integrations import Integration, Integrations
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database, Tx
from tillwright.gateways.stripe.writer import Method
from tillwright.kit import ids
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict, Upstream

_TURNS, _TURN = 40, 0.25
"""How often, and how many seconds apart, a refund asks whether another of the same charge is over."""


@dataclass(frozen=True)
class Asked:
    """Who asks for what. The same `operation` again is the same intent: it never takes effect twice.

    `what` is `thing:action`, for the audit trail; without an `operation` each call is an intent of its own.
    """

    principal: Principal
    what: str
    operation: str | None = None

    @property
    def run_id(self) -> str:
        if self.operation is None:
            return ids.new("op")
        return f"op_{ids.digest('operation', self.principal.actor_id, self.what, self.operation)}"


class Desk:
    """Where the verbs of buyers, invoices and payments hand in their writes."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        integrations: Integrations,
        refunds: Refunds,
        mirror: Mirror,
    ) -> None:
        self._database = database
        self._clock = clock
        self._integrations = integrations
        self._effects = refunds.effects
        self._refunds = refunds
        self._mirror = mirror

    async def write(
        self, asked: Asked, method: Method, path: str, params: Mapping[str, Any], *, step: str = "1"
    ) -> dict[str, Any]:
        """Stripe's answer, which is in the mirror when this returns.

        Args:
            step: tells the writes of one operation apart.

        Raises:
            Denied: the caller's role may not write.
            Absent: Stripe is not connected, or has no such object.
            Conflict: Stripe refused, and says why.
            Upstream: Stripe did not take it yet, or it is not known whether it did: ask again as the same operation.
        """
        principal = asked.principal
        principal.require("billing:write")
        integration = await self._integrations.of(principal.organisation_id)
        kept: dict[str, Any] = {}
        result = await self._effects.perform(
            principal.organisation_id,
            run_id=asked.run_id,
            step=step,
            method=method,
            path=path,
            params=params,
            livemode=integration.livemode,
            on_done=self._keeping(integration, kept),
        )
        return await self._ended(asked, method, path, result, kept)

    async def refund(self, asked: Asked, charge_id: str, amount: int) -> dict[str, Any] | Verdict:
        """Give back `amount` minor units of a charge, all of it or nothing; Stripe's refund as in `write`.

        Returns:
            The refund; or the verdict why nothing was sent.

        Raises:
            Busy: another refund of the charge is under way for too long; and what `write` raises.
        """
        principal = asked.principal
        principal.require("billing:write")
        integration = await self._integrations.of(principal.organisation_id)
        kept: dict[str, Any] = {}
        intent = Intent(principal.organisation_id, asked.run_id, "1", 1, integration.livemode)
        turn = 1
        while True:
            try:
                done = await self._refunds.refund(
                    intent, charge_id, amount=amount, params={}, exact=True, on_done=self._keeping(integration, kept)
                )
                break
            except Busy as busy:
                if busy.code != "charge_busy" or turn == _TURNS:
                    raise
            turn += 1
            await self._clock.sleep(_TURN)
        if isinstance(done, Verdict):
            return done
        return await self._ended(asked, "POST", "/v1/refunds", done, kept)

    async def begun(self, asked: Asked) -> bool:
        """Whether this very operation was begun before, so that it is to be ended and not judged anew."""
        organisation_id = asked.principal.organisation_id
        return asked.operation is not None and bool(await self._effects.recorded(organisation_id, asked.run_id, "1"))

    def _keeping(self, integration: Integration, kept: dict[str, Any]) -> OnDone:
        """Puts Stripe's answer into the mirror, and into `kept`."""
        began = self._clock.now()

        async def on_done(tx: Tx, answer: dict[str, Any]) -> None:
            kept.update(answer)
            copy = copy_of(answer, integration, began)
            if copy is not None:
                await self._mirror.keep(tx, integration.organisation_id, [copy])

        return on_done

    async def _ended(
        self, asked: Asked, method: Method, path: str, result: EffectResult, kept: dict[str, Any]
    ) -> dict[str, Any]:
        await self._note(asked, method, path, result)
        if result.state != "DONE":
            raise refusal(result)
        return kept or dict(result.answer or {})

    async def _note(self, asked: Asked, method: Method, path: str, result: EffectResult) -> None:
        detail = {"request": f"{method} {path}", "state": result.state, "effectId": result.effect_id}
        principal = asked.principal
        async with self._database.tenant(principal.organisation_id) as tx:
            await audit.record(
                tx,
                principal.organisation_id,
                principal.actor,
                f"billing:{asked.what}",
                str((result.answer or {}).get("id") or path.rsplit("/", 1)[-1]),
                detail,
                self._clock.now(),
            )


def copy_of(answer: Mapping[str, Any], integration: Integration, began: datetime) -> FetchedCopy | None:
    """The answer for the mirror, if it is an object that the mirror can hold."""
    object_type, object_id = answer.get("object"), answer.get("id")
    if not isinstance(object_type, str) or not isinstance(object_id, str):
        return None
    body = None if answer.get("deleted") is True else dict(answer)
    return FetchedCopy(integration.livemode, object_type, object_id, integration.account_id, began, False, body)


def refusal(result: EffectResult) -> Absent | Conflict | Upstream:
    """What to tell a person of a write that did not take place, or not surely."""
    error = result.error or {}
    sentence, remedy = error.get("sentence") or "Stripe refused.", error.get("remedy")
    said: dict[str, Any] = error.get("stripe") or {}
    if result.state == "REFUSED":
        if said.get("status") == 404:
            return Absent(error.get("code", "stripe_refused"), sentence, remedy=remedy)
        return Conflict(error.get("code", "stripe_refused"), sentence, field=said.get("param"), remedy=remedy)
    if result.state == "PENDING":
        return Upstream("stripe_busy", f"Nothing happened yet: {sentence}", remedy="Ask again in a moment.")
    return Upstream(
        "outcome_unknown",
        f"Whether Stripe did it is not known: {sentence}",
        remedy="Ask again with the same Idempotency-Key: it is looked up at Stripe and never done twice.",
    )
