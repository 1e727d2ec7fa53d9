"""Events of ours as what starts a run: their names and fields are known, and so is their mode and what caused them."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml

from tests.domains.automation.stage import Stage
from tests.domains.automation.test_control_steps import happen_ours
from tests.domains.events_told import untold
from tillwright.domains.automation import RunState, definition
from tillwright.domains.automation.examples import names as templates
from tillwright.domains.automation.interpreter import PARKED
from tillwright.domains.automation.schema import definition_schema
from tillwright.domains.automation.triggers import trigger_of
from tillwright.domains.events import HAPPENINGS, SpineEvent, called
from tillwright.domains.notifications.catalogue import catalogue
from tillwright.kit.clock import from_unix
from tillwright.kit.errors import Invalid

MAIL = "  - {id: mail, action: send_mail, with: {to: a@example.com, subject: Again, text: '%s'}}\n"


def text(trigger: str, said: str = "x") -> str:
    return f"name: trial\ntrigger: {{event: '{trigger}'}}\nsteps:\n" + MAIL % said


def fields_read(trigger: str, *fields: str) -> str:
    return text(trigger, " ".join(f"${{object.{field}}} ${{event.data.{field}}}" for field in fields))


def test_every_scope_of_notifications_can_start_a_workflow_and_its_fields_are_known() -> None:
    for scope, row in catalogue().items():
        found = definition.parse(text(scope))
        assert found.starts == scope
        assert all(rule.listens_to in row.events for rule in found.rules)
        assert definition.of(found.plain()) == found
        with pytest.raises(Invalid) as raised:
            definition.parse(text(scope, "${object.pumpkin}"))
        assert [(one.code, one.field) for one in raised.value.problems] == [("field_unknown", "4:77")]


def test_every_field_of_every_event_of_ours_can_be_read_and_no_other() -> None:
    for row in HAPPENINGS:
        definition.parse(fields_read(row.name, *row.example))
        assert definition.parse(text(row.name.replace("*", "STRIPE"))).rules[0].kind == "event"
        with pytest.raises(Invalid, match="has no field `pumpkin`"):
            definition.parse(text(row.name, "${object.pumpkin}"))


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("entitlement:STRIPE:endsoon", "Did you mean entitlement:"),
        ("END_SOON.ENTITLEMNT", "Did you mean END_SOON.ENTITLEMENT"),
        ("workflow:RUN:exploded", "Did you mean workflow:RUN:"),
        ("stripe:event:invoice.paid", "Write it there."),
        ("pumpkin", "Such as"),
    ],
)
def test_a_name_that_no_event_of_ours_has_is_found_on_saving(written: str, remedy: str) -> None:
    wait = text("user:MEMBER:added") + f"  - {{id: w, wait: {{event: '{written}', at_most: 1d}}}}\n"
    for source in (text(written), *([wait] if written != "pumpkin" else [])):
        with pytest.raises(Invalid) as raised:
            definition.parse(source)
        (problem,) = raised.value.problems
        assert problem.code == "event_unknown"
        assert remedy in str(problem.remedy)


def test_a_star_means_several_and_each_ones_fields() -> None:
    definition.parse(fields_read("entitlement:*:*", "daysLeft", "buyerId"))
    definition.parse(fields_read("*:RUN:failed".replace("*:", "workflow:"), "reason", "depth"))
    with pytest.raises(Invalid, match="Did you mean `daysLeft`"):
        definition.parse(text("entitlement:*:*", "${object.dayLeft}"))
    with pytest.raises(Invalid, match="has no field `daysLeft`"):
        definition.parse(text("entitlement:*:cancel", "${object.daysLeft}"))


def test_a_scope_of_payments_brings_stripes_object() -> None:
    found = definition.parse(text("FAIL.INVOICE", "${object.amount_remaining}"))
    assert [(rule.kind, rule.value) for rule in found.rules] == [("stripe_event", "invoice.payment_failed")]
    with pytest.raises(Invalid, match="Did you mean `amount_remaining`"):
        definition.parse(text("FAIL.INVOICE", "${object.amount_remainin}"))


def test_what_a_wait_brings_is_typed_too() -> None:
    wait = text("user:MEMBER:added") + "  - {id: w, wait: {event: %s, match: %s, at_most: 1d}}\n"
    definition.parse(wait % ("END_SOON.ENTITLEMENT", "arrived.object.daysLeft < 5"))
    with pytest.raises(Invalid, match="has no field `daysleft`"):
        definition.parse(wait % ("'entitlement:*:end_soon'", "arrived.object.daysleft < 5"))


@pytest.mark.parametrize(
    ("trigger", "good", "wrong"),
    [
        ("schedule: {cron: '0 9 * * *'}", "object.scheduled", "object.schedule"),
        ("manual: {inputs: {n: {type: integer}}}", "inputs.n", "object.n"),
        ("api", "run.id", "event.data.n"),
        ("stripe_event: invoice.paid", "object.amount_paid", "event.data.object"),
        ("webhook: {fields: {n: {type: integer}}}", "event.data.n", "event.data.m"),
        ("manual: {object: customer}", "object.email", "object.mail"),
    ],
)
def test_what_each_kind_of_start_brings_is_known(trigger: str, good: str, wrong: str) -> None:
    head = f"name: trial\ntrigger: {trigger if trigger == 'api' else '{' + trigger + '}'}\nsteps:\n"
    definition.parse(head + MAIL % f"${{{good}}}")
    with pytest.raises(Invalid, match="has no field"):
        definition.parse(head + MAIL % f"${{{wrong}}}")


def test_editors_know_every_name() -> None:
    schema = definition_schema()
    for name in ("END_SOON.ENTITLEMENT", "workflow:RUN:failed", "entitlement:STRIPE:end_soon"):
        jsonschema.validate(yaml.safe_load(text(name)), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text("hello")), schema)
    wait = text("user:MEMBER:added") + "  - {id: w, wait: {event: '%s', at_most: 1d}}\n"
    for name in ("CANCEL.ENTITLEMENT", "entitlement:*:cancel", "invoice.paid"):
        jsonschema.validate(yaml.safe_load(wait % name), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(wait % "invoice.payed"), schema)


def test_each_scope_has_its_row() -> None:
    """What is notified of can start a workflow, and so its data must be known."""
    lone = [
        f"{scope.name}: {event}"
        for scope in catalogue().values()
        for event in scope.events
        if not event.startswith("stripe:") and not called(event)
    ]
    assert not lone
    assert len(templates()) == 12


async def test_what_is_recorded_is_as_the_table_says(stage: Stage) -> None:
    house, principal = stage.house, stage.principal
    await house.verification.verify(principal)
    client, _ = await house.tenancy.create_api_client(principal, "Backend", "EDITOR")
    await house.tenancy.rotate_api_client(principal, client.id)
    await house.tenancy.revoke_api_client(principal, client.id)
    await house.tenancy.change_organisation(principal, name="Southwind")
    await house.people.invite(principal, "grace@example.com", "EDITOR")
    await stage.automation.stop_switch.stop(principal)
    await stage.automation.stop_switch.release(principal)
    await stage.automation.stop_switch.set_caps(principal, {"writes_per_day": 5})
    asks = "  - {id: ask, approval: {ask: 'Go on?'}}\n" + MAIL % "x"
    await stage.automation.save(principal, text("user:MEMBER:added").split("steps")[0] + "steps:\n" + asks)
    workflow = await stage.automation.activate(principal, "trial")
    for approve in (True, False):
        await happen_ours(stage, "user:MEMBER:added", userId="usr_1")
        (run_id,) = await stage.relay()
        assert await stage.segment(run_id) == PARKED
        (asked,) = (await stage.automation.approvals.list(principal, run_id=run_id)).items
        await stage.automation.approvals.decide(principal, asked.id, approve=approve)
        await stage.relay()
        await stage.execute(run_id)
    await stage.automation.steering.retry(principal, run_id)
    await stage.automation.steering.cancel(principal, run_id)
    await stage.automation.pause(principal, workflow.id)
    await stage.automation.delete(principal, workflow.id)
    assert await untold(house.database, principal.organisation_id) == []


@pytest.mark.parametrize("awaited", ["entitlement:*:cancel", "CANCEL.ENTITLEMENT"])
async def test_a_wait_may_name_its_event_loosely(stage: Stage, awaited: str) -> None:
    wait = f"  - {{id: w, wait: {{event: '{awaited}', at_most: 1d}}}}\n"
    await stage.automation.save(stage.principal, text("user:MEMBER:added") + wait, activate=True)
    await happen_ours(stage, "user:MEMBER:added")
    (run_id,) = await stage.relay()
    assert await stage.segment(run_id) == PARKED
    await happen_ours(stage, "entitlement:STRIPE:update")
    assert await stage.relay() == []
    await happen_ours(stage, "entitlement:STRIPE:cancel")
    await stage.relay()
    assert await stage.segment(run_id) == RunState.DONE


async def test_mails_about_mails_stop_after_the_eighth(stage: Stage) -> None:
    await stage.automation.save(stage.principal, text("notification:MAIL:sent"), activate=True)
    await happen_ours(stage, "notification:MAIL:sent", key="approval:apr_1:a@example.com")
    for _ in range(20):
        fresh = await stage.relay()
        if not fresh:
            break
        await stage.execute(fresh[0])
    assert len(stage.mailbox.letters) == 9
    reasons = [str(run.reason) for run in (await stage.automation.runs(stage.principal)).items]
    assert sum("Loop guard" in reason for reason in reasons) == 1


@pytest.mark.parametrize(
    ("data", "live"), [({"mode": "live"}, True), ({"mode": "test"}, False), ({"livemode": True}, True)]
)
def test_the_mode_of_an_event_of_ours_is_what_it_says(data: dict[str, Any], live: bool) -> None:
    event = SpineEvent(1, "org_1", "integration:STRIPE:verified", data, from_unix(1_800_000_000))
    assert trigger_of(event).livemode is live
