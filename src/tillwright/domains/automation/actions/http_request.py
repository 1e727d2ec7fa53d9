"""Ask or tell another service something."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.plain_row import one_of
from tillwright.domains.automation.requests import HttpCall
from tillwright.domains.automation.shapes import is_map
from tillwright.kit.errors import Problem

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OURS = {"host", "content-length", "transfer-encoding", "connection", "idempotency-key"}
_ADDRESS = one_of("url", "secret_url")


def _cross(given: Mapping[str, Any]) -> Sequence[Problem]:
    problems = list(_ADDRESS(given))
    for name in ("headers", "secret_headers"):
        headers: Any = given.get(name)
        for header, value in headers.items() if is_map(headers) else ():
            if not _HEADER.fullmatch(header) or header.lower() in _OURS:
                problems.append(Problem("input_invalid", f"{header[:100]!r} is no header you can set.", name))
            if not str(value).isprintable():
                problems.append(Problem("input_invalid", f"The header {header!r} has a line break.", name))
    if given.get("json") is not None and given.get("text") is not None:
        problems.append(Problem("input_invalid", "Give `json` or `text`, not both.", "json"))
    return problems


def _build(given: Mapping[str, Any]) -> HttpCall:
    return HttpCall(
        given["method"],
        given.get("url"),
        given.get("secret_url"),
        {name: str(value) for name, value in given.get("headers", {}).items()},
        given.get("secret_headers", {}),
        given.get("bearer"),
        given.get("json", given.get("text")),
    )


ACTION = Action(
    name="http_request",
    area="Messages",
    summary=(
        "Send one request to another service: {status, text, json}. It goes to public addresses only; 429 and 5xx are "
        "tried again, under the same Idempotency-Key."
    ),
    inputs={
        "method": Input("text", "What to do.", choices=("POST", "GET", "PUT", "PATCH", "DELETE"), default="POST"),
        "url": Input("url", "The address.", longest=2048),
        "secret_url": Input("id", "Or the name of the secret that is the address."),
        "headers": Input("labels", "Headers beside the usual ones."),
        "secret_headers": Input("labels", "Headers whose values are secrets: {X-Token: name_of_the_secret}."),
        "bearer": Input("id", "The name of the secret that goes out as Authorization: Bearer."),
        "json": Input("any", "The body, as any JSON."),
        "text": Input("text", "Or the body as a text.", longest=100_000),
    },
    build=_build,
    cross=_cross,
)
