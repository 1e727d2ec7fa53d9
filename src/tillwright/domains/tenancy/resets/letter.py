"""What the mail with the link says. Pure."""

from __future__ import annotations

from datetime import datetime

from tillwright.gateways.mail import Letter
from tillwright.gateways.mail.letter import domain_of


def letter(reset_id: str, email: str, link: str, sender: str, written: datetime, expires: datetime) -> Letter:
    """The mail; its Message-ID is another one at each attempt, as its link is."""
    text = (
        "Somebody, we hope you, asked for another password on Tillwright.\n\n"
        "To choose one, open this link:\n\n"
        f"{link}\n\n"
        f"It works once, until {expires:%H:%M} UTC, and ends every session you have.\n"
        "If it was not you, leave it: nothing changes.\n"
    )
    return Letter(f"<{reset_id}@{domain_of(sender)}>", email, "Choose another password", text, None, written)
