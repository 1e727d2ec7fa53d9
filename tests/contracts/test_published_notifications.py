"""The published client, unchanged: contacts, notices and messages; and the settings beside it."""

from __future__ import annotations

import pytest
import suger_sdk_python as published
from suger_sdk_python.exceptions import BadRequestException, NotFoundException

from tests.contracts.published import Published
from tests.domains.notifications.conftest import END_SOON
from tillwright.domains import events
from tillwright.domains.notifications.notices.service import CONSUMER


async def happen(client: Published) -> None:
    house, organisation = client.house, client.organisation_id
    async with house.database.tenant(organisation) as tx:
        await events.record(tx, organisation, "entitlement:STRIPE:end_soon", END_SOON, house.clock.now())
    await events.hand_on(house.database, organisation, CONSUMER, house.notices.notices.react)


async def test_contacts_from_making_to_linking(client: Published) -> None:
    one = client.organisation_id
    given = published.IdentityContact(name="Finance", emailAddress="finance@example.com", tags=["billing"])
    made = await client.call("ContactApi", "create_contact", one, given)
    assert (made.name, made.email_address, made.tags) == ("Finance", "finance@example.com", ["billing"])
    ((first, second),) = await client.call(
        "ContactApi", "batch_create_contacts", one,
        [published.IdentityContact(name=n, emailAddress=f"{n}@other.example") for n in ("ada", "bob")],
    )  # fmt: skip
    assert (first.name, second.name) == ("ada", "bob")
    assert len(await client.call("ContactApi", "list_contacts", one)) == 3
    found = await client.call("ContactApi", "list_contacts", one, keyword="FINA")
    assert [contact.id for contact in found] == [made.id]
    found = await client.call("ContactApi", "list_contacts", one, email_domain="other.example", limit=1, offset=1)
    assert [contact.name for contact in found] == ["bob"]
    found = await client.call("ContactApi", "list_contacts", one, contact_ids=f"{first.id},{made.id}")
    assert {contact.id for contact in found} == {first.id, made.id}
    page = await client.call("ContactApi", "query_contacts", one, q='(ilike name "a")', s="-name", page_size=1)
    assert (page.total_count, page.data[0].name) == (2, "Finance" if "Finance" > "ada" else "ada")
    changed = await client.call("ContactApi", "update_contact", one, made.id, published.IdentityContact(name="Money"))
    assert (changed.name, changed.email_address) == ("Money", "finance@example.com")
    tags = published.ServiceMarketplaceServiceApiUpdateContactTagsRequest(tags=["a", "b"])
    assert await client.call("ContactApi", "update_contact_tags", one, made.id, tags) == ["a", "b"]
    again = await client.call("ContactApi", "get_contact", one, made.id)
    assert (again.tags, again.info.last_modified_by) == (["a", "b"], "Published")
    with pytest.raises(NotFoundException):
        await client.call("ContactApi", "add_contact_to_buyer", one, "cus_none", made.id)
    with pytest.raises(BadRequestException):
        many = published.ServiceMarketplaceServiceApiUpdateContactTagsRequest(tags=list("abcdef"))
        await client.call("ContactApi", "update_contact_tags", one, made.id, many)


async def test_settings_are_changed_whole_or_not_at_all(client: Published) -> None:
    path, key = f"/org/{client.organisation_id}/notificationConfigInfo", {"Authorization": f"Key {client.key}"}
    scope = {"END_SOON.ENTITLEMENT": {"to": ["ops@example.com"], "template": {"subject": "{{ name }}!", "body": "Hey"}}}
    body = {"quietHours": {"from": "22:00", "to": "07:30"}, "emailNotificationScopeEventConfigs": scope}
    answer = await client.http.patch(path, json=body, headers=key)
    assert answer.status_code == 200, answer.text
    info = (await client.http.get(path, headers=key)).json()
    assert info["quietHours"] == {"from": "22:00", "to": "07:30"}
    assert info["emailNotificationScopeEventConfigs"]["END_SOON.ENTITLEMENT"]["template"]["subject"] == "{{ name }}!"
    assert "FAIL.WORKFLOW_EXECUTION" in info["allEmailNotificationScopes"]
    wrong = {"END_SOON.ENTITLEMENT": {"to": ["x@y.example,z@y.example"], "template": {"body": "a\n{{ nope }}"}}}
    answer = await client.http.patch(path, json={"emailNotificationScopeEventConfigs": wrong}, headers=key)
    assert answer.status_code == 400
    assert [p["field"] for p in answer.json()["problems"]] == ["END_SOON.ENTITLEMENT.to", "END_SOON.ENTITLEMENT.body:2"]
    for bad in ({"quietHours": {"from": "25:00", "to": "1"}}, {"emailNotificationScopeEventConfigs": {"X": {"y": 1}}}):
        assert (await client.http.patch(path, json=bad, headers=key)).status_code == 400
    assert (await client.http.get(path, headers=key)).json() == info
    back = {"emailNotificationScopeEventConfigs": {"END_SOON.ENTITLEMENT": {"template": None}}, "quietHours": None}
    info = (await client.http.patch(path, json=back, headers=key)).json()
    assert (info["quietHours"], info["emailNotificationScopeEventConfigs"]["END_SOON.ENTITLEMENT"]["template"]) == (
        None,
        None,
    )


async def test_an_action_that_is_ours_alone_does_not_break_the_client(client: Published) -> None:
    one, key = client.organisation_id, {"Authorization": f"Key {client.key}"}
    body = {"emailNotificationScopeEventConfigs": {"RENEW_SOON.ENTITLEMENT": {"to": ["ops@example.com"]}}}
    await client.http.patch(f"/org/{one}/notificationConfigInfo", json=body, headers=key)
    house = client.house
    async with house.database.tenant(one) as tx:
        told = END_SOON | {"renewTime": "2027-01-22T12:00:00Z", "daysLeft": 7}
        await events.record(tx, one, "entitlement:STRIPE:renew_soon", told, house.clock.now())
    await events.hand_on(house.database, one, CONSUMER, house.notices.notices.react)
    by = await client.call("NotificationApi", "list_notification_events_by_entity", one, "ENTITLEMENT", "ent_1")
    (event,) = by.notification_events
    assert (event.action, event.info["scope"]) == ("NOTIFY", "RENEW_SOON.ENTITLEMENT")
    messages = await client.call("NotificationApi", "list_notification_messages", one)
    assert [m.info.subject for m in messages.notification_messages] == ["Pro for Acme renews in 7 days"]


async def test_notices_and_messages_are_listed(client: Published) -> None:
    one, key = client.organisation_id, {"Authorization": f"Key {client.key}"}
    scope = {"END_SOON.ENTITLEMENT": {"to": ["ops@example.com"], "cc": ["boss@example.com"]}}
    body = {"emailNotificationScopeEventConfigs": scope}
    await client.http.patch(f"/org/{one}/notificationConfigInfo", json=body, headers=key)
    await happen(client)
    listed = await client.call("NotificationApi", "list_notification_events", one)
    (event,) = [found for found in listed.notification_events if found.action == "END_SOON"]
    assert (event.entity_type, event.entity_id, event.priority, event.channels) == (
        "ENTITLEMENT", "ent_1", "HIGH", ["EMAIL"],
    )  # fmt: skip
    assert event.contact_emails == ["ops@example.com", "boss@example.com"]
    by = await client.call("NotificationApi", "list_notification_events_by_entity", one, "ENTITLEMENT", "ent_1")
    assert (by.total_count, by.next_offset) == (1, None)
    low = await client.call("NotificationApi", "list_notification_events", one, priorities="LOW")
    assert low.notification_events == []
    with pytest.raises(BadRequestException):
        await client.call("NotificationApi", "list_notification_events", one, priorities="URGENT")
    messages = await client.call("NotificationApi", "list_notification_messages", one, keyword="pro FOR acme")
    (message,) = messages.notification_messages
    assert (message.recipient, message.type, message.info.cc_recipients) == (
        "ops@example.com",
        "EMAIL",
        ["boss@example.com"],
    )
    shown = await client.call("NotificationApi", "get_notification_message", one, message.id)
    assert shown.info.subject == "Pro for Acme ends in 30 days"
    assert len(shown.info.custom_fields["deliveries"]) == 2
    with pytest.raises(NotFoundException):
        await client.call("NotificationApi", "get_notification_message", one, "msg_none")
