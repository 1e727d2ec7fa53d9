"""Definitions: read as written, refused with every complaint and its place."""

from __future__ import annotations

import pytest

from tillwright.domains.automation import definition, document, examples, rules
from tillwright.kit.errors import Invalid

GOOD = """\
name: thank_you
description: Thanks.
trigger:
  stripe_event: invoice.paid
when: object.amount_paid > 1000
steps:
  - id: coupon
    action: create_coupon
    with:
      percent_off: 10
  - id: mail
    action: send_mail
    when: has(steps.coupon.id)
    with: {to: "${object.customer_email}", subject: "Hi", text: "Code ${steps.coupon.id}"}
"""


def complaints(text: str) -> dict[str, str]:
    with pytest.raises(Invalid) as raised:
        definition.parse(text)
    return {str(problem.field): problem.sentence for problem in raised.value.problems}


def test_a_good_definition_is_understood_and_survives_being_stored() -> None:
    found = definition.parse(GOOD)
    assert (found.name, found.stripe_event, found.when) == ("thank_you", "invoice.paid", "object.amount_paid > 1000")
    assert [step.id for step in found.steps] == ["coupon", "mail"]
    assert found.steps[1].when == "has(steps.coupon.id)"
    assert definition.of(found.plain()) == found


def test_json_is_read_too() -> None:
    found = definition.parse(
        '{"name": "x", "trigger": {"stripe_event": "charge.failed"}, '
        '"steps": [{"id": "a", "action": "create_coupon", "with": {"percent_off": 5}}]}'
    )
    assert found.stripe_event == "charge.failed"


@pytest.mark.parametrize("name", examples.names())
def test_every_example_is_a_good_definition_named_as_its_file(name: str) -> None:
    assert definition.parse(examples.text_of(name)).name == name


def test_all_complaints_come_at_once_in_order_with_line_and_column() -> None:
    found = complaints(
        """\
name: Win Back
descripton: x
trigger: {stripe_event: invoice.payment_faild}
when: obj.amount > 1
steps:
  - id: a
    action: create_coupn
  - id: a
    action: create_coupon
    with:
      percent_off: 120
      coupon: ${steps.b.id}
      name: "${object.x"
      max_redemptions: 1.5
  - action: send_mail
    when: "foo.bar =="
    with: [1]
  - 7
"""
    )
    assert list(found) == ["1:1", "2:1", "3:11", "4:1", "7:5", "8:5", "11:7", "12:7", "13:7", "14:7", "15:5", "16:5",
                           "17:5", "18:5"]  # fmt: skip
    assert "'Win Back' is no name" in found["1:1"]
    assert "no `descripton`" in found["2:1"]
    assert "no event 'invoice.payment_faild'" in found["3:11"]
    assert "`obj` is not known" in found["4:1"]
    assert "no action 'create_coupn'" in found["7:5"]
    assert "a step already" in found["8:5"]
    assert "120" in found["11:7"]
    assert "whole number" in found["14:7"]
    assert "A step is a map" in found["18:5"]


def test_a_slip_of_the_pen_is_answered_with_what_was_meant() -> None:
    with pytest.raises(Invalid) as raised:
        definition.parse(GOOD.replace("invoice.paid", "invoice.payed").replace("send_mail", "send_male"))
    remedies = [problem.remedy for problem in raised.value.problems]
    assert remedies == ["Did you mean invoice.paid?", "Did you mean send_mail?"]


def test_a_step_can_read_only_steps_before_it() -> None:
    found = complaints(GOOD.replace("percent_off: 10", "percent_off: ${steps.mail.id}"))
    assert any("No step before this one is called 'mail'" in sentence for sentence in found.values())


THIRTY = """\
name: Not A Name
nme: x
trigger: {stripe_event: invoice.paid}
when: object.amout_due > 1
limits: {amount_per_day: {EUR: 5, eur: -1, usd: x}, runs_per_day: 0, per_year: 1}
concurrency: sometimes
steps:
  - {id: a, action: creat_coupon}
  - {id: a, action: send_mail, with: {too: x}}
  - {action: note, with: {text: [1]}}
  - {id: w, wait: {for: soon}}
  - {id: v, wait: {event: invoice.payed, at_most: x}}
  - {id: i, if: "object.total >", then: []}
  - {id: f, for_each: object.lines.dat, at_most: 0, at_once: 99, steps: [{id: g, stop: "${stps.a}"}]}
  - {id: s, switch: object.currency, cases: []}
  - {id: p, approval: {role: BOSS, within: never}}
  - {id: z, stop: x, stop: "${steps.a.id}"}
"""


def test_thirty_faults_of_all_kinds_are_thirty_complaints_each_at_its_place() -> None:
    with pytest.raises(Invalid) as caught:
        definition.parse(THIRTY)
    problems = caught.value.problems
    assert len(problems) == 30, [(problem.field, problem.sentence) for problem in problems]
    assert all(problem.field and problem.field.count(":") == 1 for problem in problems)
    places = [tuple(map(int, str(problem.field).split(":"))) for problem in problems]
    assert places == sorted(places)
    assert len({line for line, _ in places}) == 15, "each line with a fault has its own"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "empty"),
        ("- a\n- b", "is a map"),
        ("a: [1, 2", "no YAML"),
        ("a: &x 1\nb: *x", "Anchors"),
        ("a: !!python/object/apply:os.system ['true']", "tags"),
        ("a: 1\na: 2", "given twice"),
        ("? [1]\n: 2", "plain word"),
        ("a: \x01", "no YAML"),
        ("[" * 60_000, "nested too deeply"),
        ("a: " + "x" * 70_000, "at most 64 KB"),
        ("--- 1\n--- 2", "no YAML"),
    ],
)
def test_texts_that_are_no_document(text: str, part: str) -> None:
    with pytest.raises(Invalid, match=part):
        definition.parse(text)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("2026-01-01", "2026-01-01"),
        ("12:30", "12:30"),
        ("0x1f", "0x1f"),
        ("007", "007"),
        ("1_000", "1_000"),
        ("true", True),
        ("null", None),
        ("~", None),
        ("-3", -3),
        ("2.50", 2.5),
        ("1e3", 1000.0),
        ("12345678901234567890", "12345678901234567890"),
    ],
)
def test_words_mean_what_json_would_mean(word: str, expected: object) -> None:
    assert document.read(f"a: {word}").data == {"a": expected}
    assert document.read(f'a: "{word}"').data == {"a": word}


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("object.amount_remaning >= 2000", "Did you mean `amount_remaining`"),
        ("object.customer.email == ''", "Stripe sends an id here"),
        ("object.lines.data.exists(l, l.amont > 1)", "Did you mean `amount`"),
        ("object.lines.data.amount > 1", "is a list"),
        ("has(object.amount_dew)", "Did you mean `amount_due`"),
        ("object['curency'] == 'eur'", "Did you mean `currency`"),
        ("event.typ == ''", "Did you mean `type`"),
        ("inputs.anything == ''", "no field `anything`"),
    ],
)
def test_a_wrong_field_is_found_on_saving(expression: str, part: str) -> None:
    with pytest.raises(Invalid, match="has no field") as raised:
        definition.parse(GOOD.replace("object.amount_paid > 1000", f'"{expression}"'))
    assert part in str(raised.value)


def test_what_stripe_leaves_open_is_not_judged() -> None:
    definition.parse(GOOD.replace("object.amount_paid > 1000", "object.metadata.any.thing == 1"))


TRIGGERS = """\
name: many
triggers:
  - stripe_event: invoice.paid
  - event: "entitlement:*:end_soon"
  - schedule: {cron: "0 9 * * 1", time_zone: Europe/Berlin}
  - manual: {object: customer, inputs: {amount: {type: integer, low: 1, required: true, summary: How much}}}
  - api: {}
concurrency: by customer
limits: {runs_per_day: 5, amount_per_day: {eur: 5000}, writes_per_day: 9, amount_per_run: {eur: 100, usd: 1}}
steps:
  - {id: a, stop: "${object.amount_paid} ${object.daysLeft} ${inputs.amount}"}
"""


def test_several_triggers_and_a_field_of_any_of_their_objects() -> None:
    found = definition.parse(TRIGGERS)
    assert [rule.kind for rule in found.rules] == ["stripe_event", "event", "schedule", "manual", "api"]
    assert found.rules[1].listens_to == "entitlement:*:end_soon"
    assert definition.of(found.plain()) == found
    assert found.starts.startswith("invoice.paid, entitlement:*:end_soon, schedule 0 9 * * 1 (Europe/Berlin)")


def test_every_complaint_about_triggers_limits_and_control_steps_comes_at_once() -> None:
    found = complaints(
        """\
name: x
triggers:
  - stripe_event: invoice.payed
  - event: hello
  - schedule: {cron: "61 * * * *", time_zone: Mars/Base}
  - manual: {object: pumpkin, inputs: {Bad: {type: colour}}}
  - {manual: {}, api: {}}
  - webhook: {secret: x}
limits: {runs_per_day: 0, amount_per_day: {euro: 1.5}, coffee: 1}
concurrency: by moon
steps:
  - {id: a, if: "nope", then: [{id: b, stop: "x"}]}
  - {id: c, switch: "1", cases: [1]}
  - {id: d, for_each: "[1]", at_most: 100000, at_once: 0, steps: [{id: e, stop: "${item} ${index} ${nothing}"}]}
  - {id: f, wait: {for: long}}
  - {id: g, wait: {event: invoice.payed, match: arrived.object.x}}
  - {id: h, approval: {role: KING, within: ever}}
  - {id: i, call: "No name", with: {a: "${steps.e}"}}
  - {id: j, stop: x, state: maybe}
  - {id: k, action: create_coupon, with: {percent_off: 1}, retry: {times: 99}, on_failure: cry}
"""
    )
    lines = [int(place.split(":")[0]) for place in found]
    assert set(range(3, 21)) - {11} <= set(lines), found
    assert lines == sorted(lines)
    assert len(found) >= 28, found


TYPED = """\
name: typed
trigger: {stripe_event: invoice.payment_failed}
steps:
  - {id: pay, action: pay_invoice, with: {invoice: "${object.id}"}, on_failure: continue}
  - {id: got, action: stripe.customers.get, with: {customer: "${object.customer}", expand: [default_source]}}
  - {id: all, action: stripe.charges.list, with: {customer: "${object.customer}"}}
  - {id: find, action: find_object, with: {object: customer}}
  - {id: mail, action: send_mail, with: {to: a@example.com, subject: x, text: x}}
  - {id: keep, action: set_values, with: {values: {n: 1}}}
  - {id: ok, stop: "${steps.pay.amount_paid} ${steps.pay.failed} ${steps.got.default_source.brand} ${steps.all.data[0].amount} ${steps.find.object.email} ${steps.mail.message_id} ${steps.keep.n}"}
"""  # noqa: E501


def test_the_answers_of_earlier_steps_are_typed_by_what_stripe_answers() -> None:
    assert definition.parse(TYPED).name == "typed"
    wrong = TYPED
    for right, typo in (
        ("pay.amount_paid", "pay.amount_payed"),
        ("got.default_source.brand", "got.defaultsource"),
        ("data[0].amount}", "data[0].amonut}"),
        ("find.object.email", "find.object.mail"),
        ("mail.message_id", "mail.messageid"),
        ("keep.n", "keep.m"),
    ):
        wrong = wrong.replace(right, typo)
    with pytest.raises(Invalid) as caught:
        definition.parse(wrong)
    assert [problem.code for problem in caught.value.problems] == ["field_unknown"] * 6
    assert {problem.field for problem in caught.value.problems} == {"10:14"}
    assert "Did you mean `amount_paid`?" in str([problem.remedy for problem in caught.value.problems])


def test_the_help_of_each_kind_of_start_is_a_start() -> None:
    assert set(rules.HELP) == set(rules.KINDS)
    for _, example in rules.HELP.values():
        assert definition.parse(f"name: x\ntrigger: {{{example}}}\nsteps: [{{id: s, stop: x}}]\n").rules
