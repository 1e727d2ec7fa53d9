"""What later steps can read of an action's answer, told from the request its inputs mean: pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tillwright.domains.automation import inputs
from tillwright.domains.automation.action import Action
from tillwright.domains.automation.chains import Shape
from tillwright.domains.automation.requests import (
    HttpCall,
    Mail,
    PromotionCodes,
    Refund,
    Request,
    Selection,
    StripeRead,
    StripeWrite,
    Sweep,
    Values,
)
from tillwright.domains.automation.shapes import is_list, is_map
from tillwright.gateways.stripe import facts, schemas
from tillwright.gateways.stripe.operations import operations
from tillwright.gateways.stripe.schemas import ANYTHING
from tillwright.kit.errors import TillwrightError

_FAILED: Mapping[str, Shape] = {"failed": "b", "error": ANYTHING}
_OURS: Mapping[type[Any], Shape] = {
    Mail: dict.fromkeys(("id", "message_id", "to"), "s"),
    HttpCall: {"status": "i", "text": "s", "json": ANYTHING},
    PromotionCodes: {"count": "i", "codes": "[s"},
    Sweep: {"count": "i", "ids": "[s"},
}
_LIST = {"object": "s", "has_more": "b", "url": "s", "next_page": "s", "total_count": "i"}
_PLACE = re.compile(r"\{\w+\}")


def shape_of(action: Action, given: Mapping[str, Any], *, goes_on: bool) -> Shape:
    """The answer's shape; what its inputs do not tell before they are filled in is anything.

    Args:
        given: the inputs as they are written, with their `${…}`.
        goes_on: the run goes on if the step fails, so that its failure can be read too.
    """
    try:
        shape = _shape(action.build(inputs.plain(action.inputs, given)))
    except (TillwrightError, KeyError, TypeError, ValueError, AttributeError):
        return ANYTHING  # it can't be told from a draft
    if not goes_on or shape == ANYTHING:
        return shape
    return {**_fields(shape), **_FAILED}


def _shape(request: Request) -> Shape:
    if isinstance(request, Refund):
        return schemas.shape_of("refund")
    if isinstance(request, StripeWrite):
        return _answer(request.method, request.path, request.params)
    if isinstance(request, StripeRead):
        return _answer("GET", request.path, request.params)
    if isinstance(request, Selection):
        return _selected(request)
    if isinstance(request, Values):
        return dict.fromkeys(request.values, ANYTHING) if is_map(request.values) else ANYTHING
    return _OURS.get(type(request), ANYTHING)


def _selected(request: Selection) -> Shape:
    one = ANYTHING if request.fields else schemas.shape_of(request.object)
    if request.want == "total":
        return {"count": "i", "sums": ANYTHING}
    if request.want == "first":
        return {"found": "b", "object": one}
    return {"count": "i", "items": f"[{one}", "more": "b"}


def _answer(method: str, path: str, params: Mapping[str, Any]) -> Shape:
    name = _answers().get((method, facts.template_of(path)), "")
    shape: Shape = schemas.shape_of(name.removesuffix("[]"))
    if name.endswith("[]"):
        shape = {**_LIST, "data": f"[{shape}"}
    expand: Any = params.get("expand")
    if not expand or shape == ANYTHING:
        return shape
    if not is_list(expand):
        return ANYTHING
    # Where an id stands otherwise, there is an object now.
    return {**_fields(shape), **{str(one).partition(".")[0]: ANYTHING for one in expand}}


@lru_cache(maxsize=1)
def _answers() -> Mapping[tuple[str, str], str]:
    return {(one.method, _PLACE.sub("{}", one.path)): one.answer for one in operations().values()}


def _fields(shape: Shape) -> Mapping[str, Shape]:
    return schemas.fields(shape[1:]) if isinstance(shape, str) else shape
