"""Controls of the mail sink: what came in, and how it answers."""

from __future__ import annotations

from typing import Any

from ..mailsink import MailSink
from .asked import Control, Settings, need


def _sink(control: Control) -> MailSink:
    if control.mails is None:
        raise LookupError("This sandbox was started without a mail sink (see --smtp-port).")
    return control.mails


def read_mails(control: Control, settings: Settings) -> Any:
    sink = _sink(control)
    mails = sink.shown(settings.get("to"), int(settings.get("limit", 100)))
    return {**sink.state(), "by_message_id": sink.by_message_id(), "data": mails}


def clear_mails(control: Control, settings: Settings) -> Any:
    _sink(control).clear()
    return _sink(control).state()


def set_mails(control: Control, settings: Settings) -> Any:
    return _sink(control).behave(str(need(settings, "mode")), settings.get("reply"), int(settings.get("times", 0)))


TABLE = (
    ("GET", "/mails", read_mails),
    ("DELETE", "/mails", clear_mails),
    ("POST", "/mails/behaviour", set_mails),
)
