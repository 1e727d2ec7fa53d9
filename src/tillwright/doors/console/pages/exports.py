"""A list as a file, by a link: what the page's search found, or all of it."""

from __future__ import annotations

from starlette.responses import Response, StreamingResponse

from tillwright.domains.mirror.library.service import MEDIA, Asked, Form
from tillwright.doors.console.visit import Visit


async def download(visit: Visit) -> Response:
    """CSV unless NDJSON is asked for."""
    object_type = visit.request.path_params["type"]
    form: Form = "ndjson" if visit.query("format") == "ndjson" else "csv"
    asked = Asked(search=visit.query("q") or None)
    pieces = await visit.house.library.export(visit.principal, object_type, form, asked)
    name = f"{object_type}-{visit.house.clock.now():%Y-%m-%d}.{form}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(pieces, media_type=MEDIA[form], headers=headers)


PAGES = (("GET", "/export/{type}", download),)
