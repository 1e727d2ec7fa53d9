"""The console in a real browser: connect Stripe, verify it, let a payment fail, follow the run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.browsing import browsing, chromium
from tests.journeys.test_demo import start, stop
from tillwright.domains.verification.permissions import wanted_rights

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("demo"), pytest.mark.timeout(400)]
PUBLIC_KEY, SECRET_KEY = "pk_test_sandbox_northwind", "rk_test_sandbox_northwind"
PATIENCE = 60_000  # milliseconds


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A running demo's console and sandbox addresses."""
    chromium()
    process, said = start(tmp_path_factory.mktemp("demo") / "data")
    console, sandbox = re.search(r"Console\s+(\S+)", said), re.search(r"Sandbox\s+(\S+)", said)
    assert console
    assert sandbox
    try:
        yield console[1], sandbox[1]
    finally:
        stop(process)


def sign_in(page: Page, address: str) -> None:
    """By keyboard alone."""
    page.goto(f"{address}/runs")
    expect(page.get_by_label("Mail address")).to_be_focused()
    page.keyboard.type("demo@northwind.example")
    page.keyboard.press("Tab")
    page.keyboard.type("demo-password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()


def refuse_a_wrong_key(page: Page) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Public Key").fill(PUBLIC_KEY)
    dialog.get_by_label("Secret Key").fill("rk_live_sandbox_northwind")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("secret key of live mode", timeout=PATIENCE)
    expect(dialog.get_by_label("Public Key")).to_have_value(PUBLIC_KEY)
    expect(dialog.get_by_label("Secret Key")).to_have_value("")


def connect_and_verify(page: Page, address: str) -> None:
    page.goto(f"{address}/integrations")
    opener = page.get_by_role("link", name="Connect Stripe")
    opener.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    opener.focus()
    page.keyboard.press("Enter")
    refuse_a_wrong_key(page)
    page.get_by_label("Secret Key").fill(SECRET_KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#connect-found")).to_contain_text("Northwind Demo", timeout=PATIENCE)
    expect(page.get_by_role("button", name="Connect this account")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/integrations/stripe?done=connected", timeout=PATIENCE)
    expect(page.locator("#status")).to_have_text("NOT VERIFIED YET")
    expect(page.locator("#mode")).to_have_text("TEST")

    page.get_by_role("button", name="VERIFY").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text("VERIFIED", timeout=PATIENCE)
    expect(page.locator("#integration")).to_contain_text("acct_northwindsandbx")
    expect(page.locator("#integration")).to_contain_text("Northwind Demo")
    expect(page.locator('[data-right="rak_coupon_write"]')).to_have_attribute("data-state", "ok")
    # Without a reload: the parts ask for themselves again until there is nothing to wait for.
    expect(page.locator("#backfill")).to_contain_text("Complete", timeout=3 * PATIENCE)
    expect(page.locator("#endpoint")).to_contain_text("Active", timeout=PATIENCE)


def look_around(page: Page, address: str) -> None:
    page.goto(f"{address}/customers")
    assert page.locator("#rows tbody tr").count() == 25
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("zzz nobody")
    expect(page.locator("#rows")).to_contain_text("Nothing matches")
    page.get_by_role("link", name="Show all customers").click()
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("link", name="First page")).to_be_visible()
    for path in ("/payments", "/coupons", "/events", "/workflows", "/mails"):
        page.goto(address + path)
        expect(page.locator("main h1")).to_be_visible()
    page.goto(f"{address}/payments")
    page.locator("a.row-link").first.click()
    expect(page.get_by_role("heading", name="Charges")).to_be_visible()
    page.get_by_text("Everything Stripe says of this payment").click()
    expect(page.locator("pre.code").first).to_contain_text('"object": "payment_intent"')


def follow_the_run(page: Page, address: str) -> None:
    page.goto(f"{address}/runs")
    page.locator("a.row-link").first.click()
    for step, path in (("coupon", "/v1/coupons"), ("code", "/v1/promotion_codes")):
        line = page.locator(f'[data-step="{step}"]')
        expect(line).to_have_attribute("data-state", "DONE", timeout=PATIENCE)
        expect(line).to_contain_text(path)
        expect(line).to_contain_text("Idempotency key")
        expect(line).to_contain_text("sent once")
        line.get_by_text("Answer").click()
        expect(line.locator("pre")).to_contain_text(["", '"id"'])
    mail = page.locator('[data-step="mail"]')
    expect(mail).to_have_attribute("data-state", "DONE", timeout=PATIENCE)
    mail.get_by_role("link").click()
    expect(page.locator("main")).to_contain_text("Delivered")
    expect(page.locator("main")).to_contain_text("15 % off")


def change_the_theme(page: Page) -> None:
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    button = page.get_by_role("button", name="Change the theme")
    button.click()
    button.click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark", "kept, and there before the first paint"


def test_from_signing_in_to_a_run_one_can_read(demo: tuple[str, str], repository: Path) -> None:
    address, sandbox = demo
    with browsing() as (page, complaints):
        sign_in(page, address)
        connect_and_verify(page, address)
        look_around(page, address)
        subprocess.run(
            [sys.executable, str(repository / "examples" / "failed_payment.py")],
            check=True,
            timeout=180,
            env=os.environ | {"SANDBOX_URL": sandbox},
            stdout=subprocess.DEVNULL,
        )
        follow_the_run(page, address)
        change_the_theme(page)
        assert complaints == []


def seen_within(page: Page, url: str, part: Locator) -> None:
    """Load the page again until it shows the part: what a worker does meanwhile needs no reader who waits for it."""
    for _ in range(PATIENCE // 500):
        page.goto(url)
        if part.count():
            return
        page.wait_for_timeout(500)
    pytest.fail(f"{url} never showed {part}")


def test_a_newcomer_moves_the_clock_and_sees_the_notices_go_out(demo: tuple[str, str]) -> None:
    """The demo as it comes: notices are on and have recipients; a button moves the clock; the mail is there to read."""
    address, _ = demo
    warned = f"{address}/notifications?scope=END_SOON.ENTITLEMENT"
    with browsing() as (page, complaints):
        sign_in(page, address)
        page.goto(f"{address}/entitlements")
        if page.get_by_role("link", name="Connect Stripe").count():
            connect_and_verify(page, address)
        # One in the middle of its series: its next notice is at most five days away.
        ending = page.locator("#rows tbody tr").filter(has=page.locator('[data-label="Next notice"] br'))
        ending = ending.filter(has=page.locator('[data-label="Notices sent"] [title]'))
        seen_within(page, f"{address}/entitlements", ending)
        one = address + str(ending.first.get_by_role("link").get_attribute("href"))
        page.goto(one)
        went_out = page.get_by_text("Went out", exact=True)
        before = went_out.count()
        for press_again in ("5 days on", "To the next notice"):
            page.goto(f"{address}/entitlements")
            page.get_by_role("button", name=press_again).click(timeout=PATIENCE)
            expect(page.get_by_role("status")).to_contain_text("clock is moved", timeout=2 * PATIENCE)
        seen_within(page, one, went_out.nth(before))
        page.get_by_role("link", name=re.compile("days before")).first.click()
        expect(page.get_by_role("heading", name="Mail", exact=True)).to_be_visible()
        for who in ("success@northwind.example", "accounts@northwind.example"):
            expect(page.locator("main")).to_contain_text(who)
        expect(page.frame_locator("iframe").get_by_text("Open it in Tillwright")).to_be_visible()
        sent = page.locator("#rows tbody tr").filter(has_text="Sent")
        seen_within(page, warned, sent)
        sent.first.get_by_role("link").click()
        page.get_by_role("link", name="Open it alone").click()
        expect(page.locator("main")).to_contain_text("As it arrived")
        assert complaints == []


WRONG = """name: mine
trigger: {stripe_event: invoice.paid}
steps:
  - id: thanks
    action: send_male
    with: {to: "${object.customer_email}", subject: Thanks, text: Thank you.}
"""
INSERTED = r"""
  - id: create_promotion_codes
    action: create_promotion_codes
    with:
      coupon: SPRING
      count: 500
$"""


def test_a_workflow_is_written_by_keyboard(demo: tuple[str, str]) -> None:
    address, _ = demo
    with browsing() as (page, complaints):
        sign_in(page, address)
        page.goto(f"{address}/workflows/new")
        source = page.get_by_label("Definition")
        source.focus()
        page.keyboard.press("ControlOrMeta+A")
        page.keyboard.insert_text(WRONG)
        drawing = page.locator("#drawing")
        expect(drawing).to_contain_text("1 thing to change", timeout=PATIENCE)
        expect(drawing).to_contain_text("Did you mean send_mail?")
        drawing.get_by_role("button", name="line 5").focus()
        page.keyboard.press("Enter")
        expect(source).to_be_focused()
        page.keyboard.insert_text("    action: send_mail")  # the complaint's line is selected
        expect(drawing).not_to_contain_text("to change", timeout=PATIENCE)
        expect(drawing).to_contain_text("When invoice.paid arrives")
        page.keyboard.press("ControlOrMeta+s")
        page.wait_for_url("**/workflows/wfl_*", timeout=PATIENCE)
        expect(page.get_by_role("heading", name="Mine", exact=True)).to_be_visible()
        page.get_by_role("link", name="Edit").focus()
        page.keyboard.press("Enter")
        page.get_by_placeholder("Search the actions").focus()
        # One search; its answer has come once what was there before is gone.
        page.locator("#actions > *").first.evaluate("element => element.setAttribute('data-before', '')")
        page.keyboard.insert_text("promotion codes")
        expect(page.locator("[data-before]")).to_have_count(0, timeout=PATIENCE)
        expect(page.locator("#actions")).to_contain_text("create_promotion_codes")
        page.locator("summary", has_text="create_promotion_codes").focus()
        page.keyboard.press("Enter")
        form = page.locator('[data-action="create_promotion_codes"]')
        form.get_by_label("coupon").fill("SPRING")
        form.get_by_label("count").fill("500")
        form.get_by_role("button", name="Insert as a step").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Definition")).to_be_focused()
        expect(page.get_by_label("Definition")).to_have_value(re.compile(INSERTED))
        expect(drawing).to_contain_text("Create promotion codes", timeout=PATIENCE)
        expect(drawing).not_to_contain_text("to change")
        assert complaints == []


def test_a_narrow_screen_has_everything_and_nothing_sticks_out(demo: tuple[str, str]) -> None:
    address, _ = demo
    with browsing(width=390) as (page, complaints):
        sign_in(page, address)
        paths = "/ /integrations /customers /payments /runs /workflows /workflows/new /workflows/templates /approvals"
        for path in (*paths.split(), "/settings/api-keys", "/settings/secrets"):
            page.goto(address + path)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{path} is {wide} pixels too wide"
        page.locator("header label").click()
        page.get_by_role("link", name="Mails").click()
        expect(page.get_by_role("heading", name="Mails")).to_be_visible()
        assert complaints == []


def tab_to(page: Page, target: Locator) -> None:
    """Walk there by the Tab key, as somebody without a mouse does."""
    for _ in range(120):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{target} cannot be reached by the Tab key")


def press(page: Page, target: Locator) -> None:
    tab_to(page, target)
    page.keyboard.press("Enter")


def retype(page: Page, target: Locator, text: str) -> None:
    tab_to(page, target)
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(text)


def disconnect(page: Page) -> None:
    press(page, page.get_by_role("button", name="Disconnect…"))
    expect(page.get_by_role("dialog")).to_contain_text("Disconnect Stripe?")
    retype(page, page.get_by_label("Type Northwind Demo to confirm"), "Northwind")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("Nothing was disconnected")
    press(page, page.get_by_role("button", name="Disconnect…"))
    retype(page, page.get_by_label("Type Northwind Demo to confirm"), "Northwind Demo")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Stripe is disconnected")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("main")).to_contain_text("Sealed keys were shredded.")


def key_without(sandbox: str, right: str) -> str:
    """A restricted key of the demo's account that has everything but one right."""
    rights = [name.removeprefix("rak_") for name in wanted_rights()]
    body = {"rights": [name for name in rights if name != right]}
    return httpx.post(f"{sandbox}/_sandbox/keys", json=body, timeout=10).json()["secret"]
