"""One behaviour asking for another operation, as if the request had named it: a checkout that makes a subscription."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tillwright_sandbox.call import Call
from tillwright_sandbox.operations import operations


def perform(call: Call, operation_id: str, params: dict[str, Any], path: dict[str, str] | None = None) -> Any:
    """What the operation answers; its events join those of the call."""
    from tillwright_sandbox import pipeline  # which imports the behaviours

    inner = replace(call, operation=operations()[operation_id], params=params, path=path or {}, expand=[])
    return pipeline.perform(inner)
