"""What a customer may use changed: the event says so by a summary, and each active entitlement is asked for again."""

from __future__ import annotations

from typing import Any

from tests.domains.mirror.conftest import Scripted, event
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.summaries import PART, SUMMARY, parts_of
from tillwright.gateways.database import Database
from tillwright.kit.clock import ManualClock

UPDATED = "entitlements.active_entitlement_summary.updated"


def entitlement(name: str) -> dict[str, Any]:
    return {"id": name, "object": PART, "feature": "feat_1", "livemode": False, "lookup_key": name}


def summary(*names: str, more: bool = False) -> dict[str, Any]:
    held = {"object": "list", "data": [entitlement(name) for name in names], "has_more": more}
    return {"id": "cus_1", "object": SUMMARY, "customer": "cus_1", "livemode": False, "entitlements": held}


async def tell(
    mirror: Mirror, database: Database, organisation: str, clock: ManualClock, body: dict[str, Any], second: float
) -> None:
    clock.move(10)
    async with database.tenant(organisation) as tx:
        await mirror.apply(tx, organisation, [event(body, second, type=UPDATED)])
    clock.move(10)
    while await mirror.refetch_step():
        pass


async def present(mirror: Mirror, database: Database, organisation: str) -> set[str]:
    async with database.tenant(organisation) as tx:
        return {row.id for row in (await mirror.list(tx, PART, livemode=False)).items}


async def test_each_part_is_asked_for_and_what_left_is_gone(
    mirror: Mirror, stripe: Scripted, database: Database, organisation: str, clock: ManualClock
) -> None:
    path = "/v1/entitlements/active_entitlements"
    for name in ("ent_a", "ent_b", "ent_c"):
        stripe.objects[f"{path}/{name}"] = entitlement(name)
    await tell(mirror, database, organisation, clock, summary("ent_a", "ent_b"), 0)
    assert await present(mirror, database, organisation) == {"ent_a", "ent_b"}
    stripe.objects[f"{path}/ent_a"] = {"id": "ent_a", "object": PART, "deleted": True}
    await tell(mirror, database, organisation, clock, summary("ent_b", "ent_c"), 30)
    assert await present(mirror, database, organisation) == {"ent_b", "ent_c"}
    assert stripe.asked[f"{path}/ent_b"] == 2, "asked for again, not taken from the event"


async def test_more_than_the_event_carries_has_the_lists_read_again(
    mirror: Mirror, stripe: Scripted, database: Database, organisation: str, clock: ManualClock
) -> None:
    stripe.objects["/v1/entitlements/active_entitlements/ent_a"] = entitlement("ent_a")
    async with database.tenant(organisation) as tx:
        await tx.execute(
            "insert into mirror_proofs (organisation_id, livemode, object, next_at) values (%s, false, %s, 'infinity')",
            (organisation, PART),
        )
    await tell(mirror, database, organisation, clock, summary("ent_a", more=True), 0)
    async with database.tenant(organisation) as tx:
        row = await (await tx.execute("select next_at <= %s as due from mirror_proofs", (clock.now(),))).fetchone()
    assert row == {"due": True}


def test_what_a_summary_carries() -> None:
    assert parts_of(summary("ent_a", more=True)) == ({"ent_a"}, True)
    for odd in (None, {}, {"entitlements": []}, {"entitlements": {"data": [1, {}, {"id": 2}]}}):
        assert parts_of(odd) == (frozenset(), False)  # type: ignore[arg-type]
