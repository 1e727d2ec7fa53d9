"""Right is said only of what is known: each fact that speaks against it, by itself, is enough to keep it unsaid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.domains.mirror.conftest import NOON, Scripted, event
from tillwright.domains.mirror import Mirror
from tillwright.domains.mirror.coverage import Coverage
from tillwright.domains.mirror.kinds import KINDS
from tillwright.domains.mirror.proof.model import Proof
from tillwright.domains.mirror.proof.pace import LATE, PACE, REST, recent
from tillwright.domains.mirror.truth.model import Doubt, Freshness, Listed, Listening, Standing, Tone, Truth
from tillwright.domains.mirror.truth.verdict import verdict
from tillwright.domains.tenancy import Principal
from tillwright.gateways.database import Database
from tillwright.gateways.stripe.errors import Facts, PermissionMissing, StripeBroken
from tillwright.kit.clock import ManualClock

LACKING = {"code": "stripe_permission_missing", "sentence": "No.", "stripe": {"right": "coupon_read"}}
DOWN = {"code": "stripe_broken", "sentence": "Stripe is down.", "remedy": "Wait."}
PROOF = Proof(False, "customer", NOON - timedelta(minutes=30), 10, 1, 0, 0, 0, None, None, NOON - REST, None)


def listed(name: str, **changes: Any) -> Listed:
    fields: dict[str, Any] = {
        "object": name, "plural": f"{name}s", "coverage": Coverage.COMPLETE, "right": None, "part": None, "error": None,
        "present": 10, "deleted": 0, "proof": PROOF, "doubt": None, "fresh": Freshness(None, None), "read": NOON,
    }  # fmt: skip
    return Listed(**fields | changes)


def said(*rows: Listed, listening: Listening | None = None) -> Truth:
    return verdict([listed("charge"), *rows], listening or Listening(), NOON, livemode=False)


def codes(truth: Truth) -> set[str]:
    return {truth.code, *(remark.code for remark in truth.remarks)}


def test_right_is_said_of_what_was_read_and_lately_proven() -> None:
    truth = said(listed("customer"), listed("dispute", coverage=Coverage.NOT_OFFERED, proof=None))
    assert (truth.standing, truth.tone, truth.title) == (Standing.RIGHT, Tone.GOOD, "Your data is right")
    assert (truth.readable, truth.proven, truth.rows, truth.remarks) == (2, 2, 20, ())
    assert truth.within == 2 * (REST + 2 * PACE)


@pytest.mark.parametrize(
    ("changes", "code", "standing"),
    [
        ({"proof": None}, "not_proven", Standing.NOT_KNOWN),
        ({"proof": replace(PROOF, proven_at=None)}, "not_proven", Standing.NOT_KNOWN),
        ({"proof": replace(PROOF, proven_at=NOON - timedelta(hours=3))}, "proof_old", Standing.NOT_KNOWN),
        ({"proof": replace(PROOF, error=DOWN)}, "proof_failed", Standing.NOT_KNOWN),
        ({"coverage": Coverage.DENIED, "proof": replace(PROOF, error=LACKING)}, "right_lost", Standing.NOT_KNOWN),
        ({"proof": replace(PROOF, drifted=2)}, "drift_found", Standing.DRIFTED),
        ({"proof": replace(PROOF, unmended=1)}, "drift_open", Standing.DRIFTED),
        ({"proof": replace(PROOF, asked_for=1)}, "asked_for", Standing.NOT_KNOWN),
        ({"coverage": Coverage.READING}, "reading", Standing.NOT_KNOWN),
        ({"coverage": Coverage.NOT_YET, "proof": None}, "reading", Standing.NOT_KNOWN),
        ({"coverage": Coverage.FAILED, "error": DOWN}, "list_failed", Standing.NOT_KNOWN),
        ({"coverage": Coverage.DENIED, "right": "rak_coupon_read"}, "right_lost", Standing.NOT_KNOWN),
        ({"doubt": Doubt(3, 1, NOON, DOWN)}, "doubt_failing", Standing.NOT_KNOWN),
        ({"doubt": Doubt(3, 0, NOON - 2 * REST, None)}, "doubt_waiting", Standing.NOT_KNOWN),
    ],
)
def test_each_fact_by_itself_keeps_it_unsaid(changes: dict[str, Any], code: str, standing: Standing) -> None:
    truth = said(listed("coupon", **changes))
    assert truth.standing is standing
    assert truth.title != "Your data is right"
    assert code in codes(truth)


@pytest.mark.parametrize(
    ("listening", "title"),
    [
        (Listening(poll_error=DOWN), "Asking for events fails"),
        (Listening(failing=2), "Some events do not apply"),
        (Listening(gap_open=True), "A gap is being closed"),
        (Listening(gap_without=("charge",)), "A gap is closed but for some lists"),
    ],
)
def test_so_does_each_trouble_of_the_way_in(listening: Listening, title: str) -> None:
    truth = said(listening=listening)
    assert (truth.standing, truth.title) == (Standing.NOT_KNOWN, title)


def test_everything_is_said_at_once_the_weightiest_first() -> None:
    truth = said(
        listed("coupon", coverage=Coverage.DENIED, right="rak_coupon_read", proof=replace(PROOF, error=LACKING)),
        listed("refund", proof=None),
        listed("payout", coverage=Coverage.FAILED, error=DOWN),
        listening=Listening(poll_error=DOWN),
    )
    assert (truth.title, truth.tone) == ("A right was lost", Tone.BAD)
    assert "rak_coupon_read" in truth.sentence
    assert "15 Jan 2027, 12:00 UTC" in truth.sentence, "as of when what is here is"
    assert [remark.code for remark in truth.remarks] == ["list_failed", "poll_failed", "not_proven"]
    assert truth.remarks[-1].sentence.startswith("2 of 3 lists compared")


def test_lists_that_fail_alike_are_said_in_one_sentence() -> None:
    rows = [listed(name, proof=replace(PROOF, error=DOWN)) for name in ("a", "b", "c", "d", "e", "f")]
    truth = said(*rows)
    assert truth.sentence == "as, bs, cs and 3 more lists: Stripe is down."
    assert truth.remarks == ()


def test_what_the_key_may_not_read_and_what_stripe_leaves_out_is_noted() -> None:
    truth = said(
        listed("coupon", coverage=Coverage.DENIED, right="rak_coupon_read", proof=None, present=0),
        listed("review", coverage=Coverage.IN_PART, part="open ones only", proof=replace(PROOF, asked_for=9)),
    )
    assert (truth.standing, truth.title) == (Standing.RIGHT, "Right, but not whole")
    assert [remark.code for remark in truth.remarks] == ["not_readable", "in_part"]
    assert "rak_coupon_read" in truth.remarks[0].sentence
    assert (truth.readable, truth.proven) == (2, 2)


def test_nothing_read_is_not_right() -> None:
    truth = verdict([], Listening(), NOON, livemode=False)
    assert (truth.standing, truth.title) == (Standing.NOT_KNOWN, "Nothing is read yet")
    assert recent(10_000) == 2 * (REST + timedelta(seconds=10_000)), "a big account's proof comes round more slowly"


@pytest.fixture
def stripe() -> Scripted:
    lists: dict[str, list[dict[str, Any]]] = {kind.path: [] for kind in KINDS}
    lists["/v1/coupons"] = [{"id": f"C{n}", "object": "coupon", "created": n, "livemode": False} for n in (3, 2, 1)]
    return Scripted(lists=lists)


async def test_the_answer_follows_the_record(
    mirror: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    async def truth() -> Truth:
        async with database.tenant(organisation) as tx:
            return await mirror.truth(tx, Listening(), livemode=False)

    def coupons(of: Truth) -> Listed:
        return next(row for row in of.lists if row.object == "coupon")

    assert (await truth()).title == "Nothing is read yet"
    async with database.tenant(organisation) as tx:
        await mirror.start_backfill(tx, organisation, livemode=False)
    while await mirror.backfill_step():
        pass
    assert (await truth()).title == "Read, and not proven yet"
    clock.move(LATE.total_seconds() + 1)
    await mirror.proving.turn(organisation, most=1)
    found = await truth()
    assert (found.standing, found.proven) == (Standing.NOT_KNOWN, 1)
    assert found.title == "Read, and not all proven yet", "one list that is proven is not enough"
    while await mirror.proving.turn(organisation):
        pass
    found = await truth()
    assert (found.standing, found.readable, found.proven) == (Standing.RIGHT, len(KINDS), len(KINDS))
    assert coupons(found).fresh == Freshness(clock.now().replace(1970, 1, 1, 0, 0, 3, 0), None)

    seconds = (clock.now() - NOON).total_seconds()
    async with database.tenant(organisation) as tx:
        told = event({"id": "C9", "object": "coupon", "created": 9, "livemode": False}, seconds, type="coupon.created")
        await mirror.apply(tx, organisation, [told])
    assert coupons(await truth()).fresh.heard == told.received

    async def refuse(path: str, params: Mapping[str, Any]) -> None:
        if path == "/v1/coupons":
            said = Facts(status=403, right="coupon_read")
            raise PermissionMissing("stripe_permission_missing", "The key lacks a right.", said)

    stripe.before = refuse
    clock.move(REST.total_seconds())
    while await mirror.proving.turn(organisation):
        pass
    found = await truth()
    assert (found.standing, found.title) == (Standing.NOT_KNOWN, "A right was lost")
    assert (coupons(found).coverage, coupons(found).right) == (Coverage.DENIED, "rak_coupon_read")
    stripe.before = None
    clock.move(5 * REST.total_seconds())
    found = await truth()
    assert "proof_old" in codes(found)


async def test_what_a_list_leaves_out_is_asked_for_before_it_is_called_drift(
    mirror: Mirror, database: Database, organisation: str, stripe: Scripted, clock: ManualClock
) -> None:
    """More objects than one round asks for; the marks are due a second after they are made."""
    path = "/v1/coupons"
    many = [{"id": f"C{n}", "object": "coupon", "created": n, "livemode": False} for n in range(120, 0, -1)]
    stripe.lists[path] = many
    async with database.tenant(organisation) as tx:
        await mirror.start_backfill(tx, organisation, livemode=False)
    while await mirror.backfill_step():
        pass
    clock.move(LATE.total_seconds() + 1)
    stripe.lists[path] = []
    stripe.objects = {f"{path}/{row['id']}": row for row in many}
    stripe.objects[f"{path}/C7"] = {"id": "C7", "object": "coupon", "deleted": True}
    await mirror.prove_now(Principal.system(organisation, "test"))
    async with database.tenant(organisation) as tx:
        assert [row.id for row in await mirror.drifts(tx)] == ["C7"], "the others are only left out of the list"
        proof = next(row for row in await mirror.proofs(tx) if row.object == "coupon")
        assert (proof.drifted, proof.unmended, proof.asked_for) == (1, 0, 0)

    async def down(path: str, params: Mapping[str, Any]) -> None:
        if "C9" in path:
            raise StripeBroken("stripe_broken", "Stripe is down.", Facts(status=500))

    stripe.before = down
    clock.move(60)
    await mirror.prove_now(Principal.system(organisation, "test"))
    async with database.tenant(organisation) as tx:
        found = await mirror.truth(tx, Listening(), livemode=False)
    assert found.standing is Standing.NOT_KNOWN, "of what can't be fetched nobody knows whether it is gone"
    assert {"doubt_failing", "asked_for"} <= codes(found)
