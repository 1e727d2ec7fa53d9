"""A message to a channel of Microsoft Teams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import HttpCall


def card(given: Mapping[str, Any]) -> dict[str, Any]:
    """The message as the card that Teams' workflows take."""
    blocks: list[dict[str, Any]] = [{"type": "TextBlock", "text": given["text"], "wrap": True}]
    if "title" in given:
        title = {"type": "TextBlock", "text": given["title"], "weight": "Bolder", "size": "Medium", "wrap": True}
        blocks.insert(0, title)
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": content}
    return {"type": "message", "attachments": [attachment]}


def _build(given: Mapping[str, Any]) -> HttpCall:
    return HttpCall("POST", None, given["webhook"], body=card(given))


ACTION = Action(
    name="send_teams",
    area="Messages",
    summary="Write a message to a channel of Microsoft Teams, by its incoming webhook.",
    inputs={
        "webhook": Input("id", "The name of the secret that is the webhook's address.", required=True),
        "title": Input("text", "A line above it.", longest=200),
        "text": Input("text", "The message; Markdown is understood.", required=True, longest=20_000),
    },
    build=_build,
)
