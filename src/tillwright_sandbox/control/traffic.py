"""Controls of what happens to requests: the ledger of them, faults, latency, limits, idempotency."""

from __future__ import annotations

from typing import Any

from .asked import Control, Refusal, Settings, flag, need, optional_flag


def read_ledger(control: Control, settings: Settings) -> Any:
    known = ("method", "path", "operation", "account", "key_kind", "idempotency_key", "object_id")
    equal = {name: settings[name] for name in known if name in settings}
    if "livemode" in settings:
        equal["livemode"] = flag(settings["livemode"], "livemode")
    ledger = control.world.ledger
    accepted = flag(settings.get("accepted", False), "accepted")
    lines = ledger.select(accepted, int(settings.get("since", 0)), **equal)
    return {"gets": ledger.gets, "last": len(ledger.lines), "count": len(lines), "lines": lines}


def read_faults(control: Control, settings: Settings) -> Any:
    return control.world.faults.state()


def add_fault(control: Control, settings: Settings) -> Any:
    faults = control.world.faults
    rules = settings.pop("rules", None)
    if "seed" in settings:
        faults.reseed(int(settings.pop("seed")))
    if rules is not None and not isinstance(rules, list):
        raise Refusal("rules must be a list of faults.")
    for rule in rules if rules is not None else ([settings] if settings else []):
        faults.add(**rule)
    return faults.state()


def clear_faults(control: Control, settings: Settings) -> Any:
    control.world.faults.clear()
    return control.world.faults.state()


def set_latency(control: Control, settings: Settings) -> Any:
    seconds = float(need(settings, "seconds"))
    if not 0 <= seconds <= 60:
        raise Refusal("seconds must lie between 0 and 60.")
    control.world.faults.latency = seconds
    return control.world.faults.state()


def read_limits(control: Control, settings: Settings) -> Any:
    return control.world.limits.state()


def set_limits(control: Control, settings: Settings) -> Any:
    scale = float(settings["scale"]) if "scale" in settings else None
    return control.world.limits.set(optional_flag(settings, "enabled"), scale)


def set_idempotency(control: Control, settings: Settings) -> Any:
    idempotency = control.world.idempotency
    if "enabled" in settings:
        idempotency.enabled = flag(settings["enabled"], "enabled")
    expired = idempotency.expire() if flag(settings.get("expire", False), "expire") else 0
    return {**idempotency.state(), "expired": expired}


TABLE = (
    ("GET", "/ledger", read_ledger),
    ("GET", "/faults", read_faults),
    ("POST", "/faults", add_fault),
    ("DELETE", "/faults", clear_faults),
    ("POST", "/latency", set_latency),
    ("GET", "/limits", read_limits),
    ("POST", "/limits", set_limits),
    ("POST", "/idempotency", set_idempotency),
)
