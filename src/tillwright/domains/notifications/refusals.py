"""What a mail server's refusal means for the person who reads of it, and what to do. Pure.

RFC 3463's status codes, where the server gives one, say more than the reply's number.
"""

from __future__ import annotations

import re

_STATUS = re.compile(r"\b[45]\.(\d{1,3}\.\d{1,3})\b")
_BY_STATUS = (
    ("1.1", "There is no such mail box: correct the address."),
    ("1.2", "The domain of the address does not exist: correct it."),
    ("1.10", "The domain takes no mail: use another address."),
    ("1.", "The address is not usable: correct it."),
    ("2.1", "The mail box is closed: use another address."),
    ("2.2", "The mail box is full: ask its owner to make room, then send again."),
    ("2.3", "The mail is too large for the mail box: shorten the template."),
    ("2.", "The mail box takes nothing just now: ask its owner."),
    ("3.4", "The mail is too large for the server: shorten the template."),
    ("4.", "The mail can’t be routed: check the domain, then the mail server’s own log."),
    ("7.1", "The server does not take mail from us: ask its operator to let your sender through."),
    ("7.", "The server distrusts the sender: check SPF, DKIM and DMARC of your sender’s domain."),
)
_BY_CODE = {
    "550": "The mail box is unknown or closed to us: check the address.",
    "551": "The mail box has moved: ask its owner for the new address.",
    "552": "The mail box is full or the mail too large.",
    "553": "The address is not one this server knows: check it.",
    "554": "The server refuses the mail as a whole: check your sender’s domain and its reputation.",
    "421": "The server is busy or limits us: it is tried again.",
    "450": "The mail box is busy, or the server greylists: it is tried again.",
    "451": "The server has trouble of its own: it is tried again.",
    "452": "The server is out of room: it is tried again.",
}


def what_to_do(said: str | None) -> str:
    """In one sentence; empty where nothing is known."""
    if not said:
        return ""
    status = _STATUS.search(said)
    if status:
        for start, advice in _BY_STATUS:
            if status[1] == start or (start.endswith(".") and status[1].startswith(start)):
                return advice
    code = re.search(r"\b([45]\d\d)\b", said)
    return _BY_CODE.get(code[1], "") if code else ""
