"""Workflows, runs, approvals and limits over HTTP, by our conventions."""

from __future__ import annotations

import jsonschema_rs

from tests.contracts.conftest import client, open_published  # noqa: F401 - fixtures
from tests.contracts.published import Published
from tillwright.domains.automation import examples
from tillwright.domains.automation.document import read
from tillwright.domains.automation.schema import definition_schema

SOURCE = (
    "name: by_hand\ntriggers: [{api: {inputs: {n: {type: integer, required: true, high: 5}}}}]\n"
    "steps:\n  - {id: ok, approval: {ask: 'Go on with ${inputs.n}?'}}\n"
)


async def test_from_a_text_to_a_run_that_is_cancelled(client: Published) -> None:  # noqa: F811
    http, base = client.http, f"/org/{client.organisation_id}"
    headers = {"Authorization": f"Key {client.key}"}
    bad = await http.post(f"{base}/workflow", json={"source": "name: X\nsteps: []\n"}, headers=headers)
    assert bad.status_code == 400
    assert len(bad.json()["problems"]) >= 2
    saved = await http.post(f"{base}/workflow", json={"source": SOURCE, "activate": True}, headers=headers)
    assert (saved.status_code, saved.json()["status"], saved.json()["version"]) == (200, "ACTIVE", 1)
    again = await http.post(f"{base}/workflow", json={"source": SOURCE}, headers=headers)
    assert again.json() == saved.json()
    changed = SOURCE.replace("Go on", "Shall we go on")
    assert (await http.post(f"{base}/workflow", json={"source": changed}, headers=headers)).json()["version"] == 2
    versions = (await http.get(f"{base}/workflowVersion", params={"workflowId": "by_hand"}, headers=headers)).json()
    assert [one["number"] for one in versions] == [2, 1]
    assert "+  - {id: ok, approval: {ask: 'Shall we go on" in versions[0]["diff"]
    back = await http.post(f"{base}/workflow/by_hand/activate", json={"version": 1}, headers=headers)
    assert back.json()["version"] == 1

    wrong = await http.post(f"{base}/workflow/by_hand/run", json={"inputs": {"n": 9}}, headers=headers)
    assert (wrong.status_code, wrong.json()["field"]) == (400, "n")
    keyed = headers | {"Idempotency-Key": "k"}
    run = (await http.post(f"{base}/workflow/by_hand/run", json={"inputs": {"n": 1}}, headers=keyed)).json()
    same = (await http.post(f"{base}/workflow/by_hand/run", json={"inputs": {"n": 1}}, headers=keyed)).json()
    assert same["id"] == run["id"]
    listed = (await http.get(f"{base}/workflowRun", params={"status": "QUEUED"}, headers=headers)).json()
    assert [one["id"] for one in listed["items"]] == [run["id"]]
    cancelled = await http.post(f"{base}/workflowRun/{run['id']}/cancel", headers=headers)
    assert cancelled.json()["status"] == "CANCELLED"
    twice = await http.post(f"{base}/workflowRun/{run['id']}/cancel", headers=headers)
    assert twice.status_code == 409
    assert (await http.post(f"{base}/workflowRun/{run['id']}/retry", json={}, headers=headers)).status_code == 200
    gone = await http.delete(f"{base}/workflow/by_hand", headers=headers)
    assert (gone.status_code, gone.json()) == (200, "")


async def test_update_and_query_by_the_published_conventions(client: Published) -> None:  # noqa: F811
    http, base = client.http, f"/org/{client.organisation_id}"
    headers = {"Authorization": f"Key {client.key}"}
    for name in ("by_hand", "other"):
        source = SOURCE.replace("by_hand", name)
        await http.post(f"{base}/workflow", json={"source": source, "activate": name == "other"}, headers=headers)
    patched = await http.patch(f"{base}/workflow/by_hand", json={"status": "ACTIVE"}, headers=headers)
    assert (patched.json()["status"], patched.json()["version"]) == ("ACTIVE", 1)
    changed = {"source": SOURCE.replace("Go on", "Shall we"), "status": "PAUSED"}
    patched = (await http.patch(f"{base}/workflow/by_hand", json=changed, headers=headers)).json()
    assert (patched["status"], patched["version"]) == ("PAUSED", 2)
    wrong = await http.patch(f"{base}/workflow/other", json=changed, headers=headers)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "name_differs")

    run = (await http.post(f"{base}/workflow/other/run", json={"inputs": {"n": 1}}, headers=headers)).json()
    for path, q, ids in (
        ("workflow", '(and (= status "PAUSED") (ilike name "hand"))', [patched["id"]]),
        ("workflowRun", '(and (= status "QUEUED") (= workflow_name "other") (= event_type "api"))', [run["id"]]),
        ("workflowRun", '(= status "DONE")', []),
        ("approval", '(= status "PENDING")', []),
    ):
        page = (await http.get(f"{base}/{path}/query", params={"q": q, "s": "-creation_time"}, headers=headers)).json()
        assert [one["id"] for one in page["data"]] == ids
        assert (page["total_count"], page["page_number"], page["page_size"]) == (len(ids), 1, 20)
    bad = await http.get(f"{base}/workflowRun/query", params={"q": "(= secret 1)"}, headers=headers)
    assert (bad.status_code, bad.json()["field"]) == (400, "q")


async def test_the_switch_and_the_limits(client: Published) -> None:  # noqa: F811
    http, base = client.http, f"/org/{client.organisation_id}"
    headers = {"Authorization": f"Key {client.key}"}
    stopped = (await http.patch(f"{base}/automation", json={"stopped": True}, headers=headers)).json()
    assert stopped["stopped"] is True
    limits = {"amount_per_day": {"eur": 5000}}
    done = (await http.patch(f"{base}/automation", json={"stopped": False, "limits": limits}, headers=headers)).json()
    assert (done["stopped"], done["limits"]) == (False, limits)
    bad = await http.patch(f"{base}/automation", json={"limits": {"amount_per_day": {"eur": "x"}}}, headers=headers)
    assert bad.status_code == 400
    assert (await http.get(f"{base}/approval", headers=headers)).json() == {"items": [], "nextCursor": None}
    assert (await http.get(f"{base}/approval/apr_none", headers=headers)).status_code == 404


def test_the_schema_takes_every_example_and_no_nonsense() -> None:
    validator = jsonschema_rs.validator_for(definition_schema())
    for name in examples.names():
        data = read(examples.text_of(name)).data
        assert validator.is_valid(data), (name, [error.message for error in validator.iter_errors(data)][:3])
    assert validator.is_valid(read(SOURCE).data)
    assert not validator.is_valid(read(SOURCE.replace("ask:", "asks:")).data)
    assert not validator.is_valid({"name": "x", "trigger": {"stripe_event": "nope"}, "steps": [{"id": "a"}]})
