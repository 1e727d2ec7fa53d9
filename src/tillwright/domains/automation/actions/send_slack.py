"""A message to a channel of Slack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import HttpCall


def _build(given: Mapping[str, Any]) -> HttpCall:
    return HttpCall("POST", None, given["webhook"], body={"text": given["text"]})


ACTION = Action(
    name="send_slack",
    area="Messages",
    summary="Write a message to a channel of Slack, by its incoming webhook.",
    inputs={
        "webhook": Input("id", "The name of the secret that is the webhook's address.", required=True),
        "text": Input("text", "The message; Slack's own marks are understood.", required=True, longest=20_000),
    },
    build=_build,
)
