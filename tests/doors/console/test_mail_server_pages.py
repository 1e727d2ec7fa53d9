"""The mail server's pages."""

from __future__ import annotations

from tests.doors.console.conftest import Person, text_of

CONNECT = "/integrations/email/connect"


async def test_what_can_be_connected_is_listed_from_the_table(ada: Person) -> None:
    words = text_of((await ada.see("/integrations")).text)
    assert "Connect Stripe" in words
    assert "Connect a mail server" in words


async def test_a_server_is_described_and_refused_beside_its_fields(ada: Person) -> None:
    assert 'name="host"' in (await ada.see(CONNECT)).text
    fields = {"host": "10.0.0.8", "port": "25", "tls": "none", "user": "", "sender": "nobody"}
    refused = await ada.send(CONNECT, seen=CONNECT, **fields)
    assert refused.status_code == 422
    assert 'id="sender-problem"' in refused.text
    inside = await ada.send(CONNECT, seen=CONNECT, **(fields | {"sender": "Shop <shop@example.com>"}))
    assert 'id="host-problem"' in inside.text
    assert "not on the public internet" in text_of(inside.text)
    saved = await ada.send(CONNECT, seen=CONNECT, **(fields | {"host": "8.8.8.8", "sender": "Shop <shop@example.com>"}))
    page = await ada.see(saved.headers["location"])
    assert "Send a test message next" in text_of(page.text)
    assert "8.8.8.8:25" in text_of(page.text)
    assert "8.8.8.8:25" in text_of((await ada.see("/integrations")).text)
    assert "Verification reports" not in (await ada.see("/integrations/email/deletion")).text, "there are none to lose"
    refused = await ada.send("/integrations/email/disconnect", seen="/integrations/email", confirm="Southwind")
    assert (refused.status_code, len(await ada.house.integrations.list(ada.principal))) == (422, 1)
    done = await ada.send("/integrations/email/disconnect", seen="/integrations/email", confirm="Northwind")
    assert "The mail server is disconnected" in text_of(done.text)
    assert (await ada.see("/integrations/email")).status_code == 404
