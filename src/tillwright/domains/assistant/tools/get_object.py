"""One object by its id."""

from __future__ import annotations

from typing import Any

from tillwright.domains.assistant import shield
from tillwright.domains.assistant.asking import Asking
from tillwright.domains.assistant.kinds import KINDS, kind_of
from tillwright.domains.assistant.model import Argument, Outcome
from tillwright.domains.assistant.tool import Tool
from tillwright.kit.errors import Invalid

_KINDS = tuple(KINDS)


async def run(asking: Asking) -> Outcome:
    object_id = str(asking.arguments["id"])
    named = asking.arguments["kind"]
    kind = KINDS[named] if named else kind_of(object_id)
    if kind is None:
        raise Invalid(
            "kind_needed",
            f"The id {object_id} does not tell what it is.",
            field="kind",
            remedy=f"Name its kind: {', '.join(_KINDS)}.",
        )
    found = await asking.one(kind.name, object_id)
    if found is None:
        return {"found": False, "kind": kind.name, "id": object_id}
    asking.lay_out([found], lambda row: asking.show(kind.name, row))
    metadata: dict[str, Any] = found.get("metadata") or {}
    shown = [{"key": shield.outside(key), "value": shield.outside(str(metadata[key]))} for key in sorted(metadata)]
    return {"found": True, "kind": kind.name, "deleted": bool(found.get("deleted")), "metadata": shown[:50]}


TOOL = Tool(
    "get_object",
    "Get one object",
    "One customer, invoice, payment, refund, dispute, subscription, product, price, coupon or promotion code by its "
    "id, with its metadata. An id of another account is simply not found.",
    (
        Argument("id", "id", "The object's id, such as cus_… or in_….", required=True),
        Argument("kind", "choice", "What it is, where the id does not tell (coupons, own ids).", choices=_KINDS),
    ),
    run,
)
