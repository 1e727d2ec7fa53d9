"""Controls of API keys: made with chosen rights, changed, expired, revoked."""

from __future__ import annotations

from typing import Any

from ..rights import normalise
from .asked import Control, Refusal, Settings, account_of, flag, need


def read_keys(control: Control, settings: Settings) -> Any:
    return {"data": control.world.keys.snapshot()}


def create_key(control: Control, settings: Settings) -> Any:
    rights = settings.get("rights")
    if rights is not None and not isinstance(rights, list):
        raise Refusal("rights must be a list of names like charge_write.")
    livemode = flag(settings.get("livemode", False), "livemode")
    key = control.world.keys.create(
        account_of(control, settings), livemode, rights, settings.get("kind", "rk"), settings.get("name", "")
    )
    return {"secret": key.secret, "kind": key.kind, "account": key.account, "rights": sorted(key.rights)}


def change_key(control: Control, settings: Settings) -> Any:
    """status: active, expired, revoked, elsewhere, and in how many seconds (a rolled key goes on for a while);
    rights: a new list; wording: rak, enabling, mixed (its 403 texts)."""
    key = control.world.keys.named(need(settings, "secret"))
    if "status" in settings:
        if settings["status"] not in ("active", "expired", "revoked", "elsewhere"):
            raise Refusal("status must be active, expired, revoked or elsewhere.")
        key.status = settings["status"]
        seconds = int(settings.get("in_seconds", 0))
        key.until = control.world.clock.now() + seconds if seconds else None
    if "rights" in settings:
        key.rights = normalise(settings["rights"])
    if "wording" in settings:
        if settings["wording"] not in ("rak", "enabling", "mixed"):
            raise Refusal("wording must be rak, enabling or mixed.")
        key.wording = settings["wording"]
    return {"secret": key.secret, "status": key.status, "rights": sorted(key.rights), "wording": key.wording}


TABLE = (
    ("GET", "/keys", read_keys),
    ("POST", "/keys", create_key),
    ("POST", "/keys/{secret}", change_key),
)
