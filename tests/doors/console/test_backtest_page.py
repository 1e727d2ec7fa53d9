"""A text against stored events, at the console: what it would have sent, and that nothing was."""

from __future__ import annotations

import re
from typing import Any

from tests.doors.console.conftest import Person, text_of
from tests.sandbox.conftest import Sandbox


async def test_a_draft_is_tried_and_nothing_is_saved(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox, verify=False)
    text = "name: mine\ntrigger: {stripe_event: invoice.paid}\nsteps: [{id: a, action: note, with: {text: hello}}]\n"
    tried = await ada.send("/workflows/backtest", seen="/workflows/new", source=text, days="14")
    words = text_of(tried.text)
    assert tried.status_code == 200
    assert "Test mode, 14 days" in words
    assert "No run would have started" in words
    assert "No workflow yet" in text_of((await ada.see("/workflows")).text)
    wrong = await ada.send("/workflows/backtest", seen="/workflows/new", source="name: X")
    assert wrong.status_code == 422
    far = await ada.send("/workflows/backtest", seen="/workflows/new", source=text, days="4000")
    assert far.status_code == 422
    assert "1 to 90" in text_of(far.text)


async def test_a_saved_one_is_tried_from_its_page(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox, verify=False)
    added = await ada.send("/workflows/templates/win_back_failed_payment", seen="/workflows/templates")
    path = added.headers["location"]
    before = len(stripe_sandbox.world.ledger.writes)
    assert "Back-test" in text_of((await ada.see(path)).text)
    assert (await ada.send(f"{path}/backtest", seen=path)).status_code == 200
    assert len(stripe_sandbox.world.ledger.writes) == before


async def test_events_of_ours_are_offered_and_what_is_given_has_a_form(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox, verify=False)
    text = (
        "name: mine\ntriggers: [{event: CREATE.INTEGRATION}, {manual: {inputs: {who: {type: text, required: true}}}}]\n"
        "steps: [{id: a, action: send_mail, with: {to: a@example.com, subject: '${inputs.who}', text: x}}]\n"
    )
    tried = await ada.send("/workflows/backtest", seen="/workflows/new", source=text, days="14")
    words = text_of(tried.text)
    assert "integration:STRIPE:created" in words
    assert "Starts by hand can’t be looked back at" in words
    (event,) = re.findall(r'<option value="(event_[0-9a-z]+)"', tried.text)
    one = await ada.send("/workflows/backtest", seen="/workflows/new", source=text, how="event", event=event)
    assert "one start" in text_of(one.text)
    given: Any = {"how": "given", "input-who": "Grace"}
    told = await ada.send("/workflows/backtest", seen="/workflows/new", source=text, **given)
    assert "to a@example.com: Grace" in text_of(told.text)
    lacking = await ada.send("/workflows/backtest", seen="/workflows/new", source=text, how="given")
    assert lacking.status_code == 422

    only = text.replace("{event: CREATE.INTEGRATION}, ", "")
    asked = await ada.send("/workflows/backtest", seen="/workflows/new", source=only)
    assert asked.status_code == 200
    assert "Against the last days" not in text_of(asked.text)
    body = "name: mine\ntrigger: webhook\nsteps: [{id: a, action: note, with: {text: '${object.n}'}}]\n"
    for sent, status in (('{"n": 1}', 200), ("[1]", 422)):
        given = {"how": "given", "body": sent}
        told = await ada.send("/workflows/backtest", seen="/workflows/new", source=body, **given)
        assert told.status_code == status
