"""What every answer carries: ids and links, coverage, masks, pages, the trail; and from the mirror the same."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from bench.assistant.exam import examine
from bench.assistant.questions import ask

from tests.domains.assistant.conftest import Desk
from tillwright.domains.assistant import Allowance
from tillwright.domains.assistant.sums import percent, rounded
from tillwright.kit.errors import Absent, Denied, Invalid, TillwrightError


async def test_an_answer_says_of_what_when_and_how_much_and_links_each_object(desk: Desk) -> None:
    answer = (await desk.ask("find_payments", {"status": "failed", "limit": 2})).as_json()
    assert answer["account"] == {
        "id": "acct_harbourbakery00", "name": "Harbour Bakery", "mode": "test", "via": "connection",
    }  # fmt: skip
    assert answer["as_of"] == "2027-01-15T12:00:00Z"
    assert answer["coverage"]["complete"] is True
    assert answer["coverage"]["rows_read"] == len(desk.books.charges)
    assert answer["left_out"] == answer["total"] - 2
    for item in answer["items"]:
        assert item["link"] == f"https://dashboard.stripe.com/acct_harbourbakery00/test/payments/{item['id']}"


async def test_people_are_masked_until_the_user_allows_them(desk: Desk) -> None:
    customer = next(c for c in desk.books.customers if not c.deleted)
    masked = (await desk.ask("get_object", {"id": customer.id})).items[0]
    assert re.fullmatch(r"(\w… ?)+", masked["name"])
    assert customer.email not in str(masked)
    assert customer.name not in str(masked)
    await desk.assistant.show_personal(desk.linked.ada, True)
    shown = (await desk.ask("get_object", {"id": customer.id})).items[0]
    assert shown["name"] == {"outside_text": customer.name}
    assert shown["email"] == {"outside_text": customer.email}
    assert await desk.assistant.personal(desk.linked.eve) is False


async def test_the_second_question_in_a_minute_costs_stripe_nothing(desk: Desk) -> None:
    first = await desk.ask("find_customers")
    again = await desk.ask("find_customers", {"text": "maria"})
    assert (first.coverage.requests, again.coverage.requests) == (1, 0)
    assert again.coverage.rows_read == first.coverage.rows_read
    desk.linked.rooms.clock.move(61)
    assert (await desk.ask("find_customers")).coverage.requests == 1


async def test_pages_join_to_the_whole_and_a_cursor_fits_its_question_alone(desk: Desk) -> None:
    whole = [c.id for c in desk.books.charges]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        answer = await desk.ask("find_payments", {"limit": 37, "cursor": cursor})
        seen += [item["id"] for item in answer.items]
        cursor = answer.next_cursor or cursor
        if answer.next_cursor is None:
            break
    assert sorted(seen) == sorted(whole)
    with pytest.raises(Invalid):
        await desk.ask("find_payments", {"status": "failed", "cursor": cursor})


async def test_what_the_key_may_not_read_is_said(desk: Desk) -> None:
    rooms = desk.linked.rooms
    key = rooms.sandbox.world.keys.by_secret[rooms.sandbox.restricted_key]
    key.rights = frozenset(key.rights - {"dispute_read", "dispute_write"})
    answer = await desk.ask("find_disputes")
    assert (answer.result["count"], answer.coverage.complete) == (0, False)
    assert list(answer.coverage.notes) == ["Disputes: not permitted to the platform's key"]
    story = await desk.ask("customer_story", {"customer": desk.books.customers[0].id})
    assert story.coverage.complete is False


async def test_a_list_too_long_says_what_it_left_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from tillwright.domains.connections import reading

    monkeypatch.setattr(reading.Reading.all, "__kwdefaults__", {"most_pages": 1})
    answer = await desk.ask("find_payments")
    assert answer.coverage.complete is False
    assert "only the newest 100 were read" in answer.coverage.notes[0]


async def test_an_answer_is_cut_to_size_and_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from tillwright.domains.assistant import asking

    monkeypatch.setattr(asking, "MOST_BYTES", 2_000)
    answer = await desk.ask("find_payments", {"limit": 100})
    assert 1 <= len(answer.items) < 10
    assert answer.next_cursor
    assert "cut to size" in answer.coverage.notes[0]


async def test_each_question_is_in_the_trail_without_the_data(desk: Desk) -> None:
    answer = await desk.ask("find_customers", {"text": "silva"}, door="mcp")
    with pytest.raises(TillwrightError):
        await desk.ask("get_object", {"id": "nonsense!"})
    rows = await desk.linked.rooms.rows(
        "select * from audit_entries where action like '%assistant:ask' order by number"
    )
    assert [row["action"] for row in rows] == ["mcp:assistant:ask", "console:assistant:ask"]
    detail = rows[0]["detail"]
    assert (rows[0]["actor_id"], rows[0]["subject_id"]) == ("usr_ada", "find_customers")
    assert detail["arguments"] == {"text": "silva"}
    assert detail["calls"] == {"GET /v1/customers": 1}
    assert (detail["total"], detail["ids"]) == (answer.total, list(answer.ids))
    assert "@example.com" not in str(rows)
    assert rows[1]["detail"]["error"] == "argument_invalid"


async def test_a_question_no_database_could_keep_is_in_the_trail_too(desk: Desk) -> None:
    before = len(await desk.linked.rooms.rows("select 1 from audit_entries where action = 'console:assistant:ask'"))
    assert (await desk.answer("find_customers", {"text": "a\x00b"}))["result"]["count"] == 0
    assert (await desk.answer("delete\x00everything", {"a\x00": "\x00"}))["refused"] == "tool_unknown"
    after = await desk.linked.rooms.rows("select 1 from audit_entries where action = 'console:assistant:ask'")
    assert len(after) == before + 2


async def test_questions_are_counted_for_each_user(desk: Desk) -> None:
    desk.assistant._allowance = Allowance(a_minute=3)  # type: ignore[attr-defined]
    for _ in range(3):
        await desk.ask("balance")
    with pytest.raises(Denied) as caught:
        await desk.ask("balance")
    assert caught.value.code == "too_many_questions"
    with pytest.raises(Absent):  # Eve may still ask; she only has no account
        await desk.assistant.ask(desk.linked.eve, "balance", {})
    desk.linked.rooms.clock.move(60)
    await desk.ask("balance")


async def test_the_organisations_own_data_comes_from_the_mirror_by_the_same_tools(desk: Desk) -> None:
    desk.assistant._allowance = Allowance(a_minute=10_000)  # type: ignore[attr-defined]
    rooms = desk.linked.rooms
    # The platform's own account is made to hold the same books, and the mirror is filled from it.
    from bench.assistant.seeding import put

    own = replace(desk.books, profile=replace(desk.books.profile, account=rooms.sandbox.account))
    put(rooms.sandbox.world, own)
    mirror: Any = desk.assistant._mirror  # type: ignore[attr-defined]
    async with rooms.database.tenant(desk.linked.ada.organisation_id) as tx:
        await mirror.start_backfill(tx, desk.linked.ada.organisation_id, livemode=False)
    while await mirror.backfill_step():
        pass
    gets = rooms.sandbox.world.ledger.gets

    async def answer(name: str, given: Any) -> dict[str, Any]:
        try:
            return (await desk.ask(name, given, via="organisation")).as_json()
        except TillwrightError as error:
            return {"refused": error.code}

    kept = [question for question in ask(desk.books) if question.kind in ("count", "sum", "compare", "trend")]
    result = await examine(kept, answer)
    assert result.wrong == []
    assert rooms.sandbox.world.ledger.gets == gets
    unknown = await desk.ask("balance", via="organisation")
    assert (unknown.result, unknown.coverage.complete) == ({"known": False}, False)


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(1, 3, "33.33"), (2, 3, "66.67"), (1, 800, "0.13"), (0, 5, "0.00"), (5, 5, "100.00"), (1, 0, None)],
)
def test_percentages_are_exact(part: int, whole: int, said: str | None) -> None:
    assert percent(part, whole) == said


def test_halves_round_away_from_zero() -> None:
    from fractions import Fraction

    assert [rounded(Fraction(n, 2)) for n in (-3, -1, 0, 1, 3)] == [-2, -1, 0, 1, 2]
