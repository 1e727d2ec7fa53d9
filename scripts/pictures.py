"""Takes the pictures of the console that the documentation shows, from a demo that is running.

    make demo                      # in one terminal
    .venv/bin/python scripts/pictures.py   # in another

It signs in, connects and verifies the sandbox, lets a payment fail, and walks through the pages as a person would.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
EMAIL, PASSWORD = "demo@northwind.example", "demo-password"
PUBLIC_KEY, SECRET_KEY = "pk_test_sandbox_northwind", "rk_test_sandbox_northwind"
DOCUMENTED = ("overview", "integration", "run", "customers", "workflow-editor", "backtest", "approval")


class Photographer:
    """Goes from page to page; keeps what was asked for."""

    def __init__(self, page: Page, address: str, folder: Path, only: tuple[str, ...], suffix: str = "") -> None:
        self._page, self._address, self._folder, self._only, self._suffix = page, address, folder, only, suffix

    def take(self, name: str, *, full: bool = False) -> None:
        if not self._only or name in self._only:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._page.wait_for_timeout(250)
            self._page.screenshot(path=self._folder / f"{name}{self._suffix}.png", full_page=full)

    def visit(self, path: str, name: str, *, full: bool = False) -> None:
        self._page.goto(self._address + path)
        self.take(name, full=full)


def sign_in(page: Page, address: str) -> None:
    page.goto(address + "/sign-in")
    page.get_by_label("Mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def connect(page: Page, address: str, camera: Photographer) -> None:
    page.goto(address + "/integrations")
    camera.take("integrations-empty")
    if page.get_by_role("link", name="Connect Stripe").count():
        page.get_by_role("link", name="Connect Stripe").click()
        page.get_by_label("Public Key").fill(PUBLIC_KEY)
        page.get_by_label("Secret Key").fill(SECRET_KEY)
        camera.take("connect")
        page.get_by_role("button", name="Look at the account").click()
        expect(page.get_by_role("button", name="Connect this account")).to_be_visible()
        camera.take("connect-found")
        page.get_by_role("button", name="Connect this account").click()
        expect(page.get_by_role("button", name="VERIFY")).to_be_visible()
        camera.take("connected")
        page.get_by_role("button", name="VERIFY").click()
        expect(page.locator("#status")).to_have_text("VERIFIED", timeout=30_000)
        camera.take("verifying")
    page.goto(address + "/integrations/stripe")
    expect(page.locator("#backfill")).to_contain_text("Complete", timeout=90_000)
    expect(page.locator("#endpoint")).to_contain_text("Active", timeout=90_000)


def let_a_payment_fail(page: Page, address: str, sandbox: str) -> None:
    page.goto(address + "/runs")
    if page.locator("#rows a.row-link").count() == 0:
        command = [sys.executable, str(ROOT / "examples" / "failed_payment.py")]
        subprocess.run(command, check=True, env={**os.environ, "SANDBOX_URL": sandbox}, stdout=subprocess.DEVNULL)


def walk(page: Page, camera: Photographer, address: str) -> None:
    """Every page, and the first entry of each list."""
    camera.visit("/", "overview")
    camera.visit("/integrations", "integrations")
    camera.visit("/integrations/stripe", "integration")
    for name, one in (
        ("customers", "customer"),
        ("payments", "payment"),
        ("coupons", "coupon"),
        ("events", "event"),
        ("workflows", "workflow"),
        ("runs", "run"),
        ("mails", "mail"),
    ):
        camera.visit(f"/{name}", name)
        first = page.locator("a.row-link").first
        if first.count():
            page.goto(address + str(first.get_attribute("href")))
            camera.take(one, full=one == "run" and not DOCUMENTED)
    camera.visit("/settings/api-keys", "keys")


def automation(page: Page, camera: Photographer, address: str) -> None:
    """A draft with two mistakes, a back-test, and a refund that asks for a yes."""
    draft = files("tillwright.examples").joinpath("dunning.yaml").read_text()
    page.goto(address + "/workflows/new")
    page.get_by_label("Definition").fill(
        draft.replace("object.customer_email != null", "object.customer_mail != null").replace(
            "pay_invoice", "pay_invoce"
        )
    )
    page.locator("#drawing").get_by_role("button", name="line 9").click()
    camera.take("workflow-editor")
    page.goto(address + "/workflows")
    page.get_by_role("link", name="Win back failed payment").click()
    page.get_by_role("button", name="Back-test").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    camera.take("backtest")
    page.goto(address + "/approvals")
    if page.locator("a.row-link").count() == 0:
        ask_for_a_refund(page, address)
    page.goto(address + "/approvals")
    page.locator("a.row-link").first.click()
    camera.take("approval")


def ask_for_a_refund(page: Page, address: str) -> None:
    page.goto(address + "/payments")
    charge = None
    for row in page.locator("#rows a.row-link").all():
        shown = page.request.get(address + str(row.get_attribute("href"))).text()
        if found := re.search(r"\bch_\w+", shown):
            charge = found[0]
            break
    page.goto(address + "/workflows/templates/refund_with_approval")
    page.get_by_role("button", name="Start").or_(page.get_by_role("link", name="Added")).first.click()
    page.get_by_label("Charge").fill(str(charge))
    page.get_by_label("Amount").fill("8940")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("is awaited").first).to_be_visible(timeout=30_000)


def templates(page: Page, address: str, folder: Path) -> None:
    """The graph of each workflow that comes with the package."""
    folder.mkdir(parents=True, exist_ok=True)
    page.goto(address + "/workflows/templates")
    # So high that nothing has to be scrolled: what stays at the top would cover the graph.
    before = page.viewport_size
    page.set_viewport_size({"width": 1280, "height": 3000})
    names = [str(card.get_attribute("data-template")) for card in page.locator("[data-template]").all()]
    for name in names:
        page.goto(f"{address}/workflows/templates/{name}")
        page.locator("[data-graph]").screenshot(path=folder / f"{name}.png")
    if before:
        page.set_viewport_size(before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="http://127.0.0.1:8420")
    parser.add_argument("--sandbox", default="http://127.0.0.1:8421")
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "pictures")
    parser.add_argument("--all", action="store_true", help="every page, not only those the documentation shows")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1280)
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(
            viewport={"width": arguments.width, "height": 800},
            color_scheme="dark" if arguments.dark else "light",
            reduced_motion="reduce",
        )
        page.on(
            "console",
            lambda message: message.type == "error" and print("console:", page.url, message.location, message.text),
        )
        page.on("pageerror", lambda error: print("page error:", error))
        only = () if arguments.all else DOCUMENTED
        camera = Photographer(page, arguments.address, arguments.into, only, "-dark" if arguments.dark else "")
        page.goto(arguments.address + "/sign-in")
        camera.take("sign-in")
        sign_in(page, arguments.address)
        camera.take("overview-empty")
        connect(page, arguments.address, camera)
        templates(page, arguments.address, arguments.into / "templates")
        let_a_payment_fail(page, arguments.address, arguments.sandbox)
        automation(page, camera, arguments.address)
        walk(page, camera, arguments.address)
        browser.close()


if __name__ == "__main__":
    main()
