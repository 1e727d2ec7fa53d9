"""What older API versions still take: parameters that later versions dropped, put into today's words.

Only requests take old forms; answers and events keep the shape of the page's version, whatever version they name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import invalid
from .tables import Schema

if TYPE_CHECKING:
    from .call import Call

TEXT: Schema = {"type": "string", "maxLength": 5000}
WHOLE: Schema = {"type": "integer"}
# From this version on the old forms below are refused as unknown parameters.
DROPPED_IN = "2025-09-30.clover"


@dataclass(frozen=True)
class Form:
    """Extra properties of an operation's parameters, and what they mean: `before` rewrites the parameters,
    `after` acts on the answer."""

    properties: dict[str, Schema]
    before: Callable[[Call], Any] | None = None
    after: Callable[[Call, Any, Any], None] | None = None
    phases: dict[str, Schema] | None = None  # extra properties of each of a schedule's phases


def takes_old_forms(version: str) -> bool:
    return version < DROPPED_IN


def extended(operation_id: str, params: Schema, version: str) -> Schema:
    """The operation's parameters as a version takes them."""
    form = FORMS.get(operation_id)
    if form is None or not takes_old_forms(version):
        return params
    properties = {**params["properties"], **form.properties}
    if form.phases:
        phase = params["properties"]["phases"]
        while "items" not in phase:
            phase = phase["anyOf"][0]
        inner = phase["items"]
        properties["phases"] = {**phase, "items": {**inner, "properties": {**inner["properties"], **form.phases}}}
    required = [
        name for name in params.get("required", ()) if not (name == "promotion" and "coupon" in form.properties)
    ]
    return params | {"properties": properties, "required": required}


def perform(call: Call, carry_out: Callable[[Call], Any]) -> Any:
    """Carries out a call whose parameters may be in an old form."""
    form = FORMS.get(call.operation.id)
    if form is None or not takes_old_forms(call.api_version):
        return carry_out(call)
    kept = form.before(call) if form.before else None
    result = carry_out(call)
    if form.after:
        form.after(call, result, kept)
    return result


# --- customers had a coupon of their own -----------------------------------------------------------------------------


def _take_discount(call: Call) -> dict[str, str] | None:
    given = {name: call.params.pop(name) for name in ("coupon", "promotion_code") if name in call.params}
    if len(given) > 1:
        raise invalid("You may only specify one of these parameters: coupon, promotion_code.", "coupon")
    return given or None


def _give_discount(call: Call, customer: dict[str, Any], given: dict[str, str] | None) -> None:
    from .behaviours import discount_doors

    if given is None:
        return
    if not next(iter(given.values())):
        if customer.get("discount"):
            discount_doors.strip_customer(call)
        return
    discount_doors.give_customer(call, customer, given)


# --- a promotion code named its coupon directly ----------------------------------------------------------------------


def _name_promotion(call: Call) -> None:
    coupon = call.params.pop("coupon", None)
    if coupon is None:
        if "promotion" not in call.params:
            raise invalid("Missing required param: coupon.", "coupon", "parameter_missing")
        return
    if "promotion" in call.params:
        raise invalid("You may only specify one of these parameters: coupon, promotion.", "coupon")
    call.params["promotion"] = {"type": "coupon", "coupon": coupon}


# --- a schedule's phase counted iterations of its price's interval ---------------------------------------------------


def _measure_phases(call: Call) -> None:
    for index, phase in enumerate(call.params.get("phases") or []):
        count = phase.pop("iterations", None)
        if count is None:
            continue
        if "end_date" in phase or "duration" in phase:
            raise invalid("You may only specify one of these: iterations, end_date, duration.", f"phases[{index}]")
        price = call.objects.get("price", phase["items"][0]["price"], param=f"phases[{index}][items][0][price]")
        every = price["recurring"]
        phase["duration"] = {"interval": every["interval"], "interval_count": every["interval_count"] * count}


CUSTOMER = Form({"coupon": TEXT, "promotion_code": TEXT}, before=_take_discount, after=_give_discount)
SCHEDULE = Form({}, before=_measure_phases, phases={"iterations": WHOLE})
FORMS: dict[str, Form] = {
    "PostCustomers": CUSTOMER,
    "PostCustomersCustomer": CUSTOMER,
    "PostPromotionCodes": Form({"coupon": TEXT}, before=_name_promotion),
    "PostSubscriptionSchedules": SCHEDULE,
    "PostSubscriptionSchedulesSchedule": SCHEDULE,
}
