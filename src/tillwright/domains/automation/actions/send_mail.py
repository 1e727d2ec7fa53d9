"""Send one mail to one person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillwright.domains.automation.action import Action
from tillwright.domains.automation.inputs import Input
from tillwright.domains.automation.requests import Mail


def _build(given: Mapping[str, Any]) -> Mail:
    # A line break in a subject would start another header; people write one by folding a long line.
    return Mail(given["to"], " ".join(given["subject"].split()), given["text"], given.get("html"))


ACTION = Action(
    name="send_mail",
    area="Messages",
    summary="Send a mail.",
    inputs={
        "to": Input("email", "The address, such as ${object.customer_email}.", required=True, longest=320),
        "subject": Input("text", "The subject line.", required=True, longest=500),
        "text": Input("text", "The mail as plain text.", required=True, longest=100_000),
        "html": Input("text", "The same as HTML, for readers that show it.", longest=200_000),
    },
    build=_build,
)
