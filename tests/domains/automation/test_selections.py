"""Reads from the mirror: found by condition, listed without a cut, counted and added up by currency."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.domains.automation.stage import Stage
from tests.domains.automation.test_coupon_life import run_of
from tillwright.domains.automation import RunState
from tillwright.domains.mirror import EventCopy
from tillwright.domains.mirror.selection import where
from tillwright.kit.errors import Invalid


async def mirrored(stage: Stage, object_type: str, bodies: list[dict[str, Any]], livemode: bool = False) -> None:
    """As events bring them."""
    now = stage.clock.now()
    copies = [
        EventCopy(
            object=object_type,
            id=body["id"],
            foreign=False,
            event_id=f"evt_m{number}_{livemode}",
            event_type=f"{object_type}.created",
            created=now - timedelta(seconds=5),
            received=now,
            livemode=livemode,
            account_id=stage.sandbox.account,
            body={"object": object_type, "livemode": livemode, **body},
        )
        for number, body in enumerate(bodies)
    ]
    async with stage.house.database.tenant(stage.principal.organisation_id) as tx:
        await stage.house.mirror.apply(tx, stage.principal.organisation_id, copies)


async def test_by_steps_of_a_run(stage: Stage) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": f"in_{number:04}",
            "created": 1_700_000_000 + number,
            "customer": "cus_many",
            "status": "paid" if number % 2 else "open",
            "currency": "eur" if number < 200 else "jpy",
            "amount_paid": 100,
            "metadata": {"tier": "gold"} if number == 7 else {},
        }
        for number in range(250)
    ]
    await mirrored(stage, "invoice", rows)
    await mirrored(stage, "invoice", [{"id": "in_live", "created": 1, "customer": "cus_many"}], livemode=True)
    shown = await run_of(
        stage,
        """
  - id: all
    action: list_objects
    with: {object: invoice, customer: cus_many, fields: [status]}
  - id: some
    action: list_objects
    with: {object: invoice, where: {status: open}, limit: 3, oldest_first: true, fields: [status]}
  - id: gold
    action: find_object
    with: {object: invoice, where: {metadata.tier: [gold, silver]}}
  - id: none
    action: find_object
    with: {object: invoice, where: {metadata.tier: tin}}
  - id: many
    action: count_objects
    with: {object: invoice, where: {status: {ne: paid}}, created_from: 1700000100}
  - id: sum
    action: sum_objects
    with: {object: invoice, where: {status: paid, amount_paid: {gte: 100}}, field: amount_paid}
  - id: later
    action: set_values
    with: {values: {share: "${steps.sum.sums.eur / 100}", gold: "${steps.gold.object.id}"}}
  - id: said
    action: note
    with: {text: "${steps.later.share} were paid"}
""",
    )
    assert shown.run.state is RunState.DONE, shown.run.reason
    answers: dict[str, Any] = {step.step: step.answer or {} for step in shown.steps}
    assert (answers["all"]["count"], answers["all"]["more"]) == (250, False)
    assert answers["all"]["items"][0] == {"id": "in_0249", "status": "paid"}
    assert answers["some"]["more"] is True
    assert [item["id"] for item in answers["some"]["items"]] == ["in_0000", "in_0002", "in_0004"]
    assert answers["gold"]["object"]["id"] == "in_0007"
    assert answers["none"] == {"found": False, "object": None}
    assert answers["many"]["count"] == 75
    assert answers["sum"] == {"count": 125, "sums": {"eur": 10_000, "jpy": 2_500}}
    assert answers["later"] == {"share": 100, "gold": "in_0007"}
    assert answers["said"] == {"text": "100 were paid"}
    assert stage.sandbox.world.ledger.writes[-1].path != "/v1/invoices/in_0007"


@pytest.mark.parametrize(
    "given",
    [
        {"status; drop table": 1},
        {"a": {"like": "b"}},
        {"a": {"gte": "b"}},
        {"a": [{"b": 1}]},
        {"a": "b\0c"},
        {"created": {"gte": "today"}},
        {f"a{number}": 1 for number in range(21)},
    ],
)
def test_conditions_that_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        where.sql(given)
