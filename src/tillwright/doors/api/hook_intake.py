"""The addresses of workflows that are called from outside: reads a delivery, has it taken, answers."""

from __future__ import annotations

import logging

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tillwright.domains.automation.hook_signature import HEADERS
from tillwright.domains.automation.hooks import LARGEST_BODY, Hooks
from tillwright.doors.api.intake import Gone, read_body, refuse, send_json
from tillwright.kit.errors import TillwrightError, Upstream

PATH = "/webhooks/workflow/{organisation}/{workflow}"
_log = logging.getLogger("tillwright.hooks")


def routes(hooks: Hooks) -> list[Route]:
    """The one route; it signs in by its signature alone."""
    return [Route(PATH, HookEndpoint(hooks), name="workflow-webhook", include_in_schema=False)]


class HookEndpoint:
    """Answers 200 only for a delivery that is committed; 4xx what must not come again as it is, 503 what should."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(scope, receive, LARGEST_BODY)
            headers = {name: [v for n, v in scope["headers"] if n == name.encode()] for name in HEADERS}
            at = scope["path_params"]
            done = await self._hooks.deliver(at["organisation"], at["workflow"], headers, body)
        except Gone:
            return
        except TillwrightError as error:
            await refuse(send, error, denied=401)
        except Exception:
            # What happened is unknown: the sender keeps it, and sends it again under the same id.
            _log.exception("a delivery could not be taken")
            await refuse(send, Upstream("intake_failed", "The delivery could not be taken just now."))
        else:
            answer = {"received": True, "id": done.delivery_id, "runId": done.run_id, "kept": done.kept}
            await send_json(send, 200, answer | {"duplicate": done.duplicate})
