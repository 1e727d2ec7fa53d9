"""A person in a real browser: connects their own Stripe, asks, talks to a model, disconnects, and it is gone."""

from __future__ import annotations

import asyncio

import pytest
from playwright.sync_api import Page, expect

from tests.doors.console.conftest import EMAIL, PASSWORD
from tests.doors.console.model_server import KEY, ModelServer
from tests.doors.mcp.conftest import Office
from tests.doors.mcp.conftest import office as office
from tests.journeys.browsing import browsing
from tests.serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
PATIENCE = 20_000  # milliseconds


def journey(address: str, model: str) -> list[str]:
    with browsing() as (page, complaints):
        page.set_default_timeout(PATIENCE)
        page.goto(f"{address}/settings/user-integrations")
        page.get_by_label("Mail address").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="User integrations")).to_be_visible()
        connect(page)
        ask(page, address)
        talk(page, address, model)
        disconnect(page, address)
        # The sandbox's own page has no icon; everything else must be quiet.
        return [each for each in complaints if "favicon" not in each]


def connect(page: Page) -> None:
    page.get_by_role("button", name="Connect Stripe").click()
    page.wait_for_url("**/oauth/authorize?**")
    page.get_by_label("Harbour Bakery").check()
    page.get_by_role("button", name="Connect my Stripe account").click()
    page.wait_for_url("**/settings/user-integrations?connected=**")
    expect(page.get_by_role("status")).to_contain_text("Connected to Harbour Bakery acct_harbourbakery00 in test mode")


def ask(page: Page, address: str) -> None:
    page.goto(f"{address}/assistant?tool=revenue")
    page.get_by_label("Group by").select_option("month")
    page.get_by_role("button", name="Ask").click()
    answer = page.locator("#answer")
    expect(answer).to_contain_text("Complete")
    expect(answer).to_contain_text("Harbour Bakery")
    expect(answer.locator("svg rect").first).to_be_visible()


def talk(page: Page, address: str, model: str) -> None:
    page.goto(f"{address}/assistant/chat")
    page.get_by_label("Address").select_option(model)
    page.get_by_label("Model", exact=True).fill("scripted-1")
    page.get_by_label("Key").fill(KEY)
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Your question").fill("How many customers are there?")
    page.get_by_role("button", name="Ask").click()
    said = page.locator("#talk")
    expect(said).to_contain_text("find_customers")
    expect(said).to_contain_text("rows read")
    expect(said).to_contain_text("<img src=x onerror=alert(1)> as many as the answer says.")
    expect(said.locator("img")).to_have_count(0)


def disconnect(page: Page, address: str) -> None:
    page.goto(f"{address}/settings/user-integrations")
    page.get_by_role("button", name="Delete").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status")).to_contain_text("The connection is deleted")
    expect(page.get_by_role("button", name="Connect Stripe")).to_be_visible()


async def test_connect_ask_talk_disconnect(office: Office) -> None:
    [connection] = await office.house.connections.mine(office.principal)
    await office.house.connections.disconnect(office.principal, connection.id)
    script = ModelServer(("find_customers", {}), "<img src=x onerror=alert(1)> as many as the answer says.")
    async with serving(script.app) as client:
        base = f"{str(client.base_url).rstrip('/')}/v1"
        office.house.chat.bases = (base,)
        complaints = await asyncio.to_thread(journey, office.url, base)
    assert [each for each in complaints if office.url in each] == []
    assert not office.sandbox.world.connect.grants
    assert not [line for line in office.sandbox.world.ledger.lines if line.account == "acct_harbourbakery00"]
