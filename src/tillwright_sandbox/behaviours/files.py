"""Files: what was uploaded, its size and kind; the content itself is kept with the object."""

from __future__ import annotations

import base64
from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import missing_param

TYPES = {"csv", "pdf", "png", "jpg", "docx", "xlsx", "heic"}


@behaviour("PostFiles")
def upload(call: Call) -> dict[str, Any]:
    """A multipart upload: `file` with its name, and a purpose."""
    part = call.params.get("file")
    if not isinstance(part, dict):
        raise missing_param("file")
    name, content = str(part["filename"]), part["content"]
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    id_ = call.new_id("file")
    file = generic.build(
        call,
        "file",
        id=id_,
        filename=name,
        purpose=call.params["purpose"],
        size=len(content),
        type=ending if ending in TYPES else "pdf",
        url=f"https://files.stripe.com/v1/files/{id_}/contents",
        _content=base64.b64encode(content).decode(),
    )
    file["links"] = {"object": "list", "data": [], "has_more": False, "url": f"/v1/file_links?file={id_}"}
    call.objects.insert(file)
    generic.emit(call, file, "created")
    return file
