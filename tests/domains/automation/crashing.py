"""Every kind of step as a small workflow of its own, and a run of it in which the process dies where it is told to."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.domains.automation.stage import Crash, KeptSteps, Stage
from tillwright.domains import events
from tillwright.domains.automation.interpreter import PARKED
from tillwright.domains.automation.model import ApprovalState, RunState

EVENT = "trial:{name}:happened"
NOTE = "{id: after, action: note, with: {text: 'Number ${object.n}'}}"
COUPON = "{id: made, action: create_coupon, with: {percent_off: 5}}"
KINDS = {
    "if": f"- {{id: check, if: object.n > 0, then: [{COUPON}]}}",
    "switch": f"- {{id: which, switch: object.word, cases: {{yes_: [{NOTE}]}}}}",
    "for_each": f"- {{id: each, for_each: '[1, 2]', steps: [{COUPON}]}}",
    "for_each at once": f"""
- id: each
  for_each: '[1, 2]'
  at_once: 2
  steps:
    - {COUPON}
    - {{id: nap, wait: {{for: 1h}}, when: index == 0}}""",
    "wait for seconds": f"- {{id: nap, wait: {{for: 10s}}}}\n- {NOTE}",
    "wait for hours": f"- {{id: nap, wait: {{for: 3h}}}}\n- {COUPON}",
    "wait until": f"- {{id: nap, wait: {{until: object.later}}}}\n- {NOTE}",
    "wait for an event": (
        "- {id: heard, wait: {event: 'trial:answer:came', match: arrived.object.n == object.n, at_most: 2d}}\n"
        f"- {NOTE}"
    ),
    "approval": f"- {{id: ask, approval: {{ask: 'May I?'}}}}\n- {NOTE}",
    "approval of an action": (
        "- {id: made, action: create_coupon, with: {percent_off: 5}, approval: {role: ADMIN, within: 1d, ask: 'Yes?'}}"
    ),
    "stop": f"- {{id: s, stop: Enough.}}\n- {NOTE}",
    "call": f"- {{id: go, call: called}}\n- {NOTE}",
    "values": f"- {{id: v, action: set_values, with: {{values: {{n: '${{object.n}}'}}}}}}\n- {NOTE}",
    "skipped and refused": (
        "- {id: no, action: create_coupon, with: {percent_off: 5}, when: object.n < 0}\n"
        "- {id: bad, action: update_coupon, with: {coupon: none_such, name: x}, on_failure: continue}\n"
        "- {id: worse, action: set_values, with: {values: {n: '${object.absent.field}'}}, on_failure: continue}\n"
        f"- {COUPON}"
    ),
    "stripe": f"- {COUPON}\n- {{id: code, action: create_promotion_code, with: {{coupon: '${{steps.made.id}}'}}}}",
    "stripe, fetched first": f"- {COUPON}",
    "stripe, declined and meant anew": (
        "- {id: pay, action: pay_invoice, with: {invoice: '${object.invoice}'}, retry: {times: 1, wait: 5s}, "
        "on_failure: continue}"
    ),
    "stripe_read": f"- {{id: who, action: get_customer, with: {{customer: '${{object.customer}}'}}}}\n- {NOTE}",
    "mail": "- {id: mail, action: send_mail, with: {to: a@example.com, subject: x, text: y}}",
    "refund": "- {id: back, action: refund_payment, with: {charge: '${object.charge}', amount: 1}}",
    "promotion_codes": "- {id: codes, action: create_promotion_codes, with: {coupon: '${object.coupon}', count: 3}}",
    "sweep": "- {id: all, action: cancel_all_subscriptions, with: {customer: '${object.customer}'}}",
    "selection": f"- {{id: seen, action: count_objects, with: {{object: invoice}}}}\n- {NOTE}",
    "http": "- {id: tell, action: http_request, with: {url: '${object.url}', json: {n: '${object.n}'}}}",
}
"""By name; the first word of a name is the control's word, or the kind of request that the step makes."""
CALLED = "name: called\ntriggers: [{manual: {}}]\nsteps: [{id: c, action: create_coupon, with: {percent_off: 7}}]\n"


@dataclass
class Seen:
    """What one run left behind. `writes` counts what Stripe accepted, by the path's first words."""

    ended: str
    reason: str | None
    timeline: list[tuple[str, int, str]]
    writes: Counter[str]
    letters: list[str]
    calls: list[str]
    points: list[str] = field(default_factory=list[str])


class Crashing:
    """Runs of the kinds, on a stage with something to act on.

    Args:
        url: a service that keeps what it is sent in `calls`.
    """

    def __init__(self, stage: Stage, url: str, calls: list[dict[str, Any]]) -> None:
        self.stage = stage
        self._url = url
        self._calls = calls
        self._number = 0
        self._children: set[str] = set()

    async def set_up(self, kinds: Sequence[str]) -> None:
        """Save a workflow of each kind, and make what their steps are about."""
        stage, client = self.stage, self.stage.sandbox.client
        await stage.automation.save(stage.principal, CALLED, activate=True)
        for kind in kinds:
            trigger = f"{{event: '{EVENT.format(name=_word(kind))}'}}"
            if kind == "stripe, fetched first":
                trigger = "{stripe_event: invoice.payment_failed}"
            steps = "\n".join(f"  {line}" for line in KINDS[kind].strip().split("\n"))
            await stage.automation.save(
                stage.principal, f"name: {_word(kind)}\ntrigger: {trigger}\nsteps:\n{steps}\n", activate=True
            )
        self._customer = str(client.v1.customers.create({"name": "Bo", "email": "bo@example.com"}).id)
        card = client.v1.payment_methods.attach("pm_card_visa", {"customer": self._customer})
        product = client.v1.products.create({"name": "Plan"})
        self._price = client.v1.prices.create(
            {"product": product.id, "currency": "eur", "unit_amount": 2000, "recurring": {"interval": "month"}}
        ).id
        self._card = card.id
        payment = client.v1.payment_intents.create(
            {
                "amount": 90_000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            }
        )  # fmt: skip
        self._charge = str(payment.latest_charge)
        self._coupon = str(client.v1.coupons.create({"percent_off": 10}).id)
        declined = client.v1.customers.create({"name": "Cy", "email": "cy@example.com"})
        bad = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": declined.id})
        client.v1.customers.update(declined.id, {"invoice_settings": {"default_payment_method": bad.id}})
        self._declined = str(declined.id)

    async def once(self, kind: str, *crash_at: int) -> Seen:
        """One run of a kind; the process dies at the first point of `crash_at`, its successor at the next."""
        stage = self.stage
        await self._happen(kind)
        writes, calls = len(stage.sandbox.world.ledger.writes), len(self._calls)
        stage.mailbox.letters.clear()
        run_id = await self._begun()
        stage.points.names.clear()
        kept: dict[str, KeptSteps] = {}
        ended = ""
        for point in (*crash_at, None):
            stage.points.count, stage.points.at = 0, point
            try:
                ended = await self._drive(run_id, kept)
                break
            except Crash:
                continue
        stage.points.at = None
        shown = await stage.automation.timeline(stage.principal, run_id)
        return Seen(
            ended,
            shown.run.reason,
            sorted((step.step, step.attempt, str(step.state)) for step in shown.steps),
            Counter("/".join(line.path.split("/")[:3]) for line in stage.sandbox.world.ledger.writes[writes:]),
            [letter.message_id for letter in stage.mailbox.letters],
            [call["body"] for call in self._calls[calls:]],
            list(stage.points.names),
        )

    async def _begun(self) -> str:
        for _ in range(500):
            if begun := await self.stage.relay():
                return begun[0]
            # The spine is read up to the oldest open transaction, and PostgreSQL's own upkeep can have one open.
            await asyncio.sleep(0.02)
        raise AssertionError("no run began")

    async def _happen(self, kind: str) -> None:
        stage, client = self.stage, self.stage.sandbox.client
        self._number += 1
        if kind == "stripe, fetched first":
            await stage.happen()
            return
        customer, invoice = self._customer, None
        if kind == "sweep":
            client.v1.subscriptions.create(
                {"customer": customer, "items": [{"price": self._price}], "default_payment_method": self._card}
            )
        if kind.startswith("stripe, declined"):
            made = client.v1.invoices.create({"customer": self._declined, "currency": "eur", "auto_advance": False})
            invoice = str(made.id)
            client.v1.invoice_items.create(
                {"customer": self._declined, "invoice": invoice, "amount": 900, "currency": "eur"}
            )
            client.v1.invoices.finalize_invoice(invoice)
        await self._record(
            EVENT.format(name=_word(kind)),
            n=self._number, word="yes_", customer=customer, charge=self._charge, coupon=self._coupon, url=self._url,
            invoice=invoice, later=int(stage.clock.now().timestamp()) + 7200,
        )  # fmt: skip

    async def _record(self, name: str, **data: Any) -> None:
        organisation_id = self.stage.principal.organisation_id
        async with self.stage.house.database.tenant(organisation_id) as tx:
            await events.record(tx, organisation_id, name, data, self.stage.clock.now())

    async def _drive(self, run_id: str, kept: dict[str, KeptSteps]) -> str:
        """Execute a run to its end, giving it whatever it waits for."""
        stage = self.stage
        while True:
            segment = [name for name in stage.queue.payloads if name.split(".")[0] == run_id][-1]
            steps = kept.setdefault(segment, KeptSteps(stage.clock, stage.points))
            steps.again()
            ended = await stage.automation.execute(steps, stage.queue.payloads[segment])
            if ended != PARKED:
                return ended
            await self._give(run_id, kept)
            await stage.relay()

    async def _give(self, run_id: str, kept: dict[str, KeptSteps]) -> None:
        stage = self.stage
        run = (await stage.automation.timeline(stage.principal, run_id)).run
        if run.waits_for == "approval":
            for asked in (await stage.automation.approvals.list(stage.principal, state=ApprovalState.PENDING)).items:
                await stage.automation.approvals.decide(stage.principal, asked.id, approve=True)
        elif run.waits_for == "event":
            await self._record("trial:answer:came", n=self._number)
        elif run.waits_for == "run":
            await stage.relay()
            causes = {name: payload["trigger"]["stripe_event_id"] for name, payload in stage.queue.payloads.items()}
            for child in [name for name, cause in causes.items() if cause == run_id]:
                assert await self._drive(child, kept) == RunState.DONE
        elif run.state is RunState.WAITING and run.wake_at is not None:
            stage.clock.move(max(0.0, (run.wake_at - stage.clock.now()).total_seconds()))


def _word(kind: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in kind)
