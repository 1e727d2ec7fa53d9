"""One request to an address that a person typed: guarded, its secrets put in last and cut out of the answer first.

Like a mail it may go out twice if a process dies between the answer and our commit; the same `Idempotency-Key` says so.
"""

from __future__ import annotations

from typing import Any

import orjson

from tillwright.domains.automation.errand import Carried, Errand, Parts
from tillwright.domains.automation.model import StepState
from tillwright.domains.automation.outcome import Outcome, outcome
from tillwright.domains.automation.requests import HttpCall
from tillwright.gateways.outgoing import Answer

REQUEST = HttpCall
READS = False
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
"""What a server answers that may do better the next time."""


async def carry(parts: Parts, errand: Errand, request: HttpCall) -> Carried:
    opened: dict[str, str] = {}

    async def secret(name: str) -> str:
        found = await parts.secrets.open(errand.organisation_id, name, why=f"step {errand.step} of {errand.run_id}")
        opened[name] = found.reveal()
        return opened[name]

    headers = {"Idempotency-Key": errand.key("run"), **request.headers}
    for header, name in request.secret_headers.items():
        headers[header] = await secret(name)
    if request.bearer:
        headers["Authorization"] = f"Bearer {await secret(request.bearer)}"
    url = await secret(request.secret_url) if request.secret_url else str(request.url)
    body = b""
    if isinstance(request.body, str):
        body = request.body.encode()
        headers.setdefault("Content-Type", "text/plain; charset=utf-8")
    elif request.body is not None:
        body = orjson.dumps(request.body)
        headers.setdefault("Content-Type", "application/json")
    answer = await parts.outgoing.send(request.method, url, headers=headers, body=body)
    return Carried(_outcome(answer, opened))


def _outcome(answer: Answer, opened: dict[str, str]) -> Outcome:
    text = answer.body.decode(errors="replace").replace("\0", "")
    for name, value in opened.items():
        text = text.replace(value, f"(secret {name})")
    kept: dict[str, Any] = {"status": answer.status, "text": text}
    try:
        kept["json"] = orjson.loads(text)
    except orjson.JSONDecodeError:
        kept["json"] = None
    if 200 <= answer.status < 300:
        return outcome(StepState.DONE, kept)
    error = {"code": "http_refused", "sentence": f"The server answered {answer.status}.", "status": answer.status}
    return outcome(StepState.WAITING if answer.status in _LATER else StepState.REFUSED, kept, error)
