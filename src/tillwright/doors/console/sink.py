"""In a demo: the mails that reached the sink, which stands where people's mail boxes would be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from tillwright.kit.errors import Upstream


async def delivered(url: str) -> Mapping[str, Mapping[str, Any]]:
    """What arrived, by Message-ID: to, subject, text, html as a mail program would read them.

    Raises:
        Upstream: the sink does not answer.
    """
    try:
        async with httpx.AsyncClient(timeout=3.0, trust_env=False) as client:
            answer = await client.get(f"{url}/_sandbox/mails", params={"limit": 200})
            answer.raise_for_status()
            return {mail["message_id"]: mail for mail in answer.json()["data"]}
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise Upstream(
            "mail_sink_silent",
            "The demo's mail sink does not answer, so what was delivered cannot be shown.",
            remedy="See that the sandbox is running.",
        ) from error
