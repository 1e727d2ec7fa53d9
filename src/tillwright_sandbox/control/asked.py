"""What a control is asked with: the settings of a request, their checks, and the refusal where they make no sense."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..mailsink import MailSink
    from ..world import World

Settings = dict[str, Any]


class Refusal(Exception):
    """What was asked can't be done; the text says why and what to do."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """What the verbs act on. `save` writes the snapshot, where there is a folder to write to."""

    def __init__(self, world: World, mails: MailSink | None = None, save: Callable[[], None] | None = None) -> None:
        self.world, self.mails, self.save = world, mails, save


def need(settings: Settings, name: str) -> Any:
    if name not in settings:
        raise Refusal(f"{name} is missing.")
    return settings[name]


def account_of(control: Control, settings: Settings) -> str:
    account = settings.get("account") or next(iter(control.world.accounts))
    if account not in control.world.accounts:
        raise LookupError(f"No such account: {account}.")
    return account


def flag(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "1"):
        return True
    if value in ("false", "0"):
        return False
    raise Refusal(f"{name} must be true or false.")


def optional_flag(settings: Settings, name: str) -> bool | None:
    return flag(settings[name], name) if name in settings else None
