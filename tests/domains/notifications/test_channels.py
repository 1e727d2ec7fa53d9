"""Webhooks and chats, against a receiver over real HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
import re

import pytest

from tests.domains.notifications.conftest import END_SOON, Receiver, Stage
from tillwright.domains.notifications.attempts import GIVEN_UP_AFTER
from tillwright.domains.tenancy import Principal
from tillwright.kit.errors import Absent, Denied, Invalid
from tillwright.kit.seal import Secret

EVENT = "entitlement:STRIPE:end_soon"
EVIL = "<!channel> & <https://evil.example|x> [y](https://evil.example) **z**"
SECRET = "a-long-shared-secret"


async def hook(stage: Stage, receiver: Receiver, kind: str = "WEBHOOK", secret: str | None = SECRET) -> None:
    await stage.room.channels.put(
        stage.admin, kind, url=Secret(receiver.url), secret=Secret(secret) if secret else None
    )


async def test_a_webhook_is_signed_over_its_time_and_body(stage: Stage, receiver: Receiver) -> None:
    await hook(stage, receiver)
    await stage.happen(EVENT, END_SOON)
    await stage.settle()
    ((headers, body),) = receiver.heard
    told = json.loads(body)
    assert (told["scope"], told["entityID"], told["data"]["daysLeft"]) == ("END_SOON.ENTITLEMENT", "ent_1", 30)
    stamp, mark = (part.split("=")[1] for part in headers["tillwright-signature"].split(","))
    assert stamp == str(int(stage.clock.now().timestamp()))
    assert mark == hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert stage.mailbox.letters == [], "nobody has to be on the mail list for it"


async def test_it_is_tried_again_for_days_under_one_id_and_then_given_up(stage: Stage, receiver: Receiver) -> None:
    await hook(stage, receiver)
    receiver.status = 500
    await stage.happen(EVENT, END_SOON)
    began = stage.clock.now()
    for _ in range(200):
        await stage.settle()
        (message,) = (await stage.room.outbox.list(stage.admin)).items
        if message.state != "PENDING":
            break
        stage.clock.move((message.due - stage.clock.now()).total_seconds())
    assert message.state == "FAILED"
    assert stage.clock.now() - began > GIVEN_UP_AFTER
    assert len(receiver.heard) > 60
    assert len({headers["tillwright-id"] for headers, _ in receiver.heard}) == 1
    _, attempts = await stage.room.outbox.log(stage.admin, message.id)
    assert attempts[0].outcome == "REFUSED"
    assert "500 noted" in attempts[0].said
    ((notice,), _) = await stage.room.board.list(stage.admin)
    assert notice.state == "FAILED"


async def test_a_receiver_that_is_gone_for_good_is_left_at_once(stage: Stage, receiver: Receiver) -> None:
    await hook(stage, receiver)
    receiver.status = 410
    await stage.happen(EVENT, END_SOON)
    await stage.settle()
    (message,) = (await stage.room.outbox.list(stage.admin)).items
    assert (message.state, len(receiver.heard)) == ("FAILED", 1)


async def test_a_chat_cannot_be_made_to_call_everybody(stage: Stage, receiver: Receiver) -> None:
    await hook(stage, receiver, "SLACK", None)
    await hook(stage, receiver, "MICROSOFT_TEAMS", None)
    await stage.happen(EVENT, END_SOON | {"name": EVIL, "buyerName": EVIL})
    await stage.settle()
    slack, teams = (json.loads(body) for _, body in receiver.heard)
    assert "<!channel>" not in json.dumps(slack["blocks"][1:])
    assert slack["blocks"][1]["text"]["text"].count("&lt;!channel&gt;") > 0
    card = teams["attachments"][0]["content"]
    assert card["actions"][0]["url"] == "https://tillwright.example.com/entitlements/ent_1"
    assert not re.search(r"(?<!\\)\]\(https", card["body"][0]["text"] + card["body"][1]["text"])
    assert "<!channel>" not in slack["text"]
    assert "tillwright-signature" not in receiver.heard[0][0]


async def test_it_is_tried_by_a_button(stage: Stage, receiver: Receiver) -> None:
    with pytest.raises(Absent):
        await stage.room.channels.test(stage.admin, "WEBHOOK")
    await hook(stage, receiver)
    assert (await stage.room.channels.test(stage.admin, "WEBHOOK")).delivered
    receiver.status = 404
    tried = await stage.room.channels.test(stage.admin, "WEBHOOK")
    assert (tried.delivered, "404" in tried.said) == (False, True)


async def test_its_address_and_secret_are_sealed_and_never_shown_again(stage: Stage, receiver: Receiver) -> None:
    await hook(stage, receiver)
    (shown,) = await stage.room.channels.list(stage.admin)
    assert shown.signed
    assert "secret-path" not in repr(shown)
    for row in await stage.rows("select t::text as text from notification_channels t"):
        assert "secret-path" not in row["text"]
        assert SECRET.encode().hex() not in row["text"]
    audit = await stage.rows("select detail::text as text from audit_entries")
    assert not any(SECRET in row["text"] or "secret-path" in row["text"] for row in audit)
    await stage.room.channels.put(stage.admin, "WEBHOOK", url=None, enabled=False)
    (shown,) = await stage.room.channels.list(stage.admin)
    assert (shown.enabled, shown.signed) == (False, True), "what is left out stays"
    await stage.happen(EVENT, END_SOON)
    await stage.settle()
    assert receiver.heard == []
    await stage.room.channels.delete(stage.admin, "WEBHOOK")
    assert await stage.room.channels.list(stage.admin) == []


@pytest.mark.parametrize("url", ["ftp://x.example", "https://user@x.example", "https://", "javascript:alert(1)"])
async def test_an_address_that_is_none_is_refused(stage: Stage, url: str) -> None:
    with pytest.raises(Invalid):
        await stage.room.channels.put(stage.admin, "WEBHOOK", url=Secret(url))


async def test_our_own_network_is_not_reached_by_it(stage: Stage) -> None:
    await stage.room.channels.put(stage.admin, "WEBHOOK", url=Secret("https://169.254.169.254/latest"))
    tried = await stage.room.channels.test(stage.admin, "WEBHOOK")
    assert (tried.delivered, "public" in tried.said) == (False, True)


async def test_a_viewer_only_looks(stage: Stage, receiver: Receiver) -> None:
    viewer = Principal(stage.admin.organisation_id, "USER", "v", "Vic", "VIEWER")
    with pytest.raises(Denied):
        await stage.room.channels.put(viewer, "WEBHOOK", url=Secret(receiver.url))
    assert await stage.room.channels.list(viewer) == []
