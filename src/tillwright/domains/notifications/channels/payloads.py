"""What a notice looks like to a webhook, to Slack and to Teams. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from tillwright.domains.notifications.model import Channel


@dataclass(frozen=True)
class Notice:
    """`text` is the rendered text without its footer; `values` are the merge tags' values."""

    id: str
    organisation_id: str
    organisation: str
    scope: str
    entity_id: str
    entity_name: str
    title: str
    text: str
    link: str
    values: Mapping[str, Any]
    happened: datetime


def payload(channel: Channel, notice: Notice) -> str:
    """The body of the request, as JSON."""
    return orjson.dumps(_SHAPES[channel](notice)).decode()


def _webhook(notice: Notice) -> dict[str, Any]:
    action, _, entity_type = notice.scope.partition(".")
    return {
        "id": notice.id,
        "organizationID": notice.organisation_id,
        "scope": notice.scope,
        "action": action,
        "entityType": entity_type,
        "entityID": notice.entity_id,
        "entityName": notice.entity_name,
        "title": notice.title,
        "message": notice.text,
        "timestamp": notice.happened.isoformat().replace("+00:00", "Z"),
        "data": dict(notice.values),
    }


def _slack(notice: Notice) -> dict[str, Any]:
    title, text = _for_slack(notice.title)[:150], _for_slack(notice.text)[:2900]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": notice.title[:150]}},
        {"type": "section", "text": {"type": "mrkdwn", "text": text or title}},
    ]
    if notice.link.startswith("https://"):
        button = {"type": "button", "text": {"type": "plain_text", "text": "Open in Tillwright"}, "url": notice.link}
        blocks.append({"type": "actions", "elements": [button]})
    about = {"type": "mrkdwn", "text": _for_slack(f"{notice.organisation} · {notice.scope}")}
    blocks.append({"type": "context", "elements": [about]})
    return {"text": title, "blocks": blocks}


def _for_slack(text: str) -> str:
    # The three characters by which Slack begins links and mentions: so a name can't call <!channel>.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(notice: Notice) -> dict[str, Any]:
    body: list[dict[str, Any]] = [
        {"type": "TextBlock", "size": "Large", "weight": "Bolder", "wrap": True, "text": _for_teams(notice.title)},
        *(
            {"type": "TextBlock", "wrap": True, "text": _for_teams(part)}
            for part in notice.text[:8000].split("\n\n")
            if part.strip()
        ),
        {
            "type": "TextBlock",
            "size": "Small",
            "isSubtle": True,
            "wrap": True,
            "text": _for_teams(f"{notice.organisation} · {notice.scope}"),
        },
    ]
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    if notice.link.startswith("https://"):
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open in Tillwright", "url": notice.link}]
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [content]}


def _for_teams(text: str) -> str:
    # Adaptive cards read Markdown: a backslash keeps its marks words.
    for mark in "\\`*_[]":
        text = text.replace(mark, "\\" + mark)
    return text.replace("\n", "\n\n")


_SHAPES: Mapping[Channel, Callable[[Notice], dict[str, Any]]] = {
    Channel.WEBHOOK: _webhook,
    Channel.SLACK: _slack,
    Channel.MICROSOFT_TEAMS: _teams,
}
