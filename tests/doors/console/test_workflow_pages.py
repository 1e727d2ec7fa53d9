"""Workflows switched on and off, and runs as they are before any ran."""

from __future__ import annotations

import re

from tests.doors.console.conftest import Person, text_of


async def test_from_the_example_to_an_active_workflow(ada: Person) -> None:
    assert "No workflow yet" in text_of((await ada.see("/workflows")).text)
    assert "there is no workflow yet" in text_of((await ada.see("/runs")).text)
    added = await ada.send("/workflows/templates/win_back_failed_payment", seen="/workflows/templates")
    path = added.headers["location"]
    page = await ada.see(path)
    words = text_of(page.text)
    assert "Win back failed payment" in words
    assert "Paused" in words
    assert "stripe_event: invoice.payment_failed" in words
    for step in ("Create coupon", "Create promotion code", "Send mail"):
        assert step in words

    on = await ada.send(f"{path}/activate", seen=path)
    assert on.headers["location"] == f"{path}?done=activated"
    words = text_of((await ada.see(f"{path}?done=activated")).text)
    assert "The workflow is active" in words
    assert "The next matching event starts one." in words
    assert re.search(r"Active 0", text_of((await ada.see("/workflows")).text))

    off = await ada.send(f"{path}/pause", seen=path)
    assert off.headers["location"] == f"{path}?done=paused"
    assert "Paused" in text_of((await ada.see(path)).text)


async def test_what_is_not_there(ada: Person) -> None:
    for path in ("/workflows/wfl_none", "/runs/run_none"):
        page = await ada.see(path)
        assert page.status_code == 404
    part = await ada.see("/runs/run_none", part=True)
    assert part.status_code == 404
    assert "<html" not in part.text
    assert 'role="alert"' in part.text


async def test_filters_are_kept_in_the_address(ada: Person) -> None:
    await ada.send("/workflows/templates/win_back_failed_payment", seen="/workflows/templates")
    assert (await ada.see("/runs?from=yesterday")).status_code == 422
    narrow = await ada.see("/runs?from=2027-01-01&to=2027-01-31&about=cus_1&q=declined")
    for kept in ('value="2027-01-01"', 'value="2027-01-31"', 'value="cus_1"', 'value="declined"'):
        assert kept in narrow.text
    page = await ada.see("/runs?state=failed")
    assert '<option value="FAILED" selected>' in page.text
    assert "No run matches" in text_of(page.text)
