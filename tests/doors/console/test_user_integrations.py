"""A person's own Stripe: what is missing is said, connect leads to Stripe and back to a name, delete ends it."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

import httpx

from tests.doors.console.conftest import Person, text_of
from tests.sandbox.conftest import Sandbox
from tillwright_sandbox.world import ACME

PATH = "/settings/user-integrations"


async def set_client_id(ada: Person) -> httpx.Response:
    return await ada.send(f"{PATH}/stripe/client-id", seen=PATH, connectClientId="ca_northwindsandbx")


async def to_stripe(ada: Person, account: str = ACME, decision: str = "connect") -> str:
    """Press Connect Stripe, then the button there; the path and query the browser is sent back to."""
    page = await ada.send(f"{PATH}/stripe/connect", seen=PATH)
    assert page.status_code == 200
    onward = html.unescape(re.search(r'id="onward"[^>]* href="([^"]+)"', page.text)[1])  # type: ignore[index]
    assert f'content="0; url={html.escape(onward)}"' in page.text
    async with httpx.AsyncClient() as browser:
        there = await browser.get(onward)
        form = dict(re.findall(r'"hidden" name="(\w+)" value="([^"]*)"', there.text))
        form = {name: html.unescape(value) for name, value in form.items()}
        asked = onward.split("?")[0]
        answer = await browser.post(asked, data=form | {"account": account, "decision": decision})
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


async def test_what_is_missing_is_said_and_an_administrator_can_add_it(ada: Person, stripe_sandbox: Sandbox) -> None:
    page = text_of((await ada.see(PATH)).text)
    assert "has not connected its own Stripe account" in page
    assert "Connect Stripe" not in page.replace("Connect it", "")
    await ada.connect(stripe_sandbox, verify=False)
    assert "has no Connect client id" in text_of((await ada.see(PATH)).text)
    bad = await ada.send(f"{PATH}/stripe/client-id", seen=PATH, connectClientId="sk_test_x")
    assert bad.status_code == 422
    saved = await set_client_id(ada)
    assert saved.headers["location"] == f"{PATH}?done=client-id-saved"
    assert "Connect Stripe" in text_of((await ada.see(PATH)).text)


async def test_there_and_back_again(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox, verify=False)
    await set_client_id(ada)
    came = await ada.see(await to_stripe(ada))
    assert came.status_code == 303
    assert "state" not in came.headers["location"]
    shown = text_of((await ada.see(came.headers["location"])).text)
    assert f"Connected to Acme Demo {ACME} in test mode." in shown
    connection = re.search(r"con_\w+", came.headers["location"])[0]  # type: ignore[index]
    ended = await ada.send(f"{PATH}/{connection}/disconnect", seen=PATH)
    assert ended.headers["location"] == f"{PATH}?done=account-disconnected"
    assert "Connect Stripe" in text_of((await ada.see(PATH)).text)
    assert not stripe_sandbox.world.connect.grants


async def test_a_no_and_a_forged_answer_are_said_and_link_nothing(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox, verify=False)
    await set_client_id(ada)
    denied = await ada.see(await to_stripe(ada, decision="no"))
    assert (denied.status_code, "You did not give access at Stripe" in denied.text) == (403, True)
    forged = await ada.see(f"{PATH}/stripe/callback?state=x&code=ac_x")
    assert (forged.status_code, "does not belong to a connection" in text_of(forged.text)) == (403, True)
    assert not stripe_sandbox.world.connect.grants


async def test_with_stripe_down_the_page_shows_what_is_owed(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox, verify=False)
    await set_client_id(ada)
    came = await ada.see(await to_stripe(ada))
    connection = re.search(r"con_\w+", came.headers["location"])[0]  # type: ignore[index]
    stripe_sandbox.world.faults.add(kind="status", path="/oauth/deauthorize", status=503)
    ended = await ada.send(f"{PATH}/{connection}/disconnect", seen=PATH)
    assert ended.headers["location"] == f"{PATH}?done=account-disconnected-here"
    shown = text_of((await ada.see(PATH)).text)
    assert "Still to be taken back at Stripe" in shown
    assert ACME in shown
