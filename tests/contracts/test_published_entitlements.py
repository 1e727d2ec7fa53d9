"""The published client, unchanged: every entitlement operation that our server serves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import suger_sdk_python as published
from suger_sdk_python.exceptions import ApiException, BadRequestException, NotFoundException

from tests.contracts.published import Published
from tests.sandbox.conftest import Sandbox
from tests.sandbox.shop import Shop
from tillwright.kit.clock import ManualClock
from tillwright.kit.seal import Secret


@pytest.fixture
async def connected(client: Published, stripe_sandbox: Sandbox, clock: ManualClock) -> Published:
    """With a subscription, which an entitlement follows from."""
    stripe_sandbox.world.clock.freeze()
    stripe_sandbox.world.clock.start_at(clock.now().timestamp())
    shop = Shop(stripe_sandbox)
    shop.subscribe(shop.customer(), shop.price(4900))
    house = client.house
    await house.integrations.connect(
        client.principal,
        publishable_key=stripe_sandbox.publishable_key,
        secret_key=Secret(stripe_sandbox.restricted_key),
    )
    await read(client)
    return client


async def read(client: Published) -> None:
    house = client.house
    async with house.database.tenant(client.organisation_id) as tx:
        await house.mirror.start_backfill(tx, client.organisation_id, livemode=False, again=True)
    while await house.mirror.backfill_step():
        pass
    while await house.entitlements.follow_step():
        pass


async def ask(client: Published, operation: str, *given: Any, **named: Any) -> Any:
    return await client.call("EntitlementApi", operation, client.organisation_id, *given, **named)


async def test_listed_queried_and_shown(connected: Published) -> None:
    (listed,) = await ask(connected, "list_entitlements")
    assert (listed.status, listed.name, listed.partner) == ("ACTIVE", "Plan 4900", "STRIPE")
    assert listed.external_id.startswith("sub_")
    assert listed.end_time is None
    assert listed.info.auto_renew is True
    shown = await ask(connected, "get_entitlement", listed.id)
    assert shown.buyer_id == listed.buyer_id
    page = await ask(connected, "query_entitlements", q='(= status "ACTIVE")', s="-creation_time", page_size=5)
    assert (page.total_count, page.page_size, page.data[0].id) == (1, 5, listed.id)
    none = await ask(connected, "query_entitlements", q='(ilike name "gold")')
    assert (none.total_count, none.data) == (0, [])
    assert await ask(connected, "list_entitlements", buyer_id="cus_other") == []
    assert len(await ask(connected, "list_entitlements", external_id=listed.external_id, limit=1)) == 1
    (term,) = await ask(connected, "list_entitlement_terms", listed.id)
    assert term.info.type == "Signup"
    assert (await ask(connected, "get_entitlement_term", listed.id, term.id)).entitlement_id == listed.id
    assert shown.entitlement_term_id == term.id


async def test_a_cancellation_is_scheduled_at_stripe_and_taken_back(
    connected: Published, stripe_sandbox: Sandbox
) -> None:
    (listed,) = await ask(connected, "list_entitlements")
    at_stripe = stripe_sandbox.client.v1.subscriptions
    wish = published.CancellationSchedule(type=published.CancellationScheduleType("EndOfTerm"), note="By phone")
    scheduled = await ask(connected, "schedule_entitlement_cancellation", listed.id, wish)
    assert scheduled.status == "PENDING_CANCEL"
    assert scheduled.meta_info.entitlement_cancellation_schedule.note == "By phone"
    assert at_stripe.retrieve(listed.external_id).cancel_at_period_end is True

    kept = await ask(connected, "unschedule_entitlement_cancellation", listed.id)
    assert (kept.status, kept.end_time) == ("ACTIVE", None)
    assert kept.meta_info.entitlement_cancellation_schedule is None
    assert at_stripe.retrieve(listed.external_id).cancel_at_period_end is False

    day = published.CancellationSchedule(
        type=published.CancellationScheduleType("SpecificDate"), cancelDate="2027-02-01T00:00:00Z"
    )
    dated = await ask(connected, "schedule_entitlement_cancellation", listed.id, day)
    assert dated.end_time == datetime(2027, 2, 1, tzinfo=UTC)
    assert at_stripe.retrieve(listed.external_id).cancel_at == int(dated.end_time.timestamp())
    assert (await ask(connected, "unschedule_entitlement_cancellation", listed.id)).end_time is None

    over = await ask(connected, "cancel_entitlement", listed.id)
    assert over.status == "CANCELLED"
    assert at_stripe.retrieve(listed.external_id).status == "canceled"
    with pytest.raises(ApiException) as again:
        await ask(connected, "cancel_entitlement", listed.id)
    assert again.value.status == 409


async def test_one_made_by_hand(connected: Published, stripe_sandbox: Sandbox) -> None:
    (listed,) = await ask(connected, "list_entitlements")
    body = published.CreateEntitlementParams(
        buyerId=listed.buyer_id, offerId=listed.offer_id, organizationId=connected.organisation_id,
        startDate="2027-02-01", endDate="2028-02-01T00:00:00Z",
    )  # fmt: skip
    writes = len(stripe_sandbox.world.ledger.writes)
    made = await ask(connected, "create_entitlement", body)
    assert (made.status, made.type, made.name) == ("PENDING_START", "MANUAL", "Plan 4900")
    renamed = await ask(
        connected, "update_entitlement_name", made.id,
        published.GithubComSugerioMarketplaceServicePkgLegacyRdsDbLibUpdateEntitlementNameParams(name="Pilot"),
    )  # fmt: skip
    assert renamed.name == "Pilot"
    meta = published.WorkloadMetaInfo(customMetaInfo={"crm": "8812"}, internalNote="Ours")
    assert (await ask(connected, "update_entitlement_meta_info", made.id, meta)).custom_meta_info == {"crm": "8812"}
    wish = published.CancellationSchedule(type=published.CancellationScheduleType("EndOfTerm"))
    scheduled = await ask(connected, "schedule_entitlement_cancellation", made.id, wish)
    assert scheduled.meta_info.entitlement_cancellation_schedule.type == "EndOfTerm"
    assert scheduled.meta_info.internal_note == "Ours"
    assert (await ask(connected, "cancel_entitlement", made.id)).status == "CANCELLED"
    assert len(stripe_sandbox.world.ledger.writes) == writes, "Stripe never hears of it"


async def test_what_is_wrong_is_said_all_at_once_and_changes_nothing(connected: Published) -> None:
    with pytest.raises(BadRequestException) as wrong:
        await ask(connected, "create_entitlement", published.CreateEntitlementParams(endDate="soon"))
    for field in ("buyerId", "productId", "endDate"):
        assert field in (wrong.value.body or "")
    with pytest.raises(BadRequestException):
        await ask(
            connected, "create_entitlement", published.CreateEntitlementParams(buyerId="cus_x", offerId="price_x")
        )
    with pytest.raises(NotFoundException):
        await ask(connected, "get_entitlement", "ent_none")
    with pytest.raises(BadRequestException):
        await ask(connected, "query_entitlements", q="(= nope 1)")
    assert len(await ask(connected, "list_entitlements")) == 1


async def test_notices_and_what_is_ours_beside_the_published_operations(connected: Published) -> None:
    (listed,) = await ask(connected, "list_entitlements")
    body = published.CreateEntitlementParams(buyerId=listed.buyer_id, offerId=listed.offer_id, endDate="2027-02-10")
    made = await ask(connected, "create_entitlement", body)
    path = f"/org/{connected.organisation_id}/entitlement/{made.id}"
    headers = {"Authorization": f"Key {connected.key}"}
    change = {"endSoonNotification": True, "alertDaysBeforeEnd": 30}
    changed = await connected.http.patch(path, json=change, headers=headers)
    assert changed.status_code == 200, changed.text
    assert changed.json()["info"]["alertDaysBeforeEnd"] == 30
    await connected.house.entitlements.sweep_step()
    coming, sent = (await connected.http.get(f"{path}/notice", headers=headers)).json()
    assert (coming["state"], coming["offset"]) == ("NEXT", 25)
    assert (sent["state"], sent["offset"], sent["daysLeft"], sent["initial"]) == ("SENT", 30, 26, True)
    later = await connected.http.patch(path, json={"endTime": "2027-03-10T00:00:00Z"}, headers=headers)
    assert later.json()["endTime"] == "2027-03-10T00:00:00Z"
    refused = await connected.http.patch(path, json={"alertDaysBeforeEnd": 61}, headers=headers)
    assert (refused.status_code, refused.json()["field"]) == (400, "alertDaysBeforeEnd")


async def test_a_contact_is_linked_to_a_buyer_and_taken_away(connected: Published) -> None:
    one = connected.organisation_id
    (listed,) = await ask(connected, "list_entitlements")
    given = published.IdentityContact(name="Finance", emailAddress="finance@example.com")
    made = await connected.call("ContactApi", "create_contact", one, given)
    for _ in range(2):  # twice is as good as once
        linked = await connected.call("ContactApi", "add_contact_to_buyer", one, listed.buyer_id, made.id)
        assert (linked.id, linked.contact_ids) == (listed.buyer_id, [made.id])
    buyer = await connected.call("BuyerApi", "get_buyer", one, listed.buyer_id)
    assert buyer.contact_ids == [made.id], "the buyer knows it too"
    await connected.call("ContactApi", "remove_contact_from_buyer", one, listed.buyer_id, made.id)
    assert not (await connected.call("BuyerApi", "get_buyer", one, listed.buyer_id)).contact_ids
    with pytest.raises(NotFoundException):
        await connected.call("ContactApi", "remove_contact_from_buyer", one, listed.buyer_id, made.id)
    with pytest.raises(NotFoundException):
        await connected.call("ContactApi", "add_contact_to_buyer", one, listed.buyer_id, "con_none")
