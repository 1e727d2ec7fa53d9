"""The table of kinds, against what Stripe's API description says of each path."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tillwright.domains.mirror.columns import UNDATED, columns_of
from tillwright.domains.mirror.kinds import ASIDE, BY_OBJECT, CORE, KINDS, Kind, ends
from tillwright.gateways.stripe import facts, objects


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.object)
def test_a_kind_is_listed_and_fetched_where_stripe_says(kind: Kind) -> None:
    listing = facts.listing_of(kind.path)
    assert listing is not None
    assert listing.by_created is kind.by_created
    if kind.alone:
        assert facts.template_of(kind.path_of("x", "y") or "") == f"{kind.path}/{{}}"


def test_every_list_that_stripe_describes_is_mirrored_or_set_aside_with_a_reason() -> None:
    """Those with an id in their path, and those without pages too."""
    described = {fact.path for fact in objects.lists()}
    assert len(described) > 130
    assert {"/v1/customers/{}/tax_ids", "/v1/reporting/report_types", "/v1/charges/search"} <= described
    mirrored = {kind.path for kind in KINDS}
    assert described == mirrored | set(ASIDE)
    assert not mirrored & set(ASIDE)
    assert all(len(reason) > 10 for reason in ASIDE.values())


@pytest.mark.parametrize("fact", [fact for fact in objects.lists() if fact.path not in ASIDE], ids=lambda f: f.path)
def test_a_row_says_what_stripe_says_of_the_list(fact: objects.ListFact) -> None:
    (kind,) = [kind for kind in KINDS if kind.path == fact.path]
    assert (kind.object, kind.by_created) == (fact.object, fact.created)
    assert fact.needs == ((kind.parent_param,) if kind.of and not kind.nested else ())
    described = objects.fact_of(kind.object)
    assert described is not None
    assert kind.deletable or not described.deletes, "a deleted one would stay for ever"
    outer = {field.partition(".")[0] for field in kind.search}
    assert outer <= set(described.fields), "it is looked for by a field that it does not have"
    assert all(described.fields[field.partition(".")[0]] == "json" for field in kind.search if "." in field)
    assert kind.of is None or kind.of in BY_OBJECT
    assert kind.of is None or not kind.inside or kind.inside in objects.fact_of(kind.of).fields  # type: ignore[union-attr]
    assert kind.nested <= bool(kind.of)
    assert kind.once is None or kind.once in BY_OBJECT


def test_each_kind_has_one_row_and_the_core_is_whole() -> None:
    assert len(BY_OBJECT) == len(KINDS)
    assert [kind.object for kind in CORE] == [
        "customer", "product", "price", "coupon", "promotion_code", "subscription", "invoice", "payment_intent",
        "charge", "refund", "subscription_schedule",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["a/b", "..", ".", "", "50 %", "été", "a?b", "a#b"])
def test_an_id_that_would_lead_elsewhere_has_no_path(name: str) -> None:
    assert BY_OBJECT["coupon"].path_of(name) is None


@pytest.mark.parametrize(
    ("event_type", "object_type", "answer"),
    [
        ("customer.deleted", "customer", True),
        ("customer.subscription.deleted", "subscription", False),
        ("customer.discount.deleted", "discount", True),
        ("customer.updated", "customer", False),
        ("payment_method.detached", "payment_method", False),
    ],
)
def test_which_events_say_that_an_object_is_no_more(event_type: str, object_type: str, answer: bool) -> None:
    assert ends(event_type, object_type) is answer


def test_what_is_kept_beside_a_body() -> None:
    body = {"id": "pi_1", "created": 1_800_000_000, "customer": {"id": "cus_1"}, "status": "succeeded",
            "receipt_email": "Ann@Example.com", "description": None, "x": "a\0b"}  # fmt: skip
    columns = columns_of("payment_intent", "pi_1", body)
    assert (columns.customer, columns.status) == ("cus_1", "succeeded")
    assert columns.search == "pi_1\nann@example.com"
    assert b"u0000" not in columns.json
    other = columns_of("payment_intent", "pi_1", dict(reversed(body.items())))
    assert other.digest == columns.digest
    assert columns_of("payment_intent", "pi_1", body | {"status": "x"}).digest != columns.digest
    assert columns_of("balance", "balance", {}).created == UNDATED
    assert columns_of("coupon", "C", {"valid": False}).status == "invalid"
    assert columns_of("promotion_code", "p", {"active": True}).status == "active"


def test_a_kind_is_named_in_one_source_file(repository: Path) -> None:
    """A row is all a newcomer adds: no other file of the product tells how this kind is listed."""
    path = re.compile(r"""["']/v1/subscription_schedules["'/]""")
    sources = (repository / "src" / "tillwright").rglob("*.py")
    named = [each.relative_to(repository) for each in sources if path.search(each.read_text())]
    assert [str(each) for each in named] == ["src/tillwright/domains/mirror/kinds.py"]
