"""The customer portal: its configurations, and links that open it for one customer."""

import copy
from typing import Any

from tillwright_sandbox import generic
from tillwright_sandbox.behaviours import behaviour
from tillwright_sandbox.behaviours.changes import updating
from tillwright_sandbox.call import Call
from tillwright_sandbox.errors import invalid

Obj = dict[str, Any]
KIND = "billing_portal.configuration"
_OFF: Obj = {
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_history": {"enabled": False},
    "payment_method_update": {"enabled": False, "payment_method_configuration": None},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "feedback_options": [], "options": []},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_update": {
        "billing_cycle_anchor": None,
        "default_allowed_updates": [],
        "enabled": False,
        "products": [],
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}


def _merged(base: Obj, given: Obj) -> Obj:
    """Nested hashes field by field; an empty string unsets."""
    out = copy.deepcopy(base)
    for name, value in given.items():
        if isinstance(value, dict) and isinstance(out.get(name), dict):
            out[name] = _merged(out[name], value)
        elif value == "":
            out[name] = [] if isinstance(out.get(name), list) else None
        else:
            out[name] = copy.deepcopy(value)
    return out


@behaviour("PostBillingPortalConfigurations")
def create(call: Call) -> Obj:
    configuration = generic.build(call, KIND, **_values(call, dict(call.params), _OFF))
    configuration["updated"] = call.now
    call.objects.insert(configuration)
    call.emit("billing_portal.configuration.created", configuration)
    return configuration


def _values(call: Call, params: Obj, base: Obj) -> Obj:
    profile = {"headline": None, "privacy_policy_url": None, "terms_of_service_url": None}
    login = bool((params.get("login_page") or {}).get("enabled"))
    return {
        "active": True,
        "business_profile": _merged(profile, params.get("business_profile") or {}),
        "default_return_url": params.get("default_return_url") or None,
        "features": _merged(base, params.get("features") or {}),
        "is_default": False,
        "login_page": {"enabled": login, "url": _login_url(call) if login else None},
        "metadata": dict(params.get("metadata") or {}),
        "name": params.get("name") or None,
    }


def _login_url(call: Call) -> str:
    return f"https://billing.stripe.com/p/login/test_{call.new_id('page').removeprefix('page_')}"


@behaviour("PostBillingPortalConfigurationsConfiguration")
def update(call: Call) -> Obj:
    configuration, params = call.objects.get(KIND, call.path["configuration"]), call.params
    if params.get("active") is False and configuration["is_default"]:
        raise invalid("The default configuration can't be deactivated.", "active")
    with updating(call, configuration, "billing_portal.configuration.updated"):
        plain = {name: params[name] for name in ("active", "default_return_url", "metadata", "name") if name in params}
        generic.apply(configuration, plain)
        for name in ("features", "business_profile"):
            if params.get(name):
                configuration[name] = _merged(configuration[name], params[name])
        if params.get("login_page"):
            on = params["login_page"]["enabled"]
            configuration["login_page"] = {
                "enabled": on,
                "url": (configuration["login_page"]["url"] or _login_url(call)) if on else None,
            }
        configuration["updated"] = call.now
    return configuration


def _default(call: Call) -> Obj:
    """The account's default configuration; made when first needed, as the dashboard's is."""
    for configuration in call.objects.find(KIND, is_default=True):
        return configuration
    on = {
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True},
        "subscription_cancel": {"enabled": True},
        "customer_update": {"enabled": True, "allowed_updates": ["email", "address", "phone", "tax_id"]},
    }
    configuration = generic.build(call, KIND, **_values(call, {"features": on}, _OFF))
    configuration |= {"is_default": True, "updated": call.now}
    return call.objects.insert(configuration)


@behaviour("PostBillingPortalSessions")
def open_session(call: Call) -> Obj:
    """A link for one customer, for a short while; `flow_data` leads straight to one task."""
    params = call.params
    if not params.get("customer"):
        raise invalid("Missing required param: customer.", "customer", "parameter_missing")
    customer = call.objects.get("customer", params["customer"], param="customer")
    if params.get("configuration"):
        configuration = call.objects.get(KIND, params["configuration"], param="configuration")
    else:
        configuration = _default(call)
    flow = copy.deepcopy(params.get("flow_data"))
    if flow:
        flow.setdefault("after_completion", {"type": "portal_homepage"})
        for name in ("subscription_cancel", "subscription_update", "subscription_update_confirm"):
            if flow.get(name):
                here = f"flow_data[{name}][subscription]"
                call.objects.get("subscription", flow[name]["subscription"], param=here)
    session = generic.build(
        call,
        "billing_portal.session",
        id=call.new_id("bps"),
        configuration=configuration["id"],
        customer=customer["id"],
        flow=flow,
        locale=params.get("locale"),
        on_behalf_of=params.get("on_behalf_of"),
        return_url=params.get("return_url") or configuration["default_return_url"],
        url=f"https://billing.stripe.com/p/session/test_{call.new_id('page').removeprefix('page_')}",
    )
    call.objects.insert(session)
    call.emit("billing_portal.session.created", session)
    return session
