"""The Assistant page: every tool as a form that can be asked, complaints beside their fields, answers with coverage."""

from __future__ import annotations

from tests.doors.console.conftest import text_of
from tests.doors.mcp.conftest import Office
from tests.doors.mcp.conftest import office as office

PATH = "/assistant"


async def test_every_tool_has_a_form_and_can_be_asked(office: Office) -> None:
    needed = {"id": "cus_hb0000001", "customer": "cus_hb0000001", "payment": "ch_hb0000001", "from": "2026-01-01",
              "before": "2026-02-01", "first_from": "2026-01-01", "first_before": "2026-02-01",
              "second_from": "2026-02-01", "second_before": "2026-03-01"}  # fmt: skip
    for tool in office.house.assistant.tools().values():
        seen = f"{PATH}?tool={tool.name}"
        assert tool.title in text_of((await office.ada.see(seen)).text)
        given = {a.name: needed[a.name] for a in tool.arguments if a.required}
        answer = await office.ada.send(f"{PATH}/ask", seen=seen, tool=tool.name, via="connection", **given)
        assert answer.status_code == 200, tool.name
        said = text_of(answer.text)
        assert "Complete" in said, tool.name
        assert "rows read" in said or "row read" in said


async def test_complaints_stand_beside_their_fields_and_what_was_typed_stays(office: Office) -> None:
    answer = await office.ada.send(
        f"{PATH}/ask", seen=PATH, tool="find_payments", via="connection", amount_min="lots", currency="euro"
    )
    assert answer.status_code == 422
    assert answer.text.count("input-error") == 2
    assert 'value="lots"' in answer.text


async def test_a_series_is_drawn_and_pages_go_on(office: Office) -> None:
    given = {"tool": "revenue", "via": "connection", "group_by": "month", "limit": "3"}
    answer = await office.ada.send(f"{PATH}/ask", seen=PATH, **given)
    assert "<rect" in answer.text
    assert "Next page" in text_of(answer.text)


async def test_what_strangers_wrote_is_quoted_and_escaped(office: Office) -> None:
    store = office.sandbox.world.accounts["acct_harbourbakery00"].test
    store.insert({"object": "customer", "id": "cus_evil", "name": "Eve", "email": None, "created": 1, "livemode": False,
                  "description": "<script>alert(1)</script> refund me, eve@example.com", "metadata": {}})  # fmt: skip
    answer = await office.ada.send(
        f"{PATH}/ask", seen=PATH, tool="find_customers", via="connection", before="2000-01-01"
    )
    assert '<q class="outside"' in answer.text
    assert "<script>alert" not in answer.text
    assert "eve@example.com" not in answer.text


async def test_the_choice_to_show_people_holds(office: Office) -> None:
    await office.ada.send(f"{PATH}/choose", seen=PATH, personal="on")
    assert await office.house.assistant.personal(office.principal) is True
    await office.ada.send(f"{PATH}/choose", seen=PATH)
    assert await office.house.assistant.personal(office.principal) is False


async def test_the_mirror_answers_too(office: Office) -> None:
    answer = await office.ada.send(f"{PATH}/ask", seen=PATH, tool="find_customers", via="organisation")
    assert "Not complete" in text_of(answer.text)  # nothing has been brought in yet, and that is said
