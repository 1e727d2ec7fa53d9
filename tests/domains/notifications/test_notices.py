"""From the spine to the mail: who is told, once, when, and in whose words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.domains.notifications.conftest import END_SOON, ENTITLEMENT, Stage
from tillwright.domains.notifications.templates import UNSUBSCRIBE
from tillwright.domains.tenancy import Principal
from tillwright.domains.tenancy import store as tenants
from tillwright.kit.errors import Absent, Denied, Invalid

EVENT = "entitlement:STRIPE:end_soon"


async def test_an_entitlement_that_ends_soon_is_told_to_whom_it_concerns(stage: Stage) -> None:
    await stage.configure(to=["ops@x.example"], cc=["boss@x.example"], bcc=["log@x.example"])
    await stage.happen(EVENT, END_SOON)
    await stage.settle()
    letters = {letter.to: letter for letter in stage.mailbox.letters}
    assert set(letters) == {"ops@x.example", "boss@x.example", "log@x.example"}
    for letter in letters.values():
        assert letter.subject == "Pro for Acme ends in 30 days"
        assert (letter.heads, letter.cc) == (["ops@x.example"], ["boss@x.example"])
        assert "14 February 2027" in letter.text
        assert "log@x.example" not in letter.text + (letter.html or "")
        assert "https://tillwright.example.com/entitlements/ent_1" in letter.text
    assert len({letter.message_id for letter in letters.values()}) == 1
    ((notice,), total) = await stage.room.board.list(stage.admin)
    assert (notice.scope, notice.state, notice.entity_id, total) == ("END_SOON.ENTITLEMENT", "DONE", "ent_1", 1)


async def test_an_event_is_answered_once_however_often_it_comes(stage: Stage) -> None:
    await stage.configure(to=["ops@x.example"])
    await stage.happen(EVENT, END_SOON)
    await stage.rows("update spine_places set last = 0, last_transaction = '0' returning consumer")
    await stage.react()
    await stage.settle()
    assert len(stage.mailbox.letters) == 1


@pytest.mark.parametrize("off", ["scope", "master", "recipients", "channel"])
async def test_nobody_is_told_what_is_switched_off(stage: Stage, off: str) -> None:
    await stage.configure(to=[] if off == "recipients" else ["ops@x.example"], enabled=off != "scope")
    if off == "master":
        await stage.settings(enabled=False)
    if off == "channel":
        await stage.configure(channels=["WEBHOOK"])
    await stage.happen(EVENT, END_SOON)
    await stage.settle()
    assert stage.mailbox.letters == []
    (notices, _) = await stage.room.board.list(stage.admin)
    assert [one.state for one in notices] == ([] if off == "scope" else [""])


async def test_one_bad_recipient_does_not_stop_nine_good_ones(stage: Stage) -> None:
    good = [f"good{n}@x.example" for n in range(9)]
    await stage.configure(to=good[:5], cc=["bad@x.example"], bcc=good[5:])
    stage.mailbox.refused["bad@x.example"] = "The mail server refuses the mail: 550 5.1.1 No such mailbox"
    await stage.happen(EVENT, END_SOON)
    await stage.settle()
    assert sorted(letter.to for letter in stage.mailbox.letters) == sorted(good)
    (message,) = (await stage.room.outbox.list(stage.admin)).items
    assert (message.state, "5.1.1" in (message.error or "")) == ("SENT", True)
    copies, attempts = await stage.room.outbox.log(stage.admin, message.id)
    assert [copy.target for copy in copies if copy.state == "FAILED"] == ["bad@x.example"]
    assert len(attempts) == 10


async def test_who_is_put_off_is_tried_again_and_nobody_else_gets_it_twice(stage: Stage) -> None:
    await stage.configure(to=["a@x.example", "b@x.example"])
    stage.mailbox.away["b@x.example"] = "The mail server puts the mail off: 451 Greylisted"
    await stage.happen(EVENT, END_SOON)
    await stage.settle()
    (message,) = (await stage.room.outbox.list(stage.admin)).items
    assert message.state == "PENDING"
    stage.mailbox.away.clear()
    stage.clock.move(10)
    await stage.settle()
    assert [letter.to for letter in stage.mailbox.letters] == ["a@x.example", "b@x.example"]
    assert len({letter.message_id for letter in stage.mailbox.letters}) == 1
    assert (await stage.room.outbox.of(message.organisation_id, message.id)).state == "SENT"


async def test_a_notice_in_the_night_comes_in_the_morning(stage: Stage) -> None:
    await stage.rows("update organisations set time_zone = 'Europe/Berlin' returning id")
    await stage.settings(quiet_from=12 * 60, quiet_to=15 * 60)  # it is 13:00 in Berlin
    await stage.configure(to=["ops@x.example"])
    await stage.happen(EVENT, END_SOON)
    await stage.settle()
    ((notice,), _) = await stage.room.board.list(stage.admin)
    assert (stage.mailbox.letters, notice.state) == ([], "SCHEDULED")
    stage.clock.move(timedelta(hours=1, minutes=59).total_seconds())
    await stage.settle()
    assert stage.mailbox.letters == []
    stage.clock.move(60)
    await stage.settle()
    assert len(stage.mailbox.letters) == 1


async def test_one_mail_a_day_with_everything_in_it(stage: Stage) -> None:
    await stage.configure(to=["ops@x.example"], digest=True)
    for number in range(3):
        name = "[Evil](https://evil.example) **x**" if number == 1 else f"Plan {number}"
        await stage.happen(EVENT, END_SOON | {"entitlementId": f"ent_{number}", "name": name})
    await stage.settle()
    assert await stage.room.notices.digest_step() == 0
    assert stage.mailbox.letters == []
    stage.clock.move(timedelta(hours=20).total_seconds())  # 8 o'clock
    assert await stage.room.notices.digest_step() == 1
    assert await stage.room.notices.digest_step() == 0
    await stage.settle()
    (letter,) = stage.mailbox.letters
    assert letter.subject == "Entitlement ends soon: 3 today"
    assert "Plan 0" in letter.text
    assert "Plan 2" in letter.text
    assert 'href="https://evil' not in (letter.html or "")
    (notices, _) = await stage.room.board.list(stage.admin)
    assert {one.state for one in notices} == {"DONE"}


async def test_a_link_takes_one_address_off_one_list(stage: Stage) -> None:
    await stage.configure(to=["a@x.example", "b@x.example"])
    await stage.happen(EVENT, END_SOON)
    await stage.settle()
    letter = next(one for one in stage.mailbox.letters if one.to == "a@x.example")
    assert letter.unsubscribe
    assert letter.unsubscribe in letter.text
    assert UNSUBSCRIBE not in letter.text + (letter.html or "")
    link = stage.room.opt_outs.read(letter.unsubscribe.rpartition("/")[2])
    assert (link.scope, link.address) == ("END_SOON.ENTITLEMENT", "a@x.example")
    await stage.room.opt_outs.leave(link)
    await stage.room.opt_outs.leave(link)
    stage.mailbox.letters.clear()
    await stage.happen(EVENT, END_SOON)
    await stage.settle()
    assert [one.to for one in stage.mailbox.letters] == ["b@x.example"]
    await stage.room.opt_outs.come_back(link)
    assert not await stage.room.opt_outs.is_out(link)


async def test_a_link_can_be_neither_made_nor_changed(stage: Stage) -> None:
    await stage.configure(to=["a@x.example"])
    await stage.happen(EVENT, END_SOON)
    await stage.settle()
    token = (stage.mailbox.letters[0].unsubscribe or "").rpartition("/")[2]
    packed, _, mark = token.partition(".")
    for wrong in (
        "",
        ".",
        token[:-1],
        f"{packed}.",
        f".{mark}",
        f"{packed[:-2]}AA.{mark}",
        f"{packed}.{'A' * 43}",
        "é.ü",
        token + ".",
    ):
        with pytest.raises(Absent):
            stage.room.opt_outs.read(wrong)


async def test_our_own_words_and_the_fallback_when_they_cannot_be_filled(stage: Stage) -> None:
    await stage.configure(to=["a@x.example"], subject="Hey {{ buyerName }}", body="Only {{ daysLeft }} left.")
    await stage.happen(EVENT, END_SOON)
    await stage.configure(body="{% for x in (1..daysLeft) %}{% for y in (1..1900) %}x{% endfor %}{% endfor %}")
    await stage.happen(EVENT, END_SOON)
    await stage.settle()
    assert [one.subject for one in stage.mailbox.letters] == ["Hey Acme GmbH", "Pro for Acme ends in 30 days"]
    assert "Only 30 left." in stage.mailbox.letters[0].text


async def test_a_payment_is_told_with_what_stripe_says_of_it(stage: Stage) -> None:
    stage.copies["in_1"] = {
        "id": "in_1", "number": "NW-1", "status": "open", "customer": "cus_1", "customer_name": "Acme",
        "currency": "jpy", "amount_due": 4900, "due_date": 1800000000,
    }  # fmt: skip
    await stage.configure("FAIL.INVOICE", to=["a@x.example"])
    about = {"event_id": "evt_1", "object_type": "invoice", "object_id": "in_1", "livemode": False}
    await stage.happen("stripe:event:invoice.payment_failed", about)
    await stage.happen("stripe:event:invoice.payment_failed", about | {"object_id": "in_gone"})
    await stage.settle()
    first, second = stage.mailbox.letters
    assert first.subject == "Not paid: invoice NW-1"
    assert "4,900 JPY" in first.text
    assert "test" in first.text
    assert second.subject == "Not paid: invoice in_gone", "without a copy it is told all the same"


async def test_contacts_are_told_by_name_at_their_present_address(stage: Stage) -> None:
    (contact,) = await stage.room.contacts.create(stage.admin, [{"name": "Finance", "email": "old@x.example"}])
    await stage.configure(to=["finance"])
    await stage.room.contacts.update(stage.admin, contact.id, {"email": "new@x.example"})
    await stage.happen(EVENT, END_SOON)
    await stage.settle()
    assert [one.to for one in stage.mailbox.letters] == ["new@x.example"]


async def test_a_change_is_all_or_nothing_and_tells_everything_that_is_wrong(stage: Stage) -> None:
    with pytest.raises(Invalid) as error:
        await stage.configure(
            to=["ok@x.example", "a@b.example\r\nBcc: c@d.example"], subject="{{ nope }}", body="x\n{% if %}"
        )
    fields = [problem.field for problem in error.value.problems]
    assert fields == ["END_SOON.ENTITLEMENT.to", "END_SOON.ENTITLEMENT.subject:1", "END_SOON.ENTITLEMENT.body:2"]
    held = await stage.room.configurations.get(stage.admin)
    assert held.scopes["END_SOON.ENTITLEMENT"].to == ()
    with pytest.raises(Invalid):
        await stage.configure("NO.SCOPE", enabled=True)
    for wrong in ({"digest_hour": 24}, {"quiet_from": 5}, {"quiet_from": -1, "quiet_to": 1}):
        with pytest.raises(Invalid):
            await stage.settings(**wrong)
    viewer = Principal(stage.admin.organisation_id, "USER", "v", "Vic", "VIEWER")
    with pytest.raises(Denied):
        await stage.room.board.test(viewer, "END_SOON.ENTITLEMENT", ["a@x.example"])


async def test_a_scope_is_tried_with_its_sample_and_with_the_last_time(stage: Stage) -> None:
    with pytest.raises(Invalid, match="nobody"):
        await stage.room.board.test(stage.admin, "END_SOON.ENTITLEMENT", [])
    message = await stage.room.board.test(stage.admin, "END_SOON.ENTITLEMENT", ["me@x.example"])
    assert (message.state, stage.mailbox.letters[0].subject) == ("SENT", "[Test] Pro plan for Acme ends in 30 days")
    await stage.happen(EVENT, END_SOON | {"name": "The real one"})
    drawn = await stage.room.board.preview(
        stage.admin, "END_SOON.ENTITLEMENT", subject="{{ name }}", body="x", last=True
    )
    assert drawn.subject == "The real one"
    with pytest.raises(Invalid, match="no merge tag"):
        await stage.room.board.preview(stage.admin, "END_SOON.ENTITLEMENT", subject="{{ x }}", body="x")


@pytest.mark.parametrize(
    ("name", "data", "scope"),
    [
        *((f"entitlement:STRIPE:{did}", ENTITLEMENT, f"{did.upper()}.ENTITLEMENT") for did in (
            "create", "pending_cancel", "cancel", "reinstate", "suspend", "terminate")),
        ("integration:STRIPE:deleted", {"partner": "STRIPE", "service": "PAYMENT"}, "DELETE.INTEGRATION"),
        ("integration:STRIPE:not_verified", {"partner": "STRIPE"}, "UPDATE.INTEGRATION"),
        ("api_client:KEY:created", {"apiClientId": "apc_1", "name": "B", "role": "EDITOR"}, "CREATE.API_CLIENT"),
        ("api_client:KEY:secret_rotated", {"apiClientId": "apc_1", "name": "B"}, "ROTATE_SECRET.API_CLIENT"),
        ("user:MEMBER:updated", {"userId": "usr_1", "name": "G", "role": "ADMIN", "was": "VIEWER"}, "UPDATE.USER"),
        ("user:MEMBER:added", {"userId": "usr_1", "name": "G"}, "ADD.USER"),
        ("workflow:DEFINITION:deleted", {"workflow": "wf_1", "name": "w", "version": 1}, "DELETE.WORKFLOW"),
        ("workflow:RUN:failed", {"run": "run_1", "workflow": "w", "reason": "no"}, "FAIL.WORKFLOW_EXECUTION"),
    ],
)  # fmt: skip
async def test_each_kind_of_happening_finds_its_scope(stage: Stage, name: str, data: dict, scope: str) -> None:
    await stage.happen(name, data)
    (notices, _) = await stage.room.board.list(stage.admin)
    assert [one.scope for one in notices] == [scope]


LOST = {"email": "ada@x.example", "accountId": "acct_2", "mode": "test", "why": "Access was taken back at Stripe."}


@pytest.mark.parametrize("listed", [[], ["ops@x.example"]])
async def test_what_concerns_one_person_goes_to_them_whoever_else_is_told(stage: Stage, listed: list[str]) -> None:
    await stage.configure("TERMINATE.INTEGRATION", to=listed, digest=True)
    await stage.happen("connection:STRIPE:lost", LOST)
    await stage.settle()
    assert {letter.to for letter in stage.mailbox.letters} == {"ada@x.example", *listed}
    letter = stage.mailbox.letters[0]
    assert letter.subject == "Access to your Stripe account acct_2 has ended"
    assert "taken back at Stripe" in letter.text
    assert "https://tillwright.example.com/settings/user-integrations" in letter.text
    assert "connected it" in letter.text


ASKED = {
    "approvalId": "apr_1", "workflow": "refund_with_approval", "step": "refund", "question": "Refund 49.00 EUR?",
    "amount": 4900, "currency": "eur", "role": "EDITOR", "livemode": True, "due": "2027-01-18T12:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize(
    ("role", "told"),
    [("EDITOR", {"ed@x.example", "ada@x.example"}), ("ADMIN", {"ada@x.example"}), (None, {"ops@x.example"})],
)
async def test_an_approval_is_told_to_the_people_whose_role_may_give_it(stage: Stage, role: Any, told: set) -> None:
    people = {"ed@x.example": "EDITOR", "vi@x.example": "VIEWER", "ada@x.example": "ADMIN"}
    for number, (email, of) in enumerate(people.items()):
        async with stage.database.open() as tx:
            await tenants.insert_user(tx, f"usr_{number}", email, email, "x", stage.clock.now())
        async with stage.database.tenant(stage.admin.organisation_id) as tx:
            await tenants.insert_membership(tx, stage.admin.organisation_id, f"usr_{number}", of, stage.clock.now())
    if role is None:
        await stage.configure("REQUEST_APPROVAL.WORKFLOW_EXECUTION", to=["ops@x.example"])
    else:
        await stage.configure("REQUEST_APPROVAL.WORKFLOW_EXECUTION", digest=True)
    await stage.happen("workflow:APPROVAL:asked", {**ASKED, "toldRole": role})
    await stage.settle()
    assert {letter.to for letter in stage.mailbox.letters} == told, "at once, though the scope is put together by day"
    letter = stage.mailbox.letters[0]
    assert letter.subject == "To approve: Refund 49.00 EUR?"
    assert "https://tillwright.example.com/approvals/apr_1" in letter.text
    assert "Nothing happens by opening it" in letter.text


async def test_what_concerns_a_person_is_switched_off_like_the_rest(stage: Stage) -> None:
    await stage.configure("TERMINATE.INTEGRATION", enabled=False)
    await stage.happen("connection:STRIPE:lost", LOST)
    await stage.settle()
    assert stage.mailbox.letters == []
