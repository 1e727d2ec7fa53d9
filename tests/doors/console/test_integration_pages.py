"""Connecting Stripe, verifying it, and leaving again, as a person sees it."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.doors.console.conftest import Person, text_of
from tests.sandbox.conftest import Sandbox

PATH = "/integrations/stripe"
CONNECT = PATH + "/connect"


async def connect(person: Person, public: str, secret: str, *, part: bool = True, **more: str) -> httpx.Response:
    return await person.send(CONNECT, seen="/integrations", part=part, publishableKey=public, secretKey=secret, **more)


async def look_and_connect(person: Person, sandbox: Sandbox, *, part: bool = True) -> httpx.Response:
    found = await connect(person, sandbox.publishable_key, sandbox.restricted_key, part=part)
    assert found.status_code == 200
    assert f"Northwind Demo TEST {sandbox.account}" in text_of(found.text)
    assert sandbox.restricted_key not in found.text
    assert await person.house.integrations.list(person.principal) == [], "a look saves nothing"
    confirmed = re.search(r'name="confirmed" value="([^"]+)"', found.text)
    assert confirmed
    keys = (sandbox.publishable_key, sandbox.restricted_key)
    # The clock stands still here, so that waiting for the rate budget takes none; it fills in real time.
    async with person.house.database.open() as tx:
        await tx.execute("delete from rate_buckets")
    return await connect(person, *keys, part=part, confirmed=confirmed[1])


async def test_the_dialog_asks_for_two_keys_and_says_where_they_are(ada: Person) -> None:
    page = await ada.see("/integrations")
    words = text_of(page.text)
    assert "Connect Stripe" in words
    assert re.findall(r'<input id="\S+" name="(\w+)"', page.text) == ["publishableKey", "secretKey"]
    assert "Public Key" in words
    assert "Secret Key" in words
    assert 'href="https://dashboard.stripe.com/apikeys"' in page.text
    assert "https://dashboard.stripe.com/apikeys/create?name=Tillwright&amp;permissions%5B%5D=rak_" in page.text
    assert "rak_coupon_write" in words
    assert "NOT CONNECTED" in words


async def test_connect_then_verify(ada: Person, stripe_sandbox: Sandbox) -> None:
    done = await look_and_connect(ada, stripe_sandbox)
    assert (done.status_code, done.headers["hx-redirect"]) == (200, "/integrations/stripe?done=connected")
    page = await ada.see("/integrations/stripe?done=connected")
    words = text_of(page.text)
    assert "Stripe is connected. Verify the connection next." in words
    assert "NOT VERIFIED YET" in words
    assert "Press VERIFY." in words
    assert stripe_sandbox.restricted_key not in page.text

    verified = await ada.send("/integrations/stripe/verify", seen="/integrations/stripe", part=True)
    words = text_of(verified.text)
    assert verified.status_code == 200
    assert "Northwind Demo VERIFIED TEST" in words
    assert stripe_sandbox.account in words
    assert "rak_coupon_write" in words
    assert 'data-right="rak_coupon_write" data-state="ok"' in verified.text
    assert "<html" not in verified.text, "htmx is given the part it replaces"
    assert 'title="Stripe test mode: no real money">TEST' in (await ada.see("/customers")).text


async def test_the_look_says_what_is_missing_and_binds_what_is_saved(ada: Person, stripe_sandbox: Sandbox) -> None:
    stripe_sandbox.world.add_key(
        "rk_test_sandbox_some", stripe_sandbox.account, ["customer_write", "payment_method_write"], "some"
    )
    looked = await connect(ada, stripe_sandbox.publishable_key, "rk_test_sandbox_some")
    assert (looked.headers["hx-retarget"], looked.headers["hx-reswap"]) == ("#connect-found", "outerHTML")
    words = text_of(looked.text)
    assert "The key lacks 23 permissions" in words
    assert "rak_balance_read" in words
    live = await connect(
        ada, "pk_live_sandbox_northwind", "rk_live_sandbox_northwind", confirmed=f"{stripe_sandbox.account} test"
    )
    assert "LIVE" in text_of(live.text), "what is there now is shown, and not saved under the old look"
    assert await ada.house.integrations.list(ada.principal) == []


async def test_reports_are_kept_and_compared(ada: Person, stripe_sandbox: Sandbox) -> None:
    assert "No report yet" in text_of((await reports_of(ada, stripe_sandbox)).text)
    await ada.house.verification.verify(ada.principal)
    key = stripe_sandbox.world.keys.named(stripe_sandbox.restricted_key)
    held, key.rights = key.rights, key.rights - {"coupon_write"} if key.rights else frozenset({"customer_write"})
    await ada.send("/integrations/stripe/verify", seen="/integrations/stripe", part=True)
    key.rights = held
    page = await ada.see("/integrations/stripe/reports")
    words = text_of(page.text)
    assert "The outcome was VERIFIED, now NOT_VERIFIED." in words
    found = re.search(r'href="(/integrations/stripe/reports/vrf_\w+)"', page.text)
    assert found
    one = await ada.see(found[1])
    assert 'data-right="rak_balance_read"' in one.text
    assert (await ada.see("/integrations/stripe/reports/vrf_none")).status_code == 404


async def reports_of(person: Person, sandbox: Sandbox) -> httpx.Response:
    await person.connect(sandbox, verify=False)
    return await person.see("/integrations/stripe/reports")


async def test_it_works_without_scripts(ada: Person, stripe_sandbox: Sandbox) -> None:
    assert "Public Key" in text_of((await ada.see(CONNECT)).text)
    refused = await connect(ada, "nonsense", "nonsense", part=False)
    assert refused.status_code == 422
    assert "<html" in refused.text
    done = await look_and_connect(ada, stripe_sandbox, part=False)
    assert (done.status_code, done.headers["location"]) == (303, "/integrations/stripe?done=connected")
    verified = await ada.send("/integrations/stripe/verify", seen="/integrations/stripe")
    assert verified.headers["location"] == "/integrations/stripe"
    assert "VERIFIED" in text_of((await ada.see("/integrations/stripe")).text)


@pytest.mark.parametrize(
    ("public", "secret", "said", "field"),
    [
        ("{pk}", "{pk}", "This is a public key; the secret key goes here.", "secret-key"),
        ("{rk}", "{pk}", "in each other's field", "publishable-key"),
        ("{pk}", "", "The secret key is missing.", "secret-key"),
        ("", "", "The public key is missing.", "publishable-key"),
        ("{pk}", " {rk}", "came with spaces or quotation marks", "secret-key"),
        ("{pk}", "rk_test_sandbox_nobody", "", "secret-key"),
        ("{pk}", "rk_live_sandbox_northwind", "of test mode and the secret key of live mode", "secret-key"),
        ("pk_test_sandbox_acme", "{rk}", "two different Stripe accounts", "publishable-key"),
    ],
)
async def test_refused_with_what_to_do_and_nothing_saved(
    ada: Person, stripe_sandbox: Sandbox, public: str, secret: str, said: str, field: str
) -> None:
    keys = {"pk": stripe_sandbox.publishable_key, "rk": stripe_sandbox.restricted_key}
    answer = await connect(ada, public.format(**keys), secret.format(**keys))
    assert 400 <= answer.status_code < 500
    words = text_of(answer.text)
    assert said in words
    assert f'id="{field}-problem" role="alert"' in answer.text, "the complaint stands beside its field"
    assert 'aria-invalid="true"' in answer.text
    sent = secret.format(**keys)
    assert not sent.strip() or sent.strip() == keys["pk"] or f'value="{sent}"' not in answer.text
    assert stripe_sandbox.restricted_key not in answer.text or public == "{rk}"
    assert await ada.house.integrations.list(ada.principal) == []


async def test_what_was_typed_comes_back_escaped(ada: Person) -> None:
    answer = await connect(ada, '"><script>alert(1)</script>', "x")
    assert "<script>alert" not in answer.text


async def test_stripe_out_of_reach(ada: Person, stripe_sandbox: Sandbox) -> None:
    rule = stripe_sandbox.world.faults.add(kind="html", status=503)
    answer = await connect(ada, stripe_sandbox.publishable_key, stripe_sandbox.restricted_key)
    assert answer.status_code == 502
    assert rule.fired
    assert "Stripe" in text_of(answer.text)
    assert stripe_sandbox.publishable_key in answer.text, "the public key need not be typed again"
    assert stripe_sandbox.restricted_key not in answer.text
    assert await ada.house.integrations.list(ada.principal) == []


async def test_a_missing_right_is_named(ada: Person, stripe_sandbox: Sandbox) -> None:
    stripe_sandbox.world.add_key(
        "rk_test_sandbox_fewer",
        stripe_sandbox.account,
        ["customer_write", "payment_method_write", "payment_intent_write", "connected_account_read"],
        "fewer",
    )
    await ada.connect(stripe_sandbox, secret="rk_test_sandbox_fewer", verify=False)
    answer = await ada.send("/integrations/stripe/verify", seen="/integrations/stripe", part=True)
    assert "NOT VERIFIED" in text_of(answer.text)
    assert 'data-right="rak_coupon_write" data-state="missing"' in answer.text
    assert 'data-right="rak_customer_write" data-state="ok"' in answer.text
    rows = answer.text.split("<tbody>")[1]
    assert rows.index('data-state="missing"') < rows.index('data-state="ok"'), "what must be mended comes first"


async def test_the_parts_that_are_asked_for_again(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox)
    waiting = await ada.see("/integrations/stripe/backfill", part=True)
    assert 'hx-trigger="every 1s"' in waiting.text
    stripe_sandbox.client.v1.customers.create({"name": "Grace"})
    await ada.fill()
    done = await ada.see("/integrations/stripe/backfill", part=True)
    assert 'data-kind="customer" data-state="DONE"' in done.text
    assert "hx-trigger" not in done.text, "nothing is left to wait for"

    assert 'hx-trigger="every 2s"' in (await ada.see("/integrations/stripe/endpoint", part=True)).text
    await ada.house.webhooks.register(ada.principal.organisation_id)
    active = await ada.see("/integrations/stripe/endpoint", part=True)
    assert "Active" in text_of(active.text)
    assert "hx-trigger" not in active.text


async def test_leaving_needs_the_name(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox)
    await ada.fill()
    page = (await ada.see("/integrations/stripe")).text
    assert 'hx-get="/integrations/stripe/deletion"' in page, "the dialog counts when it opens"
    counts = text_of((await ada.see("/integrations/stripe/deletion")).text)
    assert "Sealed keys 1" in counts
    assert "Mirrored objects" not in counts, "there are none to lose"
    refused = await ada.send("/integrations/stripe/disconnect", seen="/integrations/stripe", confirm="northwind?")
    assert refused.status_code == 422
    assert "Nothing was disconnected" in text_of(refused.text)
    assert len(await ada.house.integrations.list(ada.principal)) == 1
    done = await ada.send("/integrations/stripe/disconnect", seen="/integrations/stripe", confirm="Northwind")
    words = text_of(done.text)
    assert "Sealed keys were shredded." in words
    assert "NOT CONNECTED" in words
    assert await ada.house.integrations.list(ada.principal) == []
    assert (await ada.see("/integrations/stripe")).status_code == 404


async def test_the_endpoint_of_users_accounts_is_shown_once_there_can_be_some(
    ada: Person, stripe_sandbox: Sandbox
) -> None:
    await ada.connect(stripe_sandbox)
    await ada.house.webhooks.registration_step()
    assert "For users’ own accounts" not in (await ada.see(PATH)).text
    integration = await ada.house.integrations.get(ada.principal)
    wanted = {"connect_client_id": "ca_northwindsandbx"}
    await ada.house.integrations.update(ada.principal, expected_version=integration.version, settings=wanted)
    assert "Being made" in text_of((await ada.see(PATH)).text.split('id="connect-endpoint"')[1])
    await ada.house.webhooks.registration_step()
    shown = text_of((await ada.see(f"{PATH}/endpoint", part=True)).text.split('id="connect-endpoint"')[1])
    assert "Active" in shown
    assert "we_" in shown
