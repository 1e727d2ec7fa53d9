"""Settings → Notifications, the page behind an unsubscribe link, and every scope's mail in a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.doors.console.conftest import EMAIL, PASSWORD, Person, text_of
from tests.journeys.browsing import FLAGS, chromium
from tillwright.domains.notifications.catalogue import catalogue
from tillwright.domains.notifications.optouts.service import Link
from tillwright.domains.notifications.templates import Frame, render

HOME = "/settings/notifications"
SCOPE = f"{HOME}/END_SOON.ENTITLEMENT"


@asynccontextmanager
async def browsing(width: int = 1280) -> AsyncIterator[tuple[Page, list[str]]]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = await browser.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        try:
            yield page, complaints
        finally:
            await browser.close()


def folder(tmp_path: Path) -> Path:
    """Where pictures are kept for a person to look at: PICTURES=folder, or nowhere that lasts."""
    return Path(os.environ.get("PICTURES") or tmp_path)


async def test_the_routing_table_names_every_scope(ada: Person) -> None:
    page = await ada.see(HOME)
    assert page.status_code == 200
    for scope in catalogue().values():
        assert scope.title in text_of(page.text)
    assert "nobody yet" in page.text


async def test_a_scope_is_saved_checked_and_brought_back(ada: Person) -> None:
    fields = {"enabled": "1", "channel_EMAIL": "1", "to": "ops@example.com, boss@example.com", "cc": "", "bcc": ""}
    done = await ada.send(SCOPE, seen=SCOPE, **fields, subject="Hey {{ name }}", body="It ends.")
    assert done.status_code == 303
    assert "ops@example.com" in (await ada.see(HOME)).text
    wrong = await ada.send(SCOPE, seen=SCOPE, **(fields | {"to": "nobody"}), subject="{{ x }}", body="a\n{{ y }}")
    assert wrong.status_code == 422
    for said in ("no contact", "Line 1: there is no merge tag", "Line 2: there is no merge tag"):
        assert said in text_of(wrong.text)
    assert "{{ y }}" in wrong.text, "what was typed is not lost"
    shown = await ada.send(f"{SCOPE}/preview", seen=SCOPE, subject="S <b>", body="# Hello {{ name }}")
    assert "Hello Pro plan for Acme" in shown.text
    assert "S &lt;b&gt;" in shown.text
    assert "sandbox" in shown.headers["content-security-policy"]
    back = await ada.send(SCOPE, seen=SCOPE, **fields, words="own")
    assert back.status_code == 303
    assert "ends in 30 days" in (await ada.see(f"{SCOPE}/preview")).text


async def test_quiet_hours_and_the_master_switch(ada: Person) -> None:
    fields = {"quiet": "1", "quiet_from": "22:30", "quiet_to": "07:00", "digest_hour": "9"}
    assert (await ada.send(HOME, seen=HOME, **fields)).status_code == 303
    held = await ada.house.notices.configurations.get(ada.principal)
    assert vars(held.settings) == {"enabled": False, "digest_hour": 9, "quiet_from": 1350, "quiet_to": 420}
    assert (await ada.send(HOME, seen=HOME, **(fields | {"quiet_to": "late"}))).status_code == 422


async def test_a_channel_is_set_up_and_its_address_not_shown_again(ada: Person) -> None:
    url = "https://hooks.slack.example/services/T0/very-secret"
    assert (await ada.send(f"{HOME}/channels/SLACK", seen=HOME, url=url)).status_code == 303
    page = (await ada.see(HOME)).text
    assert "hooks.slack.example" in page
    assert "very-secret" not in page
    wrong = await ada.send(f"{HOME}/channels/WEBHOOK", seen=HOME, url="javascript:alert(1)")
    assert wrong.status_code == 422
    assert (await ada.send(f"{HOME}/channels/SLACK/delete", seen=HOME)).status_code == 303
    assert "hooks.slack.example" not in (await ada.see(HOME)).text


async def test_leaving_a_list_by_the_links_page_and_by_one_press(visitor: Person) -> None:
    opt_outs = visitor.house.notices.opt_outs
    link = Link(visitor.principal.organisation_id, "END_SOON.ENTITLEMENT", "a@example.com")
    path = "/" + opt_outs.url(link).split("/", 3)[3]
    for _ in range(2):
        assert "Leave this list?" in (await visitor.see(path)).text, "looking changes nothing"
    done = await visitor.client.post(path, data={"do": "leave"})
    assert "off the list" in done.text
    await visitor.client.post(path, data={"do": "back"})
    assert not await opt_outs.is_out(link)
    done = await visitor.client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert (done.status_code, done.text) == (200, "Unsubscribed.")
    assert await opt_outs.is_out(link)
    assert (await visitor.see(path[:-1])).status_code == 404


@pytest.mark.browser
async def test_a_person_sets_a_scope_up_and_sees_the_mail_change(visitor: Person, tmp_path: Path) -> None:
    base = str(visitor.client.base_url)
    async with browsing() as (page, complaints):
        await page.goto(f"{base}/sign-in")
        await page.get_by_label("Mail address").fill(EMAIL)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.goto(base + HOME)
        await expect(page.get_by_role("heading", name="Notifications")).to_be_visible()
        await page.screenshot(path=folder(tmp_path) / "notices.png", full_page=True)
        await page.get_by_role("link", name="Entitlement ends soon").click()
        await page.get_by_label("To", exact=True).fill("ops@example.com")
        await page.get_by_label("Subject").fill("Look: {{ name }}")
        await expect(page.frame_locator("iframe").get_by_text("Look: Pro plan for Acme")).to_be_visible()
        await page.get_by_label("Subject").fill("Look: {{ nmae }}")
        await expect(page.frame_locator("iframe").get_by_text("no merge tag")).to_be_visible()
        await page.get_by_label("Subject").fill("Look: {{ name }}")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("status")).to_contain_text("saved")
        await page.screenshot(path=folder(tmp_path) / "notice_scope.png", full_page=True)
        await page.set_viewport_size({"width": 390, "height": 800})
        await page.screenshot(path=folder(tmp_path) / "notice_scope-390.png", full_page=True)
        await page.goto(base + HOME)
        await page.screenshot(path=folder(tmp_path) / "notices-390.png")
    assert complaints == []


@pytest.mark.browser
async def test_every_scopes_mail_fits_a_screen_and_a_phone_in_light_and_dark(tmp_path: Path) -> None:
    async with browsing() as (page, complaints):
        for name, scope in catalogue().items():
            drawn = render(
                scope.subject,
                scope.body,
                scope.sample,
                Frame("Northwind", "You are on the list.", "https://x.example/"),
            )
            await page.set_content(drawn.html)
            for scheme, width in (("light", 700), ("dark", 390)):
                await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                await page.set_viewport_size({"width": width, "height": 700})
                wide = await page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{name} is {wide} wide on a screen of {width}"
                await page.screenshot(path=folder(tmp_path) / f"mail-{name}-{scheme}.png")
            shown = await page.inner_text("body")
            assert "{{" not in shown
            assert re.search(r"Open|See", shown), f"{name} has no button"
    assert complaints == []
