"""A workflow's own address over HTTP: opened, called, renewed, closed; and what was kept for it replayed."""

from __future__ import annotations

import json

from tests.contracts.conftest import client, open_published  # noqa: F401 - fixtures
from tests.contracts.published import Published
from tests.doors.owned import signed
from tillwright.kit.clock import to_unix

SOURCE = (
    "name: hooked\ntrigger: {webhook: {fields: {n: {type: integer, required: true}}}}\n"
    "steps: [{id: s, stop: '${event.data.n}'}]\n"
)


async def test_an_address_is_opened_called_and_closed_and_says_clearly_what_is_wrong(client: Published) -> None:  # noqa: F811
    http, base = client.http, f"/org/{client.organisation_id}/workflow/hooked"
    key = {"Authorization": f"Key {client.key}"}
    assert (await http.post(f"{base}/webhook", headers=key)).status_code == 404
    await http.post(f"/org/{client.organisation_id}/workflow", json={"source": SOURCE}, headers=key)
    assert (await http.get(f"{base}/webhook", headers=key)).status_code == 404
    made = (await http.post(f"{base}/webhook", headers=key)).json()
    shown = (await http.get(f"{base}/webhook", headers=key)).json()
    assert "secret" not in shown
    assert shown["url"].endswith(f"/webhooks/workflow/{client.organisation_id}/{made['workflowId']}")
    path = shown["url"].partition("//")[2].partition("/")[2]

    async def call(id: str, data: object, secret: str = made["secret"], **more: str) -> tuple[int, dict]:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        headers = signed(secret, id, to_unix(client.house.clock.now()), body) | more
        answer = await http.post(f"/{path}", content=body, headers=headers)
        return answer.status_code, answer.json()

    status, first = await call("a", {"n": 1})
    assert (status, first["kept"], first["duplicate"]) == (200, True, False)
    assert (await call("a", {"n": 1}))[1]["duplicate"] is True
    status, problem = await call("b", {"n": "x"})
    assert (status, problem["field"]) == (400, "n")
    assert (await call("b", {"n": 1}, signed("whsec_" + "A" * 44, "b", 0, b"")["webhook-signature"][3:]))[0] == 401
    assert (await call("b", b"{" + b" " * 300_000))[0] == 413
    assert (await call("b", {"n": 1}, **{"content-encoding": "gzip"}))[0] == 415
    assert (await http.get(f"/{path}")).status_code == 405
    assert (await http.post(f"/{path}", content=b"{}")).status_code == 401
    for odd in ("%00", "a%20b", "x" * 300):
        assert (await http.post(f"/webhooks/workflow/{odd}/{odd}", content=b"{}")).status_code == 404
    assert (
        await http.post(f"/{path}x", content=b"{}", headers=signed(made["secret"], "b", 0, b"{}"))
    ).status_code == 404

    kept = (await http.get(f"{base}/keptEvent", headers=key)).json()["items"]
    assert [(one["eventId"], one["runId"]) for one in kept] == [("a", first["runId"])]
    assert (await http.post(f"{base}/replay", json={}, headers=key)).status_code == 409
    await http.post(f"{base}/activate", json={}, headers=key)
    assert (await http.post(f"{base}/replay", json={}, headers=key)).json() == {"count": 1}
    assert (await http.post(f"{base}/discard", json={"eventIds": ["a"]}, headers=key)).json() == {"count": 0}
    run = (await http.get(f"/org/{client.organisation_id}/workflowRun/{first['runId']}", headers=key)).json()
    assert (run["eventType"], run["status"]) == ("webhook", "QUEUED")

    renewed = (await http.post(f"{base}/webhook", headers=key)).json()
    assert renewed["earlierSecretUntil"] is not None
    assert (await call("c", {"n": 1}, renewed["secret"]))[0] == 200
    assert (await http.delete(f"{base}/webhook", headers=key)).json() == ""
    assert (await call("d", {"n": 1}, renewed["secret"]))[0] == 404
