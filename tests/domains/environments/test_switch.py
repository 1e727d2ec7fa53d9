"""Switching between test and live: seen before, whole or not at all, and no run pointed at the other side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.sandbox.conftest import Sandbox
from tillwright.domains.environments.stripe_ids import named_in
from tillwright.domains.integrations.exchange import OVERLAP
from tillwright.domains.notifications.configuration.model import Change
from tillwright.domains.tenancy import Principal
from tillwright.domains.verification.permissions import wanted_rights
from tillwright.kit.clock import ManualClock
from tillwright.kit.errors import Conflict, Denied, Invalid
from tillwright.kit.seal import Secret
from tillwright.wiring import House

LIVE = {"publishable_key": "pk_live_sandbox_northwind", "secret_key": Secret("rk_live_sandbox_northwind")}
WORKFLOW = """\
name: welcome
trigger:
  stripe_event: customer.created
steps:
  - id: coupon
    action: apply_coupon
    with:
      customer: ${object.id}
      coupon: WELCOME10
"""


@pytest.fixture
async def ada(house: House, stripe_sandbox: Sandbox) -> Principal:
    principal = await house.tenancy.create_organisation("Northwind", "ada@example.com", "a long password")
    await house.integrations.connect(
        principal,
        publishable_key=stripe_sandbox.publishable_key,
        secret_key=Secret(stripe_sandbox.restricted_key),
    )
    await house.verification.verify(principal)
    await rested(house)
    return principal


async def rested(house: House) -> None:
    """The clock stands still, so waiting for the rate budget takes no time; it fills in real time."""
    async with house.database.open() as tx:
        await tx.execute("delete from rate_buckets")


async def names(house: House, principal: Principal) -> list[str]:
    async with house.database.tenant(principal.organisation_id) as tx:
        rows = await (await tx.execute("select name from spine_events order by id")).fetchall()
    return [row["name"] for row in rows]


def test_ids_are_found_in_a_text() -> None:
    source = """
      # price_1Commented0000 is not meant
      price: price_1Abcdefgh
      items: [{price: 'price_1Abcdefgh'}, {product: prod_Zyxwvuts}]
      coupon: WELCOME10
      - coupon: "SPRING"  # a comment
      coupon: ${steps.coupon.id}
      text: my_price_1Abcdefgh and https://x.example/cus_Abcdefgh
    """
    assert [(each[0], each[1]) for each in named_in(source)] == [
        ("price_1Abcdefgh", "price"),
        ("prod_Zyxwvuts", "product"),
        ("cus_Abcdefgh", "customer"),
        ("WELCOME10", "coupon"),
        ("SPRING", "coupon"),
    ]
    assert named_in("coupon: A")[0][2] == "/v1/coupons/A"


async def test_a_look_tells_what_carries_over_and_what_is_missing(
    house: House, ada: Principal, stripe_sandbox: Sandbox
) -> None:
    stripe_sandbox.client.v1.coupons.create({"id": "WELCOME10", "percent_off": 10, "duration": "once"})
    await house.automation.save(ada, WORKFLOW, activate=True)
    writes = len(stripe_sandbox.world.ledger.writes)
    preview = await house.environments.preview(ada, **LIVE)
    assert preview.ready
    assert (preview.leaves_mode, preview.proven.mode, preview.workflows, preview.active) == ("test", "live", 1, 1)
    assert [(each.workflow, each.id, each.object) for each in preview.missing] == [("welcome", "WELCOME10", "coupon")]
    assert preview.unknown == []
    assert len(stripe_sandbox.world.ledger.writes) - writes <= 1, "nothing but the proof that both keys are a pair"
    assert (await house.integrations.get(ada)).mode == "test"
    assert "rk_live" not in str(preview.as_json())


async def test_the_switch_is_one_step_and_each_side_keeps_its_own(
    house: House, ada: Principal, clock: ManualClock, stripe_sandbox: Sandbox
) -> None:
    organisation = ada.organisation_id
    await house.webhooks.registration_step()
    await house.integrations.update(ada, expected_version=1, settings={"connect_client_id": "ca_testtesttest"})
    await rested(house)
    switched = await house.environments.switch(ada, expected_version=2, connect_client_id="ca_livelivelive", **LIVE)
    assert (switched.mode, switched.status, switched.version) == ("live", "VERIFIED", 3)
    assert switched.settings.connect_client_id == "ca_livelivelive"
    assert "integration:STRIPE:switched" in await names(house, ada)
    report = await house.verification.latest(organisation)
    assert report is not None
    assert (report.mode, report.changes) == ("live", ()), "reports of two modes are not compared"

    live = await house.integrations.access(organisation)
    assert (live.livemode, live.spare) == (True, None), "the other side's key is nobody's spare"
    test = await house.integrations.access(organisation, livemode=False)
    assert test.key.matches(stripe_sandbox.restricted_key), "what began in test mode ends there"
    assert test.livemode is False

    await rested(house)
    while await house.webhooks.registration_step():
        await rested(house)
    (endpoint,) = await house.webhooks.endpoints(organisation)
    assert (endpoint.livemode, endpoint.state) == (True, "ACTIVE")
    assert stripe_sandbox.http("GET", "/v1/webhook_endpoints").json()["data"] == [], "the test side's is gone"

    clock.move(OVERLAP.total_seconds())
    with pytest.raises(Conflict) as frozen:
        await house.integrations.access(organisation, livemode=False)
    assert frozen.value.code == "mode_mismatch"
    assert await house.integrations.shred_over() == 1


async def test_nothing_starts_by_an_event_of_the_side_that_was_left(
    house: House, ada: Principal, stripe_sandbox: Sandbox
) -> None:
    await house.environments.switch(ada, expected_version=1, **LIVE)
    async with house.database.tenant(ada.organisation_id) as tx:
        for number, livemode in enumerate((False, True)):
            await tx.execute(
                "insert into stripe_events (organisation_id, id, livemode, type, created, received, raw) "
                "values (%s, %s, %s, 'customer.created', now(), now(), %s)",
                (ada.organisation_id, f"evt_{number}", livemode, b'{"id": "evt_%d", "object": "event"}' % number),
            )
    assert await house.webhooks.apply_pending() == 2
    assert (await names(house, ada)).count("stripe:event:customer.created") == 1


async def test_and_back_again(house: House, ada: Principal, stripe_sandbox: Sandbox) -> None:
    await house.environments.switch(ada, expected_version=1, **LIVE)
    await rested(house)
    back = await house.environments.switch(
        ada,
        expected_version=2,
        publishable_key=stripe_sandbox.publishable_key,
        secret_key=Secret(stripe_sandbox.restricted_key),
    )
    assert back.mode == "test"
    assert back.previous is not None
    assert back.previous.livemode


async def test_refused_and_nothing_is_changed(house: House, ada: Principal, stripe_sandbox: Sandbox) -> None:
    with pytest.raises(Conflict) as same:
        await house.environments.preview(
            ada, publishable_key=stripe_sandbox.publishable_key, secret_key=Secret(stripe_sandbox.restricted_key)
        )
    assert same.value.code == "switch_to_same_mode"
    rights = [right.removeprefix("rak_") for right in wanted_rights()][:-1]
    fewer = stripe_sandbox.world.keys.create(stripe_sandbox.account, True, rights).secret
    await rested(house)
    with pytest.raises(Conflict) as lacking:
        await house.environments.switch(ada, expected_version=1, **(LIVE | {"secret_key": Secret(fewer)}))
    assert lacking.value.code == "switch_not_verified"
    assert wanted_rights()[-1] in lacking.value.sentence
    await rested(house)
    with pytest.raises(Conflict) as other:
        await house.environments.switch(ada, expected_version=1, confirmed=("acct_seen", "live"), **LIVE)
    assert other.value.code == "other_account_confirmed"
    await rested(house)
    with pytest.raises(Conflict) as late:
        await house.environments.switch(ada, expected_version=7, **LIVE)
    assert late.value.code == "integration_edited"
    with pytest.raises(Denied):
        await house.environments.switch(replace(ada, role="EDITOR"), expected_version=1, **LIVE)
    now = await house.integrations.get(ada)
    assert (now.mode, now.version, now.previous) == ("test", 1, None)


async def test_a_test_copy_has_settings_and_paused_workflows_and_no_keys(
    house: House, ada: Principal, stripe_sandbox: Sandbox
) -> None:
    await house.tenancy.change_organisation(ada, time_zone="Europe/Vienna")
    await house.automation.save(ada, WORKFLOW, activate=True)
    told = Change({}, {"END_SOON.ENTITLEMENT": {"enabled": True, "to": ["finance@northwind.example"]}})
    await house.notices.configurations.change(ada, told)
    copy = await house.environments.copy(ada, "Northwind (test)")
    there = Principal(copy.organisation_id, "USER", ada.actor_id, ada.name, "ADMIN", copy.name)
    assert (copy.name, copy.workflows, copy.notification_scopes) == ("Northwind (test)", 1, 1)
    routed = (await house.notices.configurations.get(there)).scopes["END_SOON.ENTITLEMENT"]
    assert (routed.enabled, routed.to) == (True, ["finance@northwind.example"])
    assert (await house.tenancy.organisation(there)).time_zone == "Europe/Vienna"
    (workflow,) = await house.automation.list(there)
    assert (workflow.name, workflow.state) == ("welcome", "PAUSED")
    assert await house.integrations.list(there) == []
    assert copy.organisation_id in {each.id for each in await house.tenancy.organisations(ada.actor_id)}
    async with house.database.tenant(copy.organisation_id) as tx:
        for table in ("credentials", "mirror_objects", "workflow_runs", "stripe_events"):
            row = await (await tx.execute(f"select count(*) as n from {table}")).fetchone()
            assert row is not None
            assert row["n"] == 0
    (mine,) = await house.automation.list(ada)
    assert mine.state == "ACTIVE"


async def test_who_a_copy_belongs_to(house: House, ada: Principal) -> None:
    program = Principal(ada.organisation_id, "API_CLIENT", "apc_1", "Backend", "ADMIN")
    with pytest.raises(Invalid):
        await house.environments.copy(program, "Copy")
    with pytest.raises(Invalid):
        await house.environments.copy(program, "Copy", administrator="nobody@example.com")
    copy = await house.environments.copy(program, "Copy", administrator="Ada@Example.com")
    assert copy.organisation_id in {each.id for each in await house.tenancy.organisations(ada.actor_id)}
    with pytest.raises(Denied):
        await house.environments.copy(replace(ada, role="EDITOR"), "Copy")
