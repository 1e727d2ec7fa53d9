"""The life of an integration in a real browser, by keyboard alone, in a demo of its own."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.browsing import browsing
from tests.journeys.test_console import (
    PATIENCE,
    PUBLIC_KEY,
    demo,
    disconnect,
    key_without,
    press,
    retype,
    sign_in,
)

__all__ = ["demo"]
pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.xdist_group("keyboard"), pytest.mark.timeout(400)]


def test_the_whole_life_by_keyboard_alone(demo: tuple[str, str]) -> None:
    """Connect with too few rights, see what is missing, edit, delete; no mouse."""
    secret = key_without(demo[1], "coupon_write")
    with browsing() as (page, complaints):
        sign_in(page, demo[0])
        press(page, page.get_by_role("link", name="Integrations", exact=True))
        if page.get_by_role("link", name="Open").count():
            press(page, page.get_by_role("link", name="Open").first)
            disconnect(page)
            press(page, page.get_by_role("link", name="Integrations", exact=True))
        press(page, page.get_by_role("link", name="Connect Stripe"))
        dialog = page.get_by_role("dialog")
        retype(page, dialog.get_by_label("Public Key"), f" '{PUBLIC_KEY}' ")
        press(page, dialog.get_by_role("button", name="Use it without the spaces and quotation marks"))
        expect(dialog.get_by_label("Public Key")).to_have_value(PUBLIC_KEY)
        retype(page, dialog.get_by_label("Secret Key"), secret)
        page.keyboard.press("Enter")
        expect(page.locator("#connect-found")).to_contain_text("rak_coupon_write", timeout=PATIENCE)
        expect(page.get_by_role("button", name="Connect this account")).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url("**/integrations/stripe?done=connected", timeout=PATIENCE)

        press(page, page.get_by_role("button", name="VERIFY"))
        expect(page.locator("#status")).to_have_text("NOT VERIFIED", timeout=PATIENCE)
        missing = page.locator('[data-state="missing"]').first
        expect(missing).to_be_visible()
        expect(missing).to_contain_text("rak_coupon_write")

        press(page, page.get_by_role("link", name="Edit", exact=True))
        days = page.get_by_label("Days before entitlement end")
        retype(page, days, "9")
        page.keyboard.press("Enter")
        expect(page.locator("#days-problem")).to_contain_text("from 10 to 60")
        expect(days).to_be_focused()
        retype(page, days, "21")
        switch = page.get_by_label("Enable Entitlement End Soon Notification")
        page.keyboard.press("Shift+Tab")
        expect(switch).to_be_focused()
        expect(switch).to_be_checked()  # in a demo notices are on from the start
        page.keyboard.press("Space")
        page.keyboard.press("Space")
        press(page, page.get_by_role("button", name="Save"))
        page.wait_for_url("**/integrations/stripe?done=edited", timeout=PATIENCE)
        press(page, page.get_by_role("link", name="Edit", exact=True))
        expect(days).to_have_value("21")
        expect(switch).to_be_checked()
        press(page, page.get_by_role("link", name="Cancel"))
        disconnect(page)
        assert complaints == []
