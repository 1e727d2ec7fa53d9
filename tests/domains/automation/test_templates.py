"""The definitions that come with the package, each run against the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domains.automation.stage import Stage
from tests.domains.automation.test_coupon_life import subscribed
from tests.domains.automation.test_refunds import paid, refunded
from tests.domains.automation.test_selections import mirrored
from tillwright.domains import events
from tillwright.domains.automation import RunState, Timeline, definition, examples
from tillwright.domains.automation.interpreter import PARKED


async def record(stage: Stage, name: str, data: dict[str, Any]) -> None:
    organisation_id = stage.principal.organisation_id
    async with stage.house.database.tenant(organisation_id) as tx:
        await events.record(tx, organisation_id, name, data, stage.clock.now())


async def arrive(stage: Stage, event_type: str, object_type: str, object_id: str) -> None:
    """A Stripe event, as an applied webhook puts it on the spine."""
    stage.numbers += 1
    data = {
        "event_id": f"evt_t{stage.numbers}",
        "created": int(stage.clock.now().timestamp()),
        "livemode": False,
        "account_id": stage.sandbox.account,
        "object_type": object_type,
        "object_id": object_id,
    }
    await record(stage, f"stripe:event:{event_type}", data)


async def started(stage: Stage, example: str, event_type: str, object_type: str, object_id: str) -> str:
    await stage.automation.save_example(stage.principal, example, activate=True)
    await arrive(stage, event_type, object_type, object_id)
    (run_id,) = await stage.relay()
    return run_id


async def shown(stage: Stage, run_id: str) -> Timeline:
    return await stage.automation.timeline(stage.principal, run_id)


async def finished(stage: Stage, run_id: str) -> Timeline:
    await stage.execute(run_id)
    return await shown(stage, run_id)


async def wake(stage: Stage, run_id: str) -> str:
    """Go on with a run whose event or answer has come."""
    await stage.relay()
    await stage.automation.hand_over(stage.queue)
    return await stage.segment(run_id)


def stored(stage: Stage, object_type: str, object_id: str) -> dict[str, Any]:
    """An object inside the sandbox, to be made what no request can make it."""
    found: dict[str, Any] = stage.sandbox.objects.get(object_type, object_id)
    return found


def steps_of(timeline: Timeline) -> dict[str, Any]:
    return {step.step: step for step in timeline.steps}


@pytest.mark.parametrize("name", examples.names())
def test_each_is_sound_and_says_what_it_does(name: str) -> None:
    found = definition.parse(examples.text_of(name))
    assert found.name == name
    assert len(found.description) > 40


async def test_dunning_ends_with_the_payment(stage: Stage) -> None:
    invoice = stage.invoice["id"]
    run_id = await started(stage, "dunning", "invoice.payment_failed", "invoice", invoice)
    assert await stage.segment(run_id) == PARKED
    stage.sandbox.client.v1.invoices.pay(invoice, {"paid_out_of_band": True})
    await mirrored(stage, "invoice", [stored(stage, "invoice", invoice)])
    await arrive(stage, "invoice.paid", "invoice", invoice)
    assert await wake(stage, run_id) == RunState.DONE
    assert (await shown(stage, run_id)).run.reason == "Paid after the first reminder."
    assert "try_again" not in steps_of(await shown(stage, run_id))
    assert len(stage.mailbox.letters) == 1


async def test_dunning_goes_all_the_way(stage: Stage) -> None:
    run_id = await started(stage, "dunning", "invoice.payment_failed", "invoice", stage.invoice["id"])
    before = stage.clock.now()
    timeline = await finished(stage, run_id)
    assert timeline.run.state is RunState.DONE, timeline.run.reason
    assert (stage.clock.now() - before).days >= 10
    assert len(stage.mailbox.letters) == 2
    assert steps_of(timeline)["try_again"].state == "REFUSED"
    assert "end" not in steps_of(timeline) or steps_of(timeline)["end"].state == "SKIPPED"


async def test_a_small_refund_goes_out_and_a_large_one_waits_for_a_yes(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, "refund_with_approval", activate=True)
    small, large = paid(stage, 3000), paid(stage, 9000)

    async def begin(charge: str, **inputs: Any) -> str:
        run = await stage.automation.steering.start(stage.principal, "refund_with_approval", inputs, object_id=charge)
        await stage.automation.hand_over(stage.queue)
        return run.id

    run_id = await begin(small)
    timeline = await finished(stage, run_id)
    assert timeline.run.state is RunState.DONE, timeline.run.reason
    assert refunded(stage, small) == [3000]

    run_id = await begin(large, amount=8000)
    assert await stage.segment(run_id) == PARKED
    assert refunded(stage, large) == []
    (asked,) = (await stage.automation.approvals.list(stage.principal)).items
    assert (asked.amount, asked.currency, asked.role) == (8000, "eur", "ADMIN")
    await stage.automation.approvals.decide(stage.principal, asked.id, approve=True, payload_hash=asked.payload_hash)
    assert await wake(stage, run_id) == RunState.DONE
    assert refunded(stage, large) == [8000]


async def test_a_warning_of_fraud_refunds_and_blocks(stage: Stage) -> None:
    client = stage.sandbox.client
    customer = client.v1.customers.create({"name": "Eve", "email": "eve@example.com"})
    subscription = subscribed(stage, customer.id)
    charge = paid(stage, 7000)
    sandbox_charge = stored(stage, "charge", charge)
    sandbox_charge["customer"] = customer.id
    sandbox_charge["billing_details"]["email"] = "eve@example.com"
    blocked = client.v1.radar.value_lists.create({"alias": "email_blocklist", "name": "Blocked addresses"})
    warning = {
        "id": "issfr_1", "object": "radar.early_fraud_warning", "actionable": True, "charge": charge,
        "created": int(stage.clock.now().timestamp()), "fraud_type": "unauthorized_use_of_card", "livemode": False,
    }  # fmt: skip
    stage.sandbox.objects.insert(warning)
    run_id = await started(
        stage, "early_fraud_warning", "radar.early_fraud_warning.created", "radar.early_fraud_warning", "issfr_1"
    )
    timeline = await finished(stage, run_id)
    assert timeline.run.state is RunState.DONE, timeline.run.reason
    assert refunded(stage, charge) == [7000]
    assert client.v1.subscriptions.retrieve(subscription).status == "canceled"
    assert client.v1.customers.retrieve(customer.id).to_dict()["metadata"]["blocked"] == "fraud"
    (written,) = stage.writes("/v1/radar/value_list_items")
    assert (written.params["value"], written.params["value_list"]) == ("eve@example.com", blocked.id)


async def test_a_new_customer_is_welcomed(stage: Stage) -> None:
    customer = stage.sandbox.client.v1.customers.create({"name": "New", "email": "new@example.com"})
    run_id = await started(stage, "welcome_coupon", "customer.created", "customer", customer.id)
    timeline = await finished(stage, run_id)
    assert timeline.run.state is RunState.DONE, timeline.run.reason
    (code,) = stage.sandbox.client.v1.promotion_codes.list({"customer": customer.id}).data
    assert code.expires_at == customer.created + 30 * 86400
    assert code.code in stage.mailbox.letters[0].text


@pytest.mark.parametrize(("payments", "codes"), [(9, 0), (10, 1), (11, 0)])
async def test_the_tenth_payment_is_thanked_for(stage: Stage, payments: int, codes: int) -> None:
    invoice, customer = stage.invoice["id"], stage.invoice["customer"]
    stage.sandbox.client.v1.invoices.pay(invoice, {"paid_out_of_band": True})
    stored(stage, "invoice", invoice)["amount_paid"] = 4900
    rows = [
        {"id": f"in_{number}", "customer": customer, "status": "paid", "amount_paid": 100, "created": 1_700_000_000}
        for number in range(payments)
    ]
    await mirrored(stage, "invoice", rows)
    run_id = await started(stage, "loyalty_coupon", "invoice.paid", "invoice", invoice)
    timeline = await finished(stage, run_id)
    assert timeline.run.state is RunState.DONE, timeline.run.reason
    assert len(stage.writes("/v1/promotion_codes")) == codes == len(stage.mailbox.letters)


async def test_whose_card_ends_this_month_hears_of_it(stage: Stage) -> None:
    customer, now = stage.invoice["customer"], stage.clock.now()
    card = {"last4": "4242", "exp_month": now.month, "exp_year": now.year}
    rows: list[dict[str, Any]] = [
        {"id": "pm_ends", "type": "card", "customer": customer, "card": card, "created": 1},
        {"id": "pm_later", "type": "card", "customer": customer, "card": card | {"exp_year": 2040}, "created": 1},
        {"id": "pm_nobody", "type": "card", "customer": None, "card": card, "created": 1},
    ]
    await mirrored(stage, "payment_method", rows)
    stage.sandbox.client.v1.billing_portal.configurations.create({"features": {"invoice_history": {"enabled": True}}})
    await stage.automation.save_example(stage.principal, "expiring_card", activate=True)
    run = await stage.automation.steering.start(stage.principal, "expiring_card")
    await stage.automation.hand_over(stage.queue)
    timeline = await finished(stage, run.id)
    assert timeline.run.state is RunState.DONE, timeline.run.reason
    (letter,) = stage.mailbox.letters
    assert "4242" in letter.subject
    assert "https://" in letter.text or "http://" in letter.text


async def test_the_same_address_twice_becomes_one_customer(stage: Stage) -> None:
    client = stage.sandbox.client
    old = client.v1.customers.create({"email": "twin@example.com", "name": "Twin"}).to_dict()
    new = client.v1.customers.create({"email": "twin@example.com", "name": "T.", "phone": "+43 1 234"}).to_dict()
    await mirrored(stage, "customer", [old | {"created": old["created"] - 100}])
    run_id = await started(stage, "merge_duplicate_customers", "customer.created", "customer", new["id"])
    timeline = await finished(stage, run_id)
    assert timeline.run.state is RunState.DONE, timeline.run.reason
    kept = client.v1.customers.retrieve(old["id"]).to_dict()
    assert (kept["name"], kept["phone"], kept["metadata"]["merged_from"]) == ("Twin", "+43 1 234", new["id"])
    assert client.v1.customers.retrieve(new["id"]).to_dict()["deleted"] is True


async def test_who_bought_something_is_marked_and_not_deleted(stage: Stage) -> None:
    client, buyer = stage.sandbox.client, stage.invoice["customer"]
    old = client.v1.customers.create({"email": "ada@example.com"}).to_dict()
    await mirrored(stage, "customer", [old | {"created": old["created"] - 100}])
    run_id = await started(stage, "merge_duplicate_customers", "customer.created", "customer", buyer)
    timeline = await finished(stage, run_id)
    assert timeline.run.state is RunState.DONE, timeline.run.reason
    marked = client.v1.customers.retrieve(buyer).to_dict()
    assert marked["metadata"]["duplicate_of"] == old["id"]


async def test_what_ends_soon_is_offered_again(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, "renewal_offer", activate=True)
    data = {
        "entitlementId": "ent_1", "name": "Studio plan", "status": "ACTIVE", "buyerId": stage.invoice["customer"],
        "buyerName": "Ada", "buyerEmail": "ada@example.com", "productId": "prod_1", "productName": "Studio",
        "startTime": "2027-01-01T00:00:00Z", "endTime": "2027-02-04T00:00:00Z", "livemode": False,
        "accountId": stage.sandbox.account, "autoRenew": False, "daysLeft": 20, "offset": 20, "initial": True,
    }  # fmt: skip
    await record(stage, "entitlement:STRIPE:end_soon", data)
    await record(stage, "entitlement:STRIPE:end_soon", data | {"initial": False, "daysLeft": 15})
    for run_id in await stage.relay():
        await stage.execute(run_id)
    (code,) = stage.sandbox.client.v1.promotion_codes.list({"customer": stage.invoice["customer"]}).data
    (letter,) = stage.mailbox.letters
    assert letter.subject == "Studio plan ends in 20 days"
    assert code.code in letter.text


async def test_an_unpaid_invoice_is_written_off_after_a_yes(stage: Stage) -> None:
    invoice = stage.invoice["id"]
    run_id = await started(stage, "unpaid_invoice", "invoice.overdue", "invoice", invoice)
    for _ in range(2):
        assert await stage.segment(run_id) == PARKED
        due = (await shown(stage, run_id)).run.wake_at
        assert due is not None
        stage.clock.move((due - stage.clock.now()).total_seconds())
        await stage.automation.hand_over(stage.queue)
    assert await stage.segment(run_id) == PARKED
    (asked,) = (await stage.automation.approvals.list(stage.principal)).items
    assert asked.amount == 4900
    await stage.automation.approvals.decide(stage.principal, asked.id, approve=True)
    assert await wake(stage, run_id) == RunState.DONE
    assert stage.sandbox.client.v1.invoices.retrieve(invoice).status == "uncollectible"
    assert len(stage.mailbox.letters) == 1


async def test_the_end_of_a_trial_is_told(stage: Stage) -> None:
    client, customer = stage.sandbox.client, stage.invoice["customer"]
    client.v1.billing_portal.configurations.create({"features": {"invoice_history": {"enabled": True}}})
    product = client.v1.products.create({"name": "Plan"})
    price = client.v1.prices.create(
        {"product": product.id, "currency": "eur", "unit_amount": 2000, "recurring": {"interval": "month"}}
    )
    made = client.v1.subscriptions.create(
        {"customer": customer, "items": [{"price": price.id}], "trial_period_days": 3}
    )
    run_id = await started(stage, "trial_ending", "customer.subscription.trial_will_end", "subscription", str(made.id))
    timeline = await finished(stage, run_id)
    assert timeline.run.state is RunState.DONE, timeline.run.reason
    (letter,) = stage.mailbox.letters
    assert letter.subject.startswith("Your free time ends on 20")


async def test_a_campaign_of_codes(stage: Stage) -> None:
    await stage.automation.save_example(stage.principal, "campaign_codes", activate=True)
    run = await stage.automation.steering.start(
        stage.principal, "campaign_codes", {"percent_off": 10, "count": 25, "prefix": "MAY"}
    )
    await stage.automation.hand_over(stage.queue)
    timeline = await finished(stage, run.id)
    assert timeline.run.state is RunState.DONE, timeline.run.reason
    made = stage.sandbox.client.v1.promotion_codes.list({"limit": 100}).data
    assert len({code.code for code in made}) == 25
    assert all(code.code.startswith("MAY-") for code in made)
