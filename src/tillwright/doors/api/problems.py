"""How errors are answered: families to statuses, once, as application/problem+json."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from tillwright.kit.errors import Denied, Invalid, Problem, TillwrightError

STATUS = {"absent": 404, "conflict": 409, "denied": 403, "invalid": 400, "upstream": 502}
# The caller is not known at all, as against known and not allowed; ours, as against Stripe's.
BY_CODE = {
    "api_key_missing": 401, "api_key_invalid": 401, "access_token_invalid": 401,
    "database_unreachable": 503, "database_full": 503,
}  # fmt: skip
TITLES = {
    400: "The request is wrong",
    401: "Who is asking is not known",
    403: "Not allowed",
    404: "Not there",
    405: "Not possible here",
    409: "Its state forbids this",
    500: "A fault of ours",
    502: "Stripe did not do its part",
    503: "Not available just now",
}
_log = logging.getLogger("tillwright.api")


class Complaint(BaseModel):
    """One of several complaints about an input."""

    code: str
    detail: str
    field: str | None = None
    remedy: str | None = None


class ProblemDocument(BaseModel):
    """RFC 9457, with a stable code, the field it is about, and what to do."""

    type: str = "about:blank"
    title: str = Field(examples=["The request is wrong"])
    status: int = Field(examples=[400])
    code: str = Field(examples=["keys_swapped"])
    detail: str = Field(examples=["The secret key is in the field for the public key."])
    field: str | None = Field(default=None, examples=["publishableKey"])
    remedy: str | None = Field(default=None, examples=["Swap the two."])
    problems: list[Complaint] | None = None


DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: {
        "description": title,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        "model": ProblemDocument,
    }
    for status, title in TITLES.items()
}


def answer(error: TillwrightError) -> JSONResponse:
    """An error of ours as its document."""
    status = BY_CODE.get(error.code, STATUS[error.family])
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES[status],
        "status": status,
        "code": error.code,
        "detail": error.sentence,
        "field": error.field,
        "remedy": error.remedy,
    }
    if isinstance(error, Invalid) and len(error.problems) > 1:
        document["problems"] = [
            {"code": p.code, "detail": p.sentence, "field": p.field, "remedy": p.remedy} for p in error.problems
        ]
    headers = {"WWW-Authenticate": "Key"} if status == 401 else {}
    if status == 503:
        headers["Retry-After"] = "5"
    document = {name: value for name, value in document.items() if value is not None}
    return JSONResponse(document, status, headers, media_type="application/problem+json")


def register(app: FastAPI) -> None:
    """Have every way of failing answered by `answer`."""

    @app.exception_handler(TillwrightError)
    async def ours(_: Request, error: TillwrightError) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        return answer(error)

    @app.exception_handler(RequestValidationError)
    async def shape(_: Request, error: RequestValidationError) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        return answer(Invalid.many([_complaint(found) for found in error.errors()]))

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        document = {
            "type": "about:blank",
            "title": TITLES.get(error.status_code, "It did not work"),
            "status": error.status_code,
            "code": "route_unknown" if error.status_code == 404 else "method_unknown",
            "detail": "There is nothing at this address." if error.status_code == 404 else str(error.detail),
            "remedy": "See /openapi.json for what there is.",
        }
        return JSONResponse(document, error.status_code, error.headers, media_type="application/problem+json")

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        document = {"title": TITLES[500], "status": 500, "code": "internal_fault"}
        document |= {"type": "about:blank", "detail": "This is a mistake of ours; it is in the log of the web process."}
        return JSONResponse(document, 500, media_type="application/problem+json")


def missing_key() -> Denied:
    """Said when no API key came, or came under another name."""
    return Denied(
        "api_key_missing",
        "This needs an API key.",
        field="Authorization",
        remedy="Send it as Authorization: Key <key>; make one in the console under Settings → API keys.",
    )


def _complaint(found: Any) -> Problem:
    if found["type"] == "json_invalid":
        return Problem("body_not_json", "The body is not JSON.", "body", "Send application/json.")
    where = ".".join(str(part) for part in found["loc"] if part not in ("body", "query", "path"))
    return Problem("field_invalid", f"{where or 'The body'}: {found['msg']}.", where or "body", None)
