"""A workflow that starts on what it itself brings about, by way of an entitlement, is stopped like any other loop."""

from __future__ import annotations

from typing import Any

from tests.domains.automation.stage import Stage
from tillwright.domains.automation import RunState
from tillwright.kit.clock import to_unix

SOURCE = """\
name: more
trigger: {{event: 'entitlement:STRIPE:update'}}
steps:
  - {{id: now, action: get_subscription, with: {{subscription: {id}}}}}
  - id: more
    action: update_subscription
    with:
      subscription: {id}
      items: [{{id: {item}, quantity: "${{steps.now.items.data[0].quantity + 1}}"}}]
      proration_behavior: none
"""


def subscribe(stage: Stage) -> Any:
    v1 = stage.sandbox.client.v1
    customer = v1.customers.create({"name": "Ada Example", "email": "ada@example.com"})
    price = v1.prices.create(
        {"currency": "eur", "unit_amount": 900, "recurring": {"interval": "month"}, "product_data": {"name": "Pro"}}
    )
    return v1.subscriptions.create(
        {
            "customer": customer.id, "items": [{"price": price.id, "quantity": 1}],
            "collection_method": "send_invoice", "days_until_due": 30,
        }
    )  # fmt: skip


def pass_time(stage: Stage) -> None:
    stage.clock.move(600)
    stage.sandbox.world.clock.advance(600)


async def keep_up(stage: Stage) -> None:
    """The worker's part, until nothing is left of it."""
    house = stage.house
    pass_time(stage)
    while await house.webhooks.poll_step():
        pass_time(stage)
    while await house.webhooks.apply_pending() or await house.mirror.backfill_step():
        pass
    while await house.entitlements.follow_step():
        pass


async def test_what_comes_round_by_an_entitlement_stops_after_the_eighth(stage: Stage) -> None:
    stage.clock.move(stage.sandbox.world.clock.now() - to_unix(stage.clock.now()))  # Stripe's time is not ours to set
    await stage.house.webhooks.register(stage.principal.organisation_id)
    subscription = subscribe(stage)
    item = subscription["items"]["data"][0].id
    await keep_up(stage)
    await stage.automation.save(stage.principal, SOURCE.format(id=subscription.id, item=item), activate=True)
    assert await stage.relay() == []

    stage.sandbox.client.v1.subscriptions.update(subscription.id, {"items": [{"id": item, "quantity": 2}]})
    runs: list[str] = []
    for _ in range(20):
        await keep_up(stage)
        fresh = await stage.relay()
        if not fresh:
            break
        runs += fresh
        assert await stage.segment(fresh[0]) == RunState.DONE
    assert len(runs) == 9
    newest = (await stage.automation.runs(stage.principal, state=RunState.FAILED)).items
    assert ["Loop guard" in str(run.reason) for run in newest] == [True]
    now = stage.sandbox.client.v1.subscriptions.retrieve(subscription.id)
    assert now["items"]["data"][0].quantity == 11

    # Somebody else's change is a beginning again.
    stage.sandbox.client.v1.subscriptions.update(subscription.id, {"items": [{"id": item, "quantity": 50}]})
    await keep_up(stage)
    assert len(await stage.relay()) == 1
