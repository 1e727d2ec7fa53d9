"""The switch between test and live, and the test copy, as a person sees them."""

from __future__ import annotations

import re

from tests.doors.console.conftest import Person, text_of
from tests.sandbox.conftest import Sandbox

SWITCH = "/integrations/stripe/switch"
LIVE = {"publishableKey": "pk_live_sandbox_northwind", "secretKey": "rk_live_sandbox_northwind"}


async def test_look_then_switch(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox, verify=False)
    assert "Runs under way finish against the test keys" in text_of((await ada.see(SWITCH)).text)
    looked = await ada.send(SWITCH, seen=SWITCH, part=True, **LIVE)
    assert looked.headers["hx-retarget"] == "#switch-found"
    words = text_of(looked.text)
    assert "Northwind Demo LIVE" in words
    assert "Every Stripe id that your workflows name is there." in words
    assert LIVE["secretKey"] not in looked.text
    confirmed = re.search(r'name="confirmed" value="([^"]+)"', looked.text)
    assert confirmed
    async with ada.house.database.open() as tx:
        await tx.execute("delete from rate_buckets")  # they fill in real time, and the clock stands still
    done = await ada.send(SWITCH, seen=SWITCH, part=True, confirmed=confirmed[1], version="1", **LIVE)
    assert done.headers["hx-redirect"] == "/integrations/stripe?done=switched"
    page = await ada.see("/integrations/stripe?done=switched")
    assert 'title="Stripe live mode: real money">LIVE' in page.text
    assert "Earlier key, good until" in text_of(page.text)


async def test_the_same_mode_is_refused(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox, verify=False)
    keys = {"publishableKey": stripe_sandbox.publishable_key, "secretKey": stripe_sandbox.restricted_key}
    refused = await ada.send(SWITCH, seen=SWITCH, part=True, **keys)
    assert refused.status_code == 409
    assert "which is connected already" in text_of(refused.text)


async def test_a_test_copy(ada: Person) -> None:
    page = await ada.see("/settings/test-copy")
    assert 'value="Northwind (test)"' in page.text
    assert (await ada.send("/settings/test-copy", name=" ")).status_code == 422
    done = await ada.send("/settings/test-copy", name="Northwind (test)")
    there = await ada.see(done.headers["location"])
    assert "This is the test copy." in text_of(there.text)
    assert "Northwind (test)" in text_of(there.text)
