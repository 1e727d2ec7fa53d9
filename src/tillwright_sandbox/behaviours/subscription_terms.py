"""The terms of a subscription that parameters set: who pays and how, its trial, and its end."""

import copy
from typing import Any

from tillwright_sandbox.behaviours import methods, subscription_parts, subscription_states
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]
DAY = 86_400
_COPIED = (
    "application_fee_percent",
    "billing_cycle_anchor_config",
    "billing_mode",
    "billing_thresholds",
    "collection_method",
    "days_until_due",
    "default_source",
    "description",
    "on_behalf_of",
    "pending_invoice_item_interval",
    "transfer_data",
    "trial_settings",
)


def plain(call: Call, params: Obj, customer: str) -> Obj:
    """The fields that take their parameter over; an empty string unsets."""
    fields: Obj = {name: params[name] for name in _COPIED if params.get(name) is not None}
    fields = {name: None if value == "" else copy.deepcopy(value) for name, value in fields.items()}
    if "metadata" in params:
        fields["metadata"] = {key: value for key, value in (params["metadata"] or {}).items() if value != ""}
    if params.get("default_payment_method"):
        fields["default_payment_method"] = _method(call, params["default_payment_method"], customer)
    if "default_tax_rates" in params:
        fields["default_tax_rates"] = list(params["default_tax_rates"] or [])
        for rate in fields["default_tax_rates"]:
            call.objects.get("tax_rate", rate, param="default_tax_rates")
    if params.get("payment_settings"):
        empty = {"payment_method_options": None, "payment_method_types": None, "save_default_payment_method": "off"}
        fields["payment_settings"] = empty | {k: v or None for k, v in params["payment_settings"].items()}
    if params.get("automatic_tax"):
        enabled = params["automatic_tax"]["enabled"]
        liability = params["automatic_tax"].get("liability") or ({"type": "self"} if enabled else None)
        fields["automatic_tax"] = {"enabled": enabled, "liability": liability, "disabled_reason": None}
    if params.get("invoice_settings"):
        given = {name: value or None for name, value in params["invoice_settings"].items()}
        fields["invoice_settings"] = {"account_tax_ids": None, "issuer": {"type": "self"}} | given
    return fields


def _method(call: Call, id: str, customer: str) -> str:
    """A default payment method must be attached to the customer who is billed."""
    method = methods.resolve(call, id, "default_payment_method")
    if method["customer"] != customer:
        text = (
            f"The customer does not have a payment method with the ID {id}. The payment method must be attached to the "
        )
        raise invalid(f"{text}customer.", "default_payment_method", "resource_missing")
    return method["id"]


def check_collection(collection_method: str | None, days_until_due: int | None) -> None:
    """An invoice that is sent has a due date; one that is charged has none."""
    if collection_method == "send_invoice" and days_until_due is None:
        text = "If `collection_method` is `send_invoice`, you must specify `days_until_due`."
        raise invalid(text, "days_until_due", "parameter_missing")
    if collection_method != "send_invoice" and days_until_due is not None:
        raise invalid("`days_until_due` can only be set if `collection_method` is `send_invoice`.", "days_until_due")


def trial_end(call: Call, params: Obj, found: list[Obj]) -> int | None:
    """When the trial that parameters ask for ends, unix seconds; None for no trial."""
    end, days = params.get("trial_end"), params.get("trial_period_days")
    if end is not None and days is not None:
        raise invalid("You may only specify one of these parameters: trial_end, trial_period_days.", "trial_end")
    if end == "now":
        return None
    if end is not None:
        if end <= call.now:
            raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", "trial_end")
        return end
    if days is None and params.get("trial_from_plan"):
        plans = (call.objects.maybe("plan", price["id"]) for price in found)
        days = max((plan["trial_period_days"] or 0 for plan in plans if plan), default=0)
    return call.now + days * DAY if days else None


def set_end(call: Call, subscription: Obj, params: Obj) -> None:
    """cancel_at and cancel_at_period_end: a date of its own, a bound of the items' periods, or none any more."""
    at, flag = params.get("cancel_at"), params.get("cancel_at_period_end")
    if at not in (None, "") and flag:
        raise invalid("You may only specify one of these parameters: cancel_at, cancel_at_period_end.", "cancel_at")
    ends = subscription_parts.ends(subscription_states.items_of(call, subscription))
    if flag or at in ("min_period_end", "max_period_end", "max_billed_until"):
        at = min(ends) if at == "min_period_end" else max(ends)
    if at not in (None, ""):
        if not isinstance(at, int) or at <= call.now:
            raise invalid("`cancel_at` must be a timestamp in the future.", "cancel_at")
        subscription["cancel_at"] = at
        subscription["cancel_at_period_end"] = bool(flag)
        subscription["canceled_at"] = call.now
        subscription["cancellation_details"]["reason"] = "cancellation_requested"
    elif at == "" or (flag is False and subscription["cancel_at_period_end"]):
        subscription["cancel_at"], subscription["canceled_at"] = None, None
        subscription["cancel_at_period_end"] = False
        subscription["cancellation_details"]["reason"] = None
    call.objects.touch(subscription)
