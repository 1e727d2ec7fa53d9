"""Editing, pausing and a new key, as a person sees it."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.doors.console.conftest import Person, text_of
from tests.sandbox.conftest import Sandbox
from tillwright.domains.verification.permissions import wanted_rights

EDIT = "/integrations/stripe/edit"
WANTED = [right.removeprefix("rak_") for right in wanted_rights()]


async def edit(person: Person, **fields: str) -> httpx.Response:
    now = await person.house.integrations.get(person.principal)
    typed = {
        "version": str(now.version),
        "daysBeforeEntitlementEnd": "30",
        "daysBeforeEntitlementRenewal": "7",
        "displayName": "",
        "connectClientId": "",
    }
    return await person.send(EDIT, seen=EDIT, **(typed | fields))


async def test_the_form_shows_what_is_and_saves_what_is_typed(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox, verify=False)
    page = await ada.see(EDIT)
    assert 'name="daysBeforeEntitlementEnd" type="text" value="30"' in page.text
    saved = await edit(
        ada,
        daysBeforeEntitlementEnd="45",
        enableEntitlementEndSoonNotification="on",
        displayName="Shop <b>",
        connectClientId="ca_abcdefghijkl",
    )
    assert (saved.status_code, saved.headers["location"]) == (303, "/integrations/stripe?done=edited")
    settings = (await ada.house.integrations.get(ada.principal)).settings
    assert settings.days_before_entitlement_end == 45
    assert settings.enable_entitlement_end_soon_notification
    assert not settings.enable_entitlement_renew_soon_notification
    assert (settings.display_name, settings.connect_client_id) == ("Shop <b>", "ca_abcdefghijkl")
    assert "Shop &lt;b&gt;" in (await ada.see("/integrations/stripe")).text


@pytest.mark.parametrize("days", ["9", "61", "10.5", "1e1", "", "ten", "٣٠", "0x20", "-30", "99999999999999999999"])
async def test_days_out_of_range_are_refused_beside_the_field(ada: Person, stripe_sandbox: Sandbox, days: str) -> None:
    await ada.connect(stripe_sandbox, verify=False)
    refused = await edit(ada, daysBeforeEntitlementEnd=days, displayName="kept as typed")
    assert refused.status_code == 422
    assert 'id="days-problem" role="alert"' in refused.text
    assert "whole number from 10 to 60" in text_of(refused.text)
    assert "kept as typed" in refused.text
    assert (await ada.house.integrations.get(ada.principal)).version == 1


async def test_every_complaint_at_once(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox, verify=False)
    refused = await edit(ada, daysBeforeEntitlementEnd="9", displayName="x" * 101, connectClientId="pk_test_1")
    assert {"days-problem", "display-name-problem", "client-id-problem"} <= set(
        re.findall(r'id="([\w-]+-problem)"', refused.text)
    )


async def test_the_second_of_two_editors_is_told_who_was_first(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox, verify=False)
    await edit(ada, displayName="first")
    second = await edit(ada, displayName="second", version="1")
    assert second.status_code == 409
    words = text_of(second.text)
    assert "Ada changed this integration while you were editing it." in words
    assert "Load it again" in words
    assert (await ada.house.integrations.get(ada.principal)).settings.display_name == "first"


async def test_pause_and_resume(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox)
    paused = await ada.send("/integrations/stripe/pause", seen="/integrations/stripe", version="1")
    page = await ada.see(paused.headers["location"])
    assert "PAUSED" in text_of(page.text)
    assert "makes no call with its key" in text_of(page.text)
    await ada.send("/integrations/stripe/resume", seen="/integrations/stripe", version="2")
    assert 'id="paused"' not in (await ada.see("/integrations/stripe")).text


async def test_a_new_key(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(
        stripe_sandbox, secret=stripe_sandbox.world.keys.create(stripe_sandbox.account, False, WANTED).secret
    )
    fewer = stripe_sandbox.world.keys.create(stripe_sandbox.account, False, WANTED[1:]).secret
    key = "/integrations/stripe/key"
    async with ada.house.database.open() as tx:
        await tx.execute("delete from rate_buckets")  # they fill in real time, and the clock stands still
    refused = await ada.send(key, seen=key, version="1", secretKey=fewer)
    assert refused.status_code == 409
    assert f"it lacks {wanted_rights()[0]}" in text_of(refused.text)
    assert fewer not in refused.text
    new = stripe_sandbox.world.keys.create(stripe_sandbox.account, False, WANTED).secret
    async with ada.house.database.open() as tx:
        await tx.execute("delete from rate_buckets")
    done = await ada.send(key, seen=key, version="1", secretKey=new)
    page = await ada.see(done.headers["location"])
    assert f"…{new[-4:]}" in page.text
    assert "Earlier key, good until" in text_of(page.text)
    await ada.send("/integrations/stripe/end-overlap", seen="/integrations/stripe")
    assert "Earlier key" not in (await ada.see("/integrations/stripe")).text
