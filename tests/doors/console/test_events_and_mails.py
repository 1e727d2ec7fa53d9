"""Events as they came in, and mails as they went out."""

from __future__ import annotations

import re

import pytest

from tests.domains.automation.stage import unpaid_invoice
from tests.doors.console.conftest import PASSWORD, Person, text_of
from tests.sandbox.conftest import Sandbox
from tillwright.domains.mirror.model import FetchedCopy
from tillwright.domains.webhooks.envelope import LARGEST_BODY


async def queue(person: Person, html: str | None = None) -> str:
    async with person.house.database.tenant(person.principal.organisation_id) as tx:
        message = await person.house.notifications.queue(
            tx,
            person.principal.organisation_id,
            key="one",
            to="grace@example.com",
            subject="Your <b>code</b>",
            text="Hello Grace",
            html=html,
        )
    return message.id


async def test_an_event_is_shown_as_stripe_sent_it(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox)
    assert "No events yet" in text_of((await ada.see("/events")).text)
    raw = b'{"id":"evt_1","object":"event","type":"customer.updated","note":"<script>"}'
    assert len(raw) < LARGEST_BODY
    async with ada.house.database.tenant(ada.principal.organisation_id) as tx:
        await tx.execute(
            "insert into stripe_events (organisation_id, id, livemode, type, created, received, object_type, "
            "object_id, raw) values (%s, 'evt_1', false, 'customer.updated', now(), now(), 'customer', 'cus_1', %s)",
            (ada.principal.organisation_id, raw),
        )
    for query in ("", "?q=customer.", "?q=customer.*", "?q=cus_1", "?q=customer"):
        page = await ada.see(f"/events{query}")
        assert 'href="/events/evt_1"' in page.text, query
    assert "No event matches" in text_of((await ada.see("/events?q=invoice.*")).text)
    page = await ada.see("/events/evt_1")
    assert '"note": "<script>"' in text_of(page.text)
    assert "<script>&#34;" not in page.text
    assert 'href="/customers/cus_1"' in page.text
    assert (await ada.see("/events/evt_2")).status_code == 404


async def test_events_are_found_by_customer_and_day(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox)
    organisation = ada.principal.organisation_id
    invoice = {"id": "in_1", "object": "invoice", "customer": "cus_1", "status": "open"}
    copy = FetchedCopy(False, "invoice", "in_1", None, ada.house.clock.now(), False, invoice)
    async with ada.house.database.tenant(organisation) as tx:
        await ada.house.mirror.keep(tx, organisation, [copy])
        for day, event, kind, about in (
            (1, "evt_a", "invoice.created", "in_1"), (2, "evt_b", "customer.updated", "cus_1"),
            (3, "evt_c", "invoice.created", "in_2"),
        ):  # fmt: skip
            await tx.execute(
                "insert into stripe_events (organisation_id, id, livemode, type, created, received, object_type, "
                "object_id, raw) values (%s, %s, false, %s, %s, now(), %s, %s, '{}')",
                (organisation, event, kind, f"2027-01-0{day}T23:59:59Z", kind.partition(".")[0], about),
            )
    for query, found in (
        ("q=cus_1", ["evt_b", "evt_a"]), ("q=in_1", ["evt_a"]), ("from=2027-01-02", ["evt_c", "evt_b"]),
        ("to=2027-01-02", ["evt_b", "evt_a"]), ("q=invoice.*&from=2027-01-02&to=2027-01-03", ["evt_c"]),
        ("q=cus_2", []), ("from=nonsense", ["evt_c", "evt_b", "evt_a"]),
    ):  # fmt: skip
        page = await ada.see(f"/events?{query}")
        assert re.findall(r'href="/events/(evt_\w+)"', page.text) == found, query


async def test_an_event_is_replayed_to_workflows_that_were_not_there(ada: Person, stripe_sandbox: Sandbox) -> None:
    invoice = unpaid_invoice(stripe_sandbox)
    await ada.connect(stripe_sandbox)
    await ada.fill()
    organisation = ada.principal.organisation_id
    async with ada.house.database.tenant(organisation) as tx:
        await tx.execute(
            "insert into stripe_events (organisation_id, id, livemode, type, created, received, object_type, "
            "object_id, raw) values (%s, 'evt_1', false, 'invoice.payment_failed', now(), now(), 'invoice', %s, '{}')",
            (organisation, invoice["id"]),
        )
    assert "It started no run." in text_of((await ada.see("/events/evt_1")).text)
    done = await ada.send("/events/evt_1/replay", seen="/events/evt_1")
    assert done.headers["location"] == "/events/evt_1?done=event-known"
    await ada.house.automation.save_example(ada.principal, "win_back_failed_payment", activate=True)
    done = await ada.send("/events/evt_1/replay", seen="/events/evt_1")
    assert done.headers["location"] == "/events/evt_1?done=event-replayed"
    page = await ada.see("/events/evt_1?done=event-replayed")
    (run,) = re.findall(r'href="/runs/(run_\w+)"', page.text)
    assert f'href="/runs/{run}"' in (await ada.see(f"/customers/{invoice['customer']}")).text
    # Once more is not twice.
    done = await ada.send("/events/evt_1/replay", seen="/events/evt_1")
    assert done.headers["location"] == "/events/evt_1?done=event-known"
    assert len((await ada.house.automation.runs(ada.principal)).items) == 1


async def test_a_mail_is_listed_and_read(ada: Person) -> None:
    assert "No mails yet" in text_of((await ada.see("/mails")).text)
    message = await queue(ada)
    words = text_of((await ada.see("/mails")).text)
    assert "Your <b>code</b> grace@example.com Pending" in words
    page = await ada.see(f"/mails/{message}")
    assert "Hello Grace" in text_of(page.text)
    assert "<iframe" not in page.text
    assert (await ada.see(f"/mails/{message}/body")).status_code == 404


async def test_a_mails_own_markup_is_held_in_a_sandbox(ada: Person) -> None:
    message = await queue(ada, html="<p style='color:red'>Hi</p><script>parent.alert(1)</script>")
    page = await ada.see(f"/mails/{message}")
    assert f'<iframe src="/mails/{message}/body" sandbox=""' in page.text
    assert "parent.alert" not in page.text
    body = await ada.see(f"/mails/{message}/body")
    assert body.text.startswith("<p style")
    policy = body.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy


async def test_another_organisation_reads_none_of_it(ada: Person) -> None:
    message = await queue(ada)
    await ada.house.tenancy.create_organisation("Acme", "eve@example.com", PASSWORD)
    await ada.send("/sign-out")
    await ada.sign_in("eve@example.com")
    assert "grace@example.com" not in (await ada.see("/mails")).text
    for path in (f"/mails/{message}", f"/mails/{message}/body"):
        assert (await ada.see(path)).status_code == 404


@pytest.mark.parametrize("url", ["http://127.0.0.1:9"])
async def test_a_silent_sink_is_said_and_the_page_still_shown(ada: Person, url: str) -> None:
    from tillwright.doors.console import sink
    from tillwright.kit.errors import Upstream

    with pytest.raises(Upstream, match="mail sink does not answer"):
        await sink.delivered(url)
