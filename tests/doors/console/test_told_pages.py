"""Notices in the console: what was told, to whom, the mail as rendered, and how it went."""

from __future__ import annotations

import re

from tests.domains.notifications.conftest import END_SOON
from tests.doors.console.conftest import Person, text_of
from tillwright.domains import events
from tillwright.domains.notifications.configuration.model import Change
from tillwright.domains.notifications.notices.service import CONSUMER

SCOPE = "END_SOON.ENTITLEMENT"


async def happen(person: Person, what: str = "entitlement:STRIPE:end_soon", **more: object) -> None:
    house, organisation = person.house, person.principal.organisation_id
    async with house.database.tenant(organisation) as tx:
        await events.record(tx, organisation, what, END_SOON | more, house.clock.now())
    await events.hand_on(house.database, organisation, CONSUMER, house.notices.notices.react)


async def test_nobody_was_told_and_the_page_says_what_to_do(ada: Person) -> None:
    await happen(ada)
    listed = text_of((await ada.see("/notifications")).text)
    assert "Pro for Acme ends in 30 days" in listed
    assert "nobody" in listed
    found = re.search(r'href="(/notifications/ntc_[^"]+)"', (await ada.see("/notifications?q=Acme")).text)
    assert found
    page = (await ada.see(found[1])).text
    assert "Nobody was to be told" in page
    assert f'href="/settings/notifications/{SCOPE}"' in page


async def test_one_with_its_mail_its_recipients_and_its_log(ada: Person) -> None:
    scope = {"to": ["ops@example.com"], "cc": ["boss@example.com"]}
    await ada.house.notices.configurations.change(ada.principal, Change(scopes={SCOPE: scope}))
    await happen(ada, buyerName="Acme <b>")
    await ada.house.notifications.deliver_due()
    page = await ada.see("/notifications")
    assert "ops@example.com" in page.text
    found = re.search(r'href="(/notifications/ntc_[^"]+)"', page.text)
    assert found
    shown = await ada.see(found[1])
    for word in ("ops@example.com", "boss@example.com", "Delivery log", "What was said", "Plain text", "END_SOON"):
        assert word in shown.text
    assert 'href="/entitlements/ent_1"' in shown.text
    frame = re.search(r'src="(/mails/[^"]+/body)"', shown.text)
    assert frame
    body = (await ada.see(frame[1])).text
    assert "Acme &lt;b&gt;" in body
    assert "unsubscribe/" not in shown.text, "a reader's own link is not shown to others"


async def test_narrowed_by_kind_words_and_entity(ada: Person) -> None:
    await happen(ada)
    await happen(ada, "entitlement:STRIPE:suspend", entitlementId="ent_2", name="Gold for Bob")
    for query, there, missing in (
        ("", "Gold for Bob", None),
        (f"scope={SCOPE}", "Pro for Acme", "Gold for Bob"),
        ("q=gold", "Gold for Bob", "Pro for Acme"),
        ("entity=ent_2", "Gold for Bob", "Pro for Acme"),
        ("scope=NONE&page=x&q=%00", "Gold for Bob", None),
    ):
        answer = await ada.see(f"/notifications?{query}")
        assert answer.status_code == 200
        assert there in answer.text
        assert missing is None or missing not in answer.text, query
    assert "Nothing like that" in text_of((await ada.see("/notifications?q=nothing-like-it")).text)
    assert (await ada.see("/notifications/ntc_none")).status_code == 404
