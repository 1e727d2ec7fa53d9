"""Whatever is sent, the answer is one of ours: never a 5xx, always a problem with a code and a sentence."""

from __future__ import annotations

import itertools
import json
import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.doors.api.malformed import Request, requests
from tests.doors.owned import own
from tests.sandbox.conftest import Sandbox
from tillwright.doors.api import create_app
from tillwright.wiring import House

CASES = int(os.environ.get("MALFORMED_CASES", "2000"))
SEED = int(os.environ.get("MALFORMED_SEED", "20270115"))


@dataclass
class Answer:
    status: int = 0
    headers: dict[bytes, bytes] | None = None
    body: bytes = b""


async def ask(app: Any, request: Request) -> Answer:
    """The application asked without a socket between, so that thousands fit into a run."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(request.path.decode("latin-1"), errors="replace"),
        "raw_path": request.path,
        "query_string": request.query,
        "headers": list(request.headers),
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "root_path": "",
    }
    answer, sent = Answer(), False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], dict(message["headers"])
        else:
            answer.body += message.get("body", b"")

    await app(scope, receive, send)
    return answer


def complaint(request: Request, answer: Answer) -> str | None:
    """What is wrong with an answer, or nothing."""
    where = f"{request}\n  → {answer.status} {answer.body[:300]!r}"
    if answer.status >= 500:
        return where
    if answer.status == 200:
        return None
    kind = (answer.headers or {}).get(b"content-type", b"")
    try:
        document = json.loads(answer.body)
    except ValueError:
        return f"no JSON: {where}"
    good = kind == b"application/problem+json" and document["status"] == answer.status and document["code"]
    return None if good and document["detail"] else f"no problem document: {where}"


async def test_malformed_input_gets_a_clear_error(house: House, stripe_sandbox: Sandbox) -> None:
    owned = await own(house, stripe_sandbox)
    app = create_app(house)
    made = requests(app.openapi(), owned.organisation_id, owned.key, SEED)
    found: dict[int, int] = {}
    wrong: list[str] = []
    print(f"seed {SEED}, {CASES} cases")
    for request in itertools.islice(made, CASES):
        try:
            answer = await ask(app, request)
        except Exception as error:
            wrong.append(f"{request}\n  raised {type(error).__name__}: {error}")
            continue
        found[answer.status] = found.get(answer.status, 0) + 1
        if said := complaint(request, answer):
            wrong.append(said)
    print(f"answers: {dict(sorted(found.items()))}")
    assert not wrong, f"{len(wrong)} of {CASES}, seed {SEED}:\n" + "\n".join(wrong[:8])
    assert found.get(400, 0) > CASES / 20, "the requests are too often right, or never get as far as the body"
