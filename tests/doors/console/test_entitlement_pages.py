"""Entitlements in the console: list, calendar, timeline, one with its verbs; and the demo's clock."""

from __future__ import annotations

import httpx
import pytest

from tests.doors.console.conftest import Person, text_of
from tests.sandbox.conftest import Sandbox
from tests.sandbox.shop import Shop
from tillwright.domains.entitlements import Entitlement
from tillwright.kit.clock import ManualClock, SharedClock


@pytest.fixture
async def one(ada: Person, stripe_sandbox: Sandbox, clock: ManualClock) -> Entitlement:
    """Made by hand for a customer of the mirror: ends in 26 days, with notices from 30 days on."""
    stripe_sandbox.world.clock.freeze()
    stripe_sandbox.world.clock.start_at(clock.now().timestamp())
    shop = Shop(stripe_sandbox)
    customer, price = shop.customer(), shop.price(4900)
    shop.subscribe(customer, price)
    await ada.connect(stripe_sandbox, verify=False)
    await ada.fill()
    entitlements = ada.house.entitlements
    while await entitlements.follow_step():
        pass
    made = await entitlements.create(
        ada.principal, buyer_id=customer.id, price_id=price.id, product_id=None, name="Pilot", start=None,
        end="2027-02-10T12:00:00Z",
    )  # fmt: skip
    await entitlements.set_notices(ada.principal, made.id, on=True, days=30)
    await entitlements.sweep_step()
    return made


async def test_before_stripe_is_connected_the_page_says_what_to_do(ada: Person) -> None:
    page = await ada.see("/entitlements")
    assert page.status_code == 200
    assert "Connect Stripe" in text_of(page.text)


async def test_the_list_by_end_date_with_notices(ada: Person, one: Entitlement) -> None:
    text = text_of((await ada.see("/entitlements")).text)
    assert text.index("Pilot") < text.index("Plan 4900"), "what ends comes before what renews"
    for word in ("26 days", "30 days before", "25 days before", "renews", "Notices are off"):
        assert word in text
    assert "The demo’s clock" not in text
    assert "Pilot" not in text_of((await ada.see("/entitlements?q=gold")).text)
    assert (await ada.see('/entitlements?q=PIL"ot\\')).status_code == 200
    assert "Plan 4900" in text_of((await ada.see("/entitlements?status=ACTIVE&q=plan")).text)


@pytest.mark.parametrize("query", ["view=calendar&month=2027-02", "view=timeline", "view=nonsense&page=x&month=9"])
async def test_calendar_timeline_and_nonsense(ada: Person, one: Entitlement, query: str) -> None:
    page = await ada.see(f"/entitlements?{query}")
    assert page.status_code == 200
    assert one.id in page.text
    assert "style=" not in page.text, "the page may hold no style of its own"


async def test_what_renews_with_its_notice(ada: Person, one: Entitlement) -> None:
    text = text_of((await ada.see("/entitlements?view=renewals&days=90")).text)
    for word in ("Plan 4900", "Notices before renewals are off", "31 days", "Buyer"):
        assert word in text
    assert "Pilot" not in text, "what ends is not what renews"
    integration = await ada.house.integrations.get(ada.principal)
    wanted = {"enable_entitlement_renew_soon_notification": True, "days_before_entitlement_renewal": 10}
    await ada.house.integrations.update(ada.principal, expected_version=integration.version, settings=wanted)
    assert "Notices 10 days before" in text_of((await ada.see("/entitlements?view=renewals&days=90")).text)
    assert "Nothing renews in the next 7 days" in text_of((await ada.see("/entitlements?view=renewals&days=7")).text)


async def test_one_with_its_verbs(ada: Person, one: Entitlement) -> None:
    path = f"/entitlements/{one.id}"
    page = text_of((await ada.see(path)).text)
    for word in ("Went out", "To come", "made by hand", "Stripe never hears of it", "Begun"):
        assert word in page
    assert (await ada.send(path + "/name", seen=path, name="Pilot, second")).status_code == 303
    assert "Pilot, second" in (await ada.see(path)).text
    assert (await ada.send(path + "/notices", seen=path, switch="off", days="")).status_code == 303
    wrong = await ada.send(path + "/notices", seen=path, switch="on", days="99")
    assert wrong.status_code == 422
    assert "10 to 60" in text_of(wrong.text)
    assert (await ada.send(path + "/end", seen=path, end="2027-04-01")).status_code == 303
    scheduled = await ada.send(path + "/schedule", seen=path, type="SpecificDate", date="2027-03-01", note="By phone")
    assert scheduled.status_code == 303
    assert "By phone" in (await ada.see(path)).text
    assert (await ada.send(path + "/unschedule", seen=path)).status_code == 303
    assert (await ada.send(path + "/schedule", seen=path, type="Immediate")).status_code == 303
    assert "Cancelled" in text_of((await ada.see(path)).text)
    assert (await ada.see("/entitlements/ent_none")).status_code == 404


async def test_the_clock_is_moved_in_a_demo_only(ada: Person, one: Entitlement) -> None:
    answer: httpx.Response = await ada.send("/demo/clock", seen="/entitlements", days="1")
    assert answer.status_code == 404


def test_processes_of_a_demo_share_one_clock(tmp_path) -> None:  # type: ignore[no-untyped-def]
    ours, theirs = SharedClock(tmp_path / "clock"), SharedClock(tmp_path / "clock")
    before = theirs.now()
    ours.advance(86_400)
    ours.advance(3_600)
    assert 89_999 < (theirs.now() - before).total_seconds() < 90_060
    (tmp_path / "clock").write_text("nonsense")
    assert theirs.ahead() == 0


async def test_one_is_made_by_hand(ada: Person, one: Entitlement) -> None:
    path = "/entitlements/new"
    page = await ada.see(path)
    assert one.buyer_id in page.text
    assert "/entitlements/new" in (await ada.see("/entitlements")).text
    fields = {"buyerId": "buyer@example.com", "productId": one.product_id or "", "name": "By hand", "startDate": ""}
    made = await ada.send("/entitlements", seen=path, **fields, endDate="2027-05-01")
    assert made.status_code == 303
    shown = text_of((await ada.see(made.headers["location"])).text)
    for word in ("By hand", "made by hand", "The entitlement is made", "What was told of it"):
        assert word in shown
    by_price = await ada.send(
        "/entitlements", seen=path, **(fields | {"buyerId": one.buyer_id or "", "productId": one.price_id or ""})
    )
    assert by_price.status_code == 303


async def test_what_is_wrong_with_one_made_by_hand_is_said_beside_its_field(ada: Person, one: Entitlement) -> None:
    path = "/entitlements/new"
    wrong = await ada.send(
        "/entitlements", seen=path, buyerId="", productId="", name="x" * 201, startDate="2027-05-01",
        endDate="2027-04-01",
    )  # fmt: skip
    assert wrong.status_code == 422
    for said in ("Say which customer", "Say what it entitles to", "at most 200", "end before it begins"):
        assert said in text_of(wrong.text)
    nobody = await ada.send("/entitlements", seen=path, buyerId="nobody-at-all", productId="prod_1")
    assert "No customer answers to" in text_of(nobody.text)
    assert 'value="nobody-at-all"' in nobody.text
    unknown = await ada.send("/entitlements", seen=path, buyerId=one.buyer_id or "", productId="price_none")
    assert unknown.status_code == 422


async def test_a_notice_that_went_out_leads_to_what_was_told(ada: Person, one: Entitlement) -> None:
    from tillwright.domains import events
    from tillwright.domains.notifications.notices.service import CONSUMER

    await events.hand_on(ada.house.database, one.organisation_id, CONSUMER, ada.house.notices.notices.react)
    page = (await ada.see(f"/entitlements/{one.id}")).text
    assert page.count('href="/notifications/ntc_') >= 2, "beside its offset, and in what was told"
    assert f"/notifications?entity={one.id}" in page
