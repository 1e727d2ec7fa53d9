"""Performing effects: record, send, settle; and settling those whose outcome stayed unknown."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from tillwright.domains.billing import idempotency, marking, store
from tillwright.domains.billing.model import SETTLED, Effect, EffectResult, EffectState
from tillwright.domains.billing.reconcile import Evidence, look
from tillwright.domains.billing.redaction import without_secrets
from tillwright.domains.billing.sameness import as_stored, check_account, check_same
from tillwright.domains.billing.verdict import after_failure
from tillwright.domains.integrations import Integrations
from tillwright.gateways.database import Database, Tally, Tx
from tillwright.gateways.stripe import facts
from tillwright.gateways.stripe.access import Access
from tillwright.gateways.stripe.calls import check_request
from tillwright.gateways.stripe.errors import StripeFailure
from tillwright.gateways.stripe.reader import StripeReader
from tillwright.gateways.stripe.writer import MaySend, Method, StripeWriter
from tillwright.kit.clock import Clock
from tillwright.kit.errors import Absent, Conflict

# An effect that no list shows so long after it was last sent did not happen.
QUIET = timedelta(minutes=15)


OnDone = Callable[[Tx, dict[str, Any]], Awaitable[None]]


class Effects:
    """`deadline` is how long, in seconds, one performance may spend on sending, retries included."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        integrations: Integrations,
        reader: StripeReader,
        writer: StripeWriter,
        deadline: float = 45.0,
    ) -> None:
        self._database = database
        self._clock = clock
        self._integrations = integrations
        self._reader = reader
        self._writer = writer
        self._deadline = deadline

    async def perform(
        self,
        organisation_id: str,
        *,
        run_id: str,
        step: str,
        attempt: int = 1,
        method: Method,
        path: str,
        params: Mapping[str, Any],
        livemode: bool,
        account_id: str | None = None,
        on_done: OnDone | None = None,
        may_send: MaySend | None = None,
    ) -> EffectResult:
        """Makes one write at Stripe happen at most once, however often and wherever this is called.

        The effect is recorded before it is sent and settled after. Called again it answers what is settled, and sends
        anything else under the same idempotency key; once Stripe may have forgotten the key, it looks there first.
        Sent `MOST_SENDS` times with no clear end, it stays UNKNOWN and is not sent again until that look.

        Args:
            attempt: 1, or one more for each new intent (such as another try with a declined card).
            params: Stripe's parameters, nested; money in minor units.
            account_id: the account that is meant; None if the connected one will do.
            on_done: is given the settling transaction and Stripe's whole answer, so that what it keeps commits with
                the effect or not at all. A secret Stripe shows only once is there and nowhere else: it is cut out of
                the stored answer. An answer found by looking at Stripe later has none.
            may_send: asked before each sending, retries included; where it says why not, the effect stays PENDING.

        Raises:
            Absent, Conflict: Stripe is not connected, or in the other mode, or to another account than at first.
            Conflict: the same run, step and attempt was recorded with another request.
            Invalid: a parameter uses a name that is ours.
        """
        check_request(method, path, params)
        access = await self._integrations.access(organisation_id, livemode=livemode, why=f"{method} {path}")
        check_account(account_id, access.account_id)
        now = self._clock.now()
        name = (organisation_id, run_id, step, attempt)
        fresh = self._new(name, method, path, params, access)
        async with self._database.tenant(organisation_id) as tx:
            await store.insert(tx, fresh)
            effect = await self._locked(tx, organisation_id, fresh.id)
            check_same(effect, fresh)
            if effect.state in SETTLED:
                return effect.result
            if effect.key_is_fresh(now) and effect.sent_enough:
                sentence = f"It was sent {effect.sends} times with no clear end, and is only looked for now."
                await self._stand(tx, effect, "UNKNOWN", error=_note(sentence))
                return (await self._locked(tx, organisation_id, effect.id)).result
            if effect.key_is_fresh(now):
                await store.begin_sending(tx, organisation_id, effect.id, now)
            else:
                await self._stand(tx, effect, "UNKNOWN", error=_note("Its idempotency key has expired."))
        if effect.key_is_fresh(now):
            return await self._send(access, effect, on_done, may_send)
        return await self._send_unless_done(access, effect, on_done, may_send)

    async def get(self, organisation_id: str, effect_id: str) -> Effect:
        """Raises Absent if there is none."""
        async with self._database.tenant(organisation_id) as tx:
            effect = await store.find(tx, organisation_id, effect_id)
        if effect is None:
            raise Absent("effect_absent", "There is no such effect.")
        return effect

    async def recorded(self, organisation_id: str, run_id: str, step: str, attempt: int = 1) -> Effect | None:
        """The effect under this name, if it was begun."""
        async with self._database.tenant(organisation_id) as tx:
            return await store.find(tx, organisation_id, idempotency.effect_id(organisation_id, run_id, step, attempt))

    async def account_of(self, organisation_id: str, run_id: str) -> str | None:
        """The account a run has written on; None if it has written nothing yet."""
        async with self._database.tenant(organisation_id) as tx:
            return await store.account_of(tx, organisation_id, run_id)

    async def under(self, organisation_id: str, run_id: str, step: str) -> Sequence[Effect]:
        """The effects of one step that has many, each named `step#…`, in the order they were recorded."""
        async with self._database.tenant(organisation_id) as tx:
            return await store.under(tx, organisation_id, run_id, f"{step}#")

    async def of_run(self, organisation_id: str, run_id: str) -> Sequence[Effect]:
        """A run's effects in the order they were recorded."""
        async with self._database.tenant(organisation_id) as tx:
            return await store.of_run(tx, organisation_id, run_id)

    async def settle_unknown(self, organisation_id: str, limit: int = 20) -> int:
        """Looks at Stripe for effects of unknown outcome that have been quiet for a while; returns how many it settled.

        Found is DONE. Absent from a complete list is REFUSED with the code `effect_not_done`: the intent may be meant
        anew. What Stripe's state can't tell stays UNKNOWN.
        """
        async with self._database.tenant(organisation_id) as tx:
            quiet = await store.unknown(tx, organisation_id, self._clock.now() - QUIET, limit)
        settled = 0
        for effect in quiet:
            with contextlib.suppress(StripeFailure, Conflict, Absent):  # it stays unknown, and is looked for again
                settled += (await self.look_into(effect)).state in SETTLED
        return settled

    async def look_into(self, effect: Effect) -> EffectResult:
        """Look at Stripe what became of an effect of open outcome; one that isn't there may yet come while it is young.

        Raises:
            Absent, Conflict: Stripe is not connected, or in the other mode.
            StripeFailure: Stripe could not be asked.
        """
        access = await self._integrations.access(effect.organisation_id, livemode=effect.livemode, why="reconcile")
        if access.account_id != effect.account_id:
            return effect.result
        evidence = await look(self._reader, access, effect)
        young = effect.last_sent is not None and effect.last_sent >= self._clock.now() - QUIET
        if young and evidence.found != "done":
            return effect.result
        return await self._settle_by(effect, evidence)

    async def open_refunds(self, organisation_id: str) -> Sequence[Effect]:
        """The writes that give money back and may have, with no clear end so far."""
        async with self._database.tenant(organisation_id) as tx:
            return [effect for effect in await store.open_refunds(tx, organisation_id) if effect.doubtful]

    async def made(self, effect: Effect, object_id: str) -> dict[str, Any]:
        """The object that a person says a write made or changed, as Stripe has it.

        Raises:
            Absent: there is none of this id, or the write is about another.
            StripeFailure: Stripe could not be asked.
        """
        path = effect.path
        if marking.creates(effect.method, effect.path):
            path = f"{path}/{object_id}"
        elif not facts.template_of(path).endswith("{}"):  # such as /v1/invoices/in_1/pay
            path = path.rpartition("/")[0]
        access = await self._integrations.access(
            effect.organisation_id, livemode=effect.livemode, why=f"what {effect.id} made"
        )
        body = (await self._reader.get(access, path)).body
        if body.get("id") != object_id:
            raise Absent("object_not_of_effect", f"{object_id} is not what this write is about.", field="objectId")
        return without_secrets(body)

    async def declare(
        self, tx: Tx, effect: Effect, *, done: bool, answer: Mapping[str, Any], sentence: str
    ) -> EffectResult:
        """Settle an effect of unknown outcome by a person's word, in the caller's transaction.

        Declared not done it is REFUSED with the code `effect_not_done`: the intent may be meant anew.

        Raises:
            Conflict: it is settled by now.
        """
        now = await self._locked(tx, effect.organisation_id, effect.id)
        if now.state != "UNKNOWN":
            raise Conflict("effect_settled", f"The effect is {now.state} by now.", remedy="Look at it again.")
        if done:
            await self._stand(tx, effect, "DONE", answer=dict(answer))
        else:
            await self._stand(tx, effect, "REFUSED", error=_note(sentence, "effect_not_done", unknown=False))
        return (await self._locked(tx, effect.organisation_id, effect.id)).result

    async def run_of_key(self, tx: Tx, organisation_id: str, idempotency_key: str) -> str | None:
        """The run whose write was sent under a key; None if it is none of ours."""
        return await store.run_of_key(tx, organisation_id, idempotency_key)

    async def organisations_with_unknown(self) -> Sequence[str]:
        """The organisations for which `settle_unknown` has something to look at."""
        async with self._database.open() as tx:
            return await store.organisations_with_unknown(tx)

    async def at_stake(self, tx: Tx, organisation_id: str) -> Tally:
        """What `forget` would delete."""
        return await store.held(tx, organisation_id)

    async def forget(self, tx: Tx, organisation_id: str) -> int:
        """Deletes every effect in the caller's transaction; returns how many."""
        return await store.delete_all(tx, organisation_id)

    async def _send(
        self, access: Access, effect: Effect, on_done: OnDone | None, may_send: MaySend | None
    ) -> EffectResult:
        """`effect` as it stood before this sending was noted."""
        try:
            answer = await self._writer.send(
                access, effect.method, effect.path, effect.params, effect.idempotency_key, deadline=self._deadline,
                may_send=may_send,
            )  # fmt: skip
        except StripeFailure as failure:
            return await self._failed(access, effect, failure, on_done)
        return await self._done(effect, answer.body, on_done)

    async def _failed(
        self, access: Access, effect: Effect, failure: StripeFailure, on_done: OnDone | None
    ) -> EffectResult:
        if failure.unknown and failure.facts.replayed:
            # Stripe stored its own error under this key: sending it again would only repeat it.
            with contextlib.suppress(StripeFailure):
                evidence = await look(self._reader, access, effect)
                if evidence.found == "done":
                    return await self._done(effect, evidence.answer, on_done)
        async with self._database.tenant(effect.organisation_id) as tx:
            now = await self._locked(tx, effect.organisation_id, effect.id)
            # Sent by another process meanwhile, or before with no clear end.
            doubtful = effect.doubtful or now.sends > effect.sends + 1
            state = after_failure(failure, method=effect.method, doubtful=doubtful)
            if state == "DONE":
                await self._stand(tx, effect, state, answer=_gone(effect))
            else:
                await self._stand(tx, effect, state, error=failure.record() | {"unknown": state == "UNKNOWN"})
            return (await self._locked(tx, effect.organisation_id, effect.id)).result

    async def _send_unless_done(
        self, access: Access, effect: Effect, on_done: OnDone | None, may_send: MaySend | None
    ) -> EffectResult:
        """For a key Stripe may have forgotten: sending it would be a second effect if the first took place."""
        try:
            evidence = await look(self._reader, access, effect)
        except StripeFailure as failure:
            return await self._unknown(effect, failure.record() | {"unknown": True})
        if evidence.found == "done":
            return await self._done(effect, evidence.answer, on_done)
        if evidence.found == "undecidable":
            return await self._unknown(effect, _note(evidence.why))
        async with self._database.tenant(effect.organisation_id) as tx:
            locked = await self._locked(tx, effect.organisation_id, effect.id)
            if locked.state in SETTLED:
                return locked.result
            if locked.sends != effect.sends:  # another process decided the same while we looked: leave it to that one
                return locked.result
            await store.restart_key(tx, effect.organisation_id, effect.id, self._clock.now())
        return await self._send(access, effect, on_done, may_send)

    async def _settle_by(self, effect: Effect, evidence: Evidence) -> EffectResult:
        if evidence.found == "done":
            return await self._done(effect, evidence.answer, None)
        if evidence.found == "undecidable":
            return await self._unknown(effect, _note(evidence.why))
        async with self._database.tenant(effect.organisation_id) as tx:
            now = await self._locked(tx, effect.organisation_id, effect.id)
            if now.sends == effect.sends:  # else it was sent while we looked, and what we saw is no longer true
                await self._stand(tx, effect, "REFUSED", error=_note(evidence.why, "effect_not_done", unknown=False))
            return (await self._locked(tx, effect.organisation_id, effect.id)).result

    async def _done(self, effect: Effect, answer: dict[str, Any] | None, on_done: OnDone | None) -> EffectResult:
        async with self._database.tenant(effect.organisation_id) as tx:
            now = await self._locked(tx, effect.organisation_id, effect.id)
            if now.state == "DONE":
                return now.result
            if on_done:
                await on_done(tx, answer or {})
            await self._stand(tx, effect, "DONE", answer=without_secrets(answer or {}))
            return (await self._locked(tx, effect.organisation_id, effect.id)).result

    async def _unknown(self, effect: Effect, error: dict[str, Any]) -> EffectResult:
        async with self._database.tenant(effect.organisation_id) as tx:
            await self._stand(tx, effect, "UNKNOWN", error=error)
            return (await self._locked(tx, effect.organisation_id, effect.id)).result

    async def _stand(
        self,
        tx: Tx,
        effect: Effect,
        state: EffectState,
        *,
        answer: dict[str, Any] | None = None,
        error: dict[str, Any] | None = None,
    ) -> None:
        settled = self._clock.now() if state in SETTLED else None
        await store.stand(tx, effect.organisation_id, effect.id, state, answer=answer, error=error, settled=settled)

    async def _locked(self, tx: Tx, organisation_id: str, effect_id: str) -> Effect:
        effect = await store.lock(tx, organisation_id, effect_id)
        if effect is None:
            raise Absent("effect_absent", "The effect was deleted while it was being performed.")
        return effect

    def _new(
        self,
        name: tuple[str, str, str, int],
        method: Method,
        path: str,
        params: Mapping[str, Any],
        access: Access,
    ) -> Effect:
        effect_id = idempotency.effect_id(*name)
        return Effect(
            id=effect_id,
            organisation_id=name[0],
            run_id=name[1],
            step=name[2],
            attempt=name[3],
            idempotency_key=idempotency.key(*name),
            livemode=access.livemode,
            account_id=access.account_id or "",
            method=method,
            path=path,
            params=as_stored(marking.marked(method, path, params, effect_id)),
            state="PENDING",
            sends=0,
            first_sent=None,
            last_sent=None,
            answer=None,
            error=None,
            created=self._clock.now(),
            settled=None,
        )


def _gone(effect: Effect) -> dict[str, Any]:
    return {"id": effect.path.rsplit("/", 1)[1], "deleted": True}


def _note(sentence: str, code: str = "effect_unknown", *, unknown: bool = True) -> dict[str, Any]:
    return {"code": code, "sentence": sentence, "remedy": None, "unknown": unknown}
