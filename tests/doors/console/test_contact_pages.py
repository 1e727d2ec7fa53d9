"""Contacts in the console: made, changed, many at once, linked, used by name, deleted."""

from __future__ import annotations

from tests.doors.console.conftest import Person, text_of
from tests.sandbox.conftest import Sandbox
from tests.sandbox.shop import Shop


async def test_from_making_to_deleting(ada: Person) -> None:
    assert "No contacts yet" in text_of((await ada.see("/contacts")).text)
    made = await ada.send("/contacts", seen="/contacts", name="Finance", email="f@example.com", tags="billing, vip")
    assert made.status_code == 303
    path = made.headers["location"].partition("?")[0]
    page = text_of((await ada.see(path)).text)
    for word in ("Finance", "billing", "vip", "Linked to no customer", "Settings, Notifications"):
        assert word in page
    saved = await ada.send(
        path, seen=path, name="Money", email="m@example.com", tags="vip", companyName="Northwind <b>", role="CFO"
    )
    assert saved.status_code == 303
    assert "Northwind &lt;b&gt;" in (await ada.see(path)).text
    wrong = await ada.send(path, seen=path, name="", email="a@b.example,c@d.example", tags="abcdefghijklm")
    assert wrong.status_code == 422
    for said in ("several addresses", "1 to 200", "1 to 10"):
        assert said in text_of(wrong.text)
    assert "a@b.example,c@d.example" in wrong.text, "what was typed is not lost"
    assert "Money" in text_of((await ada.see("/contacts?q=VIP")).text), "tags are searched too"
    assert "Money" not in text_of((await ada.see("/contacts?q=gold")).text)
    assert (await ada.see('/contacts?q=%"\\')).status_code == 200
    assert (await ada.send(f"{path}/delete", seen=path)).status_code == 303
    assert (await ada.see(path)).status_code == 404


async def test_many_at_once_all_or_none(ada: Person) -> None:
    lines = "Grace Hopper, grace@example.com, vip ops\n\nFinance, finance@example.com\n"
    assert (await ada.send("/contacts/batch", seen="/contacts", lines=lines)).status_code == 303
    found, total = await ada.house.notices.contacts.query(ada.principal, s="name")
    assert total == 2
    assert [(one.name, list(one.tags)) for one in found] == [("Finance", []), ("Grace Hopper", ["vip", "ops"])]
    wrong = await ada.send("/contacts/batch", seen="/contacts", lines="One, one@example.com\nnobody\nTwo, two")
    assert wrong.status_code == 422
    assert "Line 2 has no comma" in text_of(wrong.text)
    assert "nobody" in wrong.text
    wrong = await ada.send("/contacts/batch", seen="/contacts", lines="One, one@example.com\nTwo, two")
    assert "no mail address" in text_of(wrong.text)
    assert (await ada.house.notices.contacts.query(ada.principal))[1] == 2


async def test_linked_to_a_customer_and_named_as_a_recipient(ada: Person, stripe_sandbox: Sandbox) -> None:
    customer = Shop(stripe_sandbox).customer()
    await ada.connect(stripe_sandbox, verify=False)
    await ada.fill()
    made = await ada.send("/contacts", seen="/contacts", name="Finance", email="f@example.com", tags="")
    path = made.headers["location"].partition("?")[0]
    wrong = await ada.send(f"{path}/link", seen=path, buyer="cus_none")
    assert wrong.status_code == 404
    assert "There is no buyer" in text_of(wrong.text)
    assert (await ada.send(f"{path}/link", seen=path, buyer=customer.id)).status_code == 303
    assert f'href="/customers/{customer.id}"' in (await ada.see(path)).text
    shown = (await ada.see(f"/customers/{customer.id}")).text
    assert f'href="{path}"' in shown
    assert f"/entitlements/new?customer={customer.id}" in shown
    assert f'value="{customer.id}"' in (await ada.see(f"/entitlements/new?customer={customer.id}")).text
    scope = "/settings/notifications/END_SOON.ENTITLEMENT"
    fields = {"enabled": "1", "channel_EMAIL": "1", "to": "finance", "cc": "", "bcc": "", "words": "own"}
    assert (await ada.send(scope, seen=scope, **fields)).status_code == 303
    assert 'value="Finance"' in (await ada.see(scope)).text
    assert "Entitlement ends soon" in text_of((await ada.see(path)).text)
    assert (await ada.send(f"{path}/unlink", seen=path, buyer=customer.id)).status_code == 303
    assert "Linked to no customer" in text_of((await ada.see(path)).text)
