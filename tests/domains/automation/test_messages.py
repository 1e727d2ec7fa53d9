"""Requests to other services: what goes out, what is kept, what is never sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.domains.automation.stage import Stage
from tests.domains.automation.test_coupon_life import run_of
from tillwright.domains.automation import RunState, StepState
from tillwright.domains.automation.catalogue import catalogue
from tillwright.kit.errors import Absent, Invalid
from tillwright.kit.seal import Secret


@dataclass
class Elsewhere:
    """Another service: it keeps what it is sent, and answers what it is told to, the last one for ever."""

    url: str = ""
    answers: list[tuple[int, str]] = field(default_factory=lambda: [(200, '{"ok": true}')])
    got: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    service = Elsewhere()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.got.append({"path": self.path, "headers": dict(self.headers), "body": body.decode()})
            status, text = service.answers.pop(0) if len(service.answers) > 1 else service.answers[0]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST  # noqa: N815 - the server's own naming

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield service
    server.shutdown()
    server.server_close()
    thread.join()


async def test_secrets_go_out_and_are_kept_nowhere(stage: Stage, elsewhere: Elsewhere) -> None:
    elsewhere.answers = [(200, '{"echo": "token-of-the-crm", "id": 7}')]
    await stage.house.secrets.put(stage.principal, "crm", Secret("token-of-the-crm"))
    await stage.house.secrets.put(stage.principal, "key", Secret("key-of-the-crm"))
    shown = await run_of(
        stage,
        f"""
  - id: tell
    action: http_request
    with:
      url: {elsewhere.url}/hook?a=1
      headers: {{X-Kind: invoice}}
      secret_headers: {{X-Key: key}}
      bearer: crm
      json: {{invoice: "${{object.id}}", owes: "${{object.amount_remaining}}"}}
  - id: use
    action: set_values
    with: {{values: {{id: "${{steps.tell.json.id}}"}}}}
""",
    )
    assert shown.run.state is RunState.DONE, shown.run.reason
    (got,) = elsewhere.got
    assert got["path"] == "/hook?a=1"
    assert json.loads(got["body"]) == {"invoice": stage.invoice["id"], "owes": 4900}
    assert got["headers"]["Authorization"] == "Bearer token-of-the-crm"
    assert got["headers"]["X-Key"] == "key-of-the-crm"
    assert got["headers"]["Idempotency-Key"].startswith("run:run_")
    assert (shown.steps[2].answer or {})["id"] == 7
    kept = json.dumps([[step.request, step.answer, step.error] for step in shown.steps])
    assert "of-the-crm" not in kept
    assert "(secret crm)" in kept


async def test_slack_and_teams_take_their_own_forms(stage: Stage, elsewhere: Elsewhere) -> None:
    await stage.house.secrets.put(stage.principal, "channel", Secret(f"{elsewhere.url}/services/T0/B0/xyz"))
    shown = await run_of(
        stage,
        """
  - id: slack
    action: send_slack
    with: {webhook: channel, text: "${money(object.amount_remaining, object.currency)} are open"}
  - id: teams
    action: send_teams
    with: {webhook: channel, title: Open, text: Look at it}
""",
    )
    assert shown.run.state is RunState.DONE, shown.run.reason
    slack, teams = (json.loads(got["body"]) for got in elsewhere.got)
    assert slack == {"text": "49.00 EUR are open"}
    card = teams["attachments"][0]["content"]
    assert [block["text"] for block in card["body"]] == ["Open", "Look at it"]
    assert "xyz" not in json.dumps([[step.request, step.answer] for step in shown.steps])


async def test_a_busy_server_is_asked_again_and_a_refusal_is_final(stage: Stage, elsewhere: Elsewhere) -> None:
    elsewhere.answers = [(503, "busy"), (429, "slowly"), (201, "made"), (403, "no")]
    step = f"""
  - id: tell
    action: http_request
    with: {{url: "{elsewhere.url}/a", text: hello}}
"""
    shown = await run_of(stage, step)
    assert shown.run.state is RunState.DONE
    keys = {got["headers"]["Idempotency-Key"] for got in elsewhere.got}
    assert (len(elsewhere.got), len(keys)) == (3, 1)
    shown = await run_of(stage, step)
    assert shown.run.state is RunState.FAILED
    assert shown.steps[-1].state is StepState.REFUSED
    assert "403" in str(shown.run.reason)


@pytest.mark.parametrize(
    "url",
    ["https://169.254.169.254/latest/meta-data", "https://10.0.0.1/", "https://[::ffff:10.1.2.3]/", "http://1.1.1.1/"],
)
async def test_nothing_goes_to_a_network_that_is_not_public(stage: Stage, url: str) -> None:
    shown = await run_of(
        stage,
        f"""
  - id: tell
    action: http_request
    with: {{url: "{url}"}}
""",
    )
    assert shown.run.state is RunState.FAILED
    assert (shown.steps[-1].error or {})["code"] in ("address_not_public", "address_not_encrypted")


async def test_a_secret_that_is_not_there_fails_the_run_with_its_name(stage: Stage) -> None:
    shown = await run_of(
        stage,
        """
  - id: slack
    action: send_slack
    with: {webhook: nobody, text: hello}
""",
    )
    assert shown.run.state is RunState.FAILED
    assert "'nobody'" in str(shown.run.reason)


async def test_secrets_are_named_replaced_and_shredded(stage: Stage) -> None:
    secrets, principal = stage.house.secrets, stage.principal
    await secrets.put(principal, "b", Secret("one"))
    await secrets.put(principal, "a", Secret("two"))
    await secrets.put(principal, "b", Secret("three"))
    assert [name for name, _ in await secrets.names(principal)] == ["a", "b"]
    assert (await secrets.open(principal.organisation_id, "b", why="a test")).reveal() == "three"
    await secrets.delete(principal, "b")
    with pytest.raises(Absent):
        await secrets.open(principal.organisation_id, "b", why="a test")
    with pytest.raises(Absent):
        await secrets.delete(principal, "b")
    for name, secret in (("B", "x"), ("b c", "x"), ("b", ""), ("b", "x\ny"), ("b", "x" * 5000)):
        with pytest.raises(Invalid):
            await secrets.put(principal, name, Secret(secret))
    stranger = await stage.house.tenancy.create_organisation("Other", "eve@example.com", "a long enough password")
    assert await secrets.names(stranger) == []
    with pytest.raises(Absent):
        await secrets.open(stranger.organisation_id, "a", why="a test")


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"url": "https://example.com", "secret_url": "a"}, ["url"]),
        ({"url": "ftp://example.com"}, ["url"]),
        ({"url": "https://example.com", "headers": {"Host": "evil"}}, ["headers"]),
        ({"url": "https://example.com", "headers": {"X\nY": "a"}}, ["headers"]),
        ({"url": "https://example.com", "headers": {"X": "a\r\nY: b"}}, ["headers"]),
        ({"url": "https://example.com", "json": {}, "text": "a"}, ["json"]),
        ({"url": "https://example.com", "method": "TRACE"}, ["method"]),
    ],
)
def test_requests_that_are_refused(given: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(Invalid) as raised:
        catalogue()["http_request"].request(given)
    assert [problem.field for problem in raised.value.problems] == fields
