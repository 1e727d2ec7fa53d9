"""Writing workflows at the console: checked while written, saved as versions, gone back to; approvals; the switch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.doors.console.conftest import Person, text_of
from tests.sandbox.conftest import Sandbox
from tillwright.domains.automation import examples

GOOD = """name: mine
description: A workflow of mine.
trigger: {stripe_event: invoice.paid}
steps:
  - id: note
    action: note
    with: {text: "%s"}
"""


async def test_the_preview_draws_and_complains_and_saves_nothing(ada: Person) -> None:
    good = await ada.send("/workflows/preview", seen="/workflows/new", part=True, source=GOOD % "hello")
    assert "<html" not in good.text
    words = text_of(good.text)
    assert "When invoice.paid arrives" in words
    assert "Note" in words
    bad = await ada.send("/workflows/preview", seen="/workflows/new", part=True, source="name: X\nsteps: []\n")
    assert bad.status_code == 200
    assert "things to change before it can be saved" in text_of(bad.text)
    assert 'data-line="1" data-wrong' in bad.text
    assert "No workflow yet" in text_of((await ada.see("/workflows")).text)


async def test_saving_makes_versions_that_one_can_go_back_to(ada: Person) -> None:
    refused = await ada.send("/workflows/save", seen="/workflows/new", source="name: mine\nsteps: [{id: a}]")
    assert refused.status_code == 422
    assert "steps: [{id: a}]" in refused.text
    saved = await ada.send("/workflows/save", seen="/workflows/new", source=(GOOD % "one").replace("\n", "\r\n"))
    path = saved.headers["location"].partition("?")[0]
    assert saved.headers["location"].endswith("?done=workflow-saved")
    await ada.send("/workflows/save", seen="/workflows/new", source=GOOD % "two")
    page = await ada.see(f"{path}/versions")
    words = text_of(page.text)
    assert "Version 2" in words
    assert "Go back to this one" in words
    assert 'text-success">+' in page.text
    await ada.send(f"{path}/activate", seen=f"{path}/versions", version="1")
    assert "text: &#34;one&#34;" in (await ada.see(path)).text
    assert "one" in (await ada.see(f"{path}/edit")).text


async def test_every_template_is_there_with_one_click(ada: Person) -> None:
    page = await ada.see("/workflows/templates")
    assert page.text.count("data-template=") == 12
    added = await ada.send("/workflows/templates/dunning", seen="/workflows/templates")
    shown = text_of((await ada.see(added.headers["location"])).text)
    assert "Paused" in shown
    assert "Wait" in shown
    assert "Added" in text_of((await ada.see("/workflows/templates")).text)
    assert (await ada.send("/workflows/templates/nothing", seen="/workflows/templates")).status_code == 404


async def test_every_template_is_read_and_started_by_one_click(ada: Person) -> None:
    for name in examples.names():
        path = f"/workflows/templates/{name}"
        page = await ada.see(path)
        assert "data-graph" in page.text
        assert f"name: {name}" in page.text
        assert "to change before it can be saved" not in page.text
        started = await ada.send(path, seen=path, start="true")
        assert started.headers["location"].endswith("?done=activated"), name
    assert text_of((await ada.see("/workflows")).text).count("Active") >= len(examples.names())


def test_every_template_has_its_picture(repository: Path) -> None:
    assert {picture.stem for picture in (repository / "docs/pictures/templates").glob("*.png")} == set(examples.names())


async def test_actions_are_found_with_their_inputs(ada: Person) -> None:
    found = text_of((await ada.see("/workflows/actions?q=refund", part=True)).text)
    assert "refund_payment" in found
    assert "In minor units; all that remains if left out." in found
    assert "stripe.refunds.create" in found
    assert "Insert as a step" in found
    assert "No action is called that." in text_of((await ada.see("/workflows/actions?q=zzz", part=True)).text)


async def test_the_switch_stops_and_releases(ada: Person) -> None:
    await ada.send("/workflows/templates/dunning", seen="/workflows/templates")
    stopped = await ada.send("/workflows/stop", seen="/workflows")
    assert stopped.headers["location"] == "/workflows?done=all-stopped"
    assert "Everything is stopped, by Ada" in text_of((await ada.see("/workflows")).text)
    await ada.send("/workflows/release", seen="/workflows")
    assert "Everything is stopped, by" not in text_of((await ada.see("/workflows")).text)


async def test_no_approval_waits_and_none_is_found(ada: Person) -> None:
    assert "Nothing waits for you" in text_of((await ada.see("/approvals")).text)
    assert (await ada.see("/approvals/apr_none")).status_code == 404


async def test_a_run_is_started_by_its_form(ada: Person, stripe_sandbox: Sandbox) -> None:
    await ada.connect(stripe_sandbox, verify=False)
    added = await ada.send("/workflows/templates/campaign_codes", seen="/workflows/templates")
    path = added.headers["location"]
    assert "Start it now" not in text_of((await ada.see(path)).text)
    await ada.send(f"{path}/activate", seen=path)
    assert "Start it now" in text_of((await ada.see(path)).text)
    fields: dict[str, Any] = {"input-percent_off": "12.5", "input-prefix": "MAY", "input-count": "many"}
    wrong = await ada.send(f"{path}/start", seen=path, **fields)
    assert wrong.status_code == 422
    fields["input-count"] = "20"
    begun = await ada.send(f"{path}/start", seen=path, **fields)
    assert begun.headers["location"].startswith("/runs/run_")
    shown = text_of((await ada.see(begun.headers["location"])).text)
    assert "Campaign codes" in shown
    assert "The run is started." in shown
    cancelled = await ada.send(begun.headers["location"].partition("?")[0] + "/cancel", seen="/runs")
    assert cancelled.headers["location"].endswith("?done=run-cancelled")
    assert "Cancelled" in text_of((await ada.see(cancelled.headers["location"])).text)
    run = begun.headers["location"].partition("?")[0]
    assert (await ada.send(f"{run}/retry", seen="/runs", step="never_taken")).status_code == 404
