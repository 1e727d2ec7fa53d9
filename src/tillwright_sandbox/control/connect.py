"""Controls of Connect: what a platform set up at Stripe, who is connected to it, and a person taking it back."""

from __future__ import annotations

from typing import Any

from .asked import Control, Refusal, Settings, account_of, flag, need


def read(control: Control, settings: Settings) -> Any:
    connect = control.world.connect
    platform = account_of(control, settings)
    return {
        "client_id": {mode: connect.client_id(platform, mode == "live") for mode in ("test", "live")},
        "read_only": connect.platform(platform).read_only,
        "redirects": connect.platform(platform).redirects,
        "grants": [
            {"account": account, "livemode": livemode, "scope": scope}
            for (one, account, livemode), scope in connect.grants.items()
            if one == platform
        ],
    }


def change(control: Control, settings: Settings) -> Any:
    """`read_only`: whether the platform may ask for that scope; `redirects`: the addresses it registered."""
    platform = control.world.connect.platform(account_of(control, settings))
    if "read_only" in settings:
        platform.read_only = flag(settings["read_only"], "read_only")
    if "redirects" in settings:
        if not isinstance(settings["redirects"], list):
            raise Refusal("redirects must be a list of addresses.")
        platform.redirects = [str(address) for address in settings["redirects"]]
    return read(control, settings)


def revoke(control: Control, settings: Settings) -> Any:
    """`connected` (an account id) takes its authorisation back in its own Dashboard."""
    livemode = flag(settings.get("livemode", False), "livemode")
    done = control.world.connect.revoke(account_of(control, settings), str(need(settings, "connected")), livemode)
    return {"revoked": done}


TABLE = (
    ("GET", "/connect", read),
    ("POST", "/connect", change),
    ("POST", "/connect/revoke", revoke),
)
