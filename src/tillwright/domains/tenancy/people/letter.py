"""What an invitation says. Pure."""

from __future__ import annotations

from datetime import datetime

from tillwright.domains.tenancy.people.model import Invitation
from tillwright.gateways.mail import Letter
from tillwright.gateways.mail.letter import domain_of
from tillwright.kit import ids

_MAY = {
    "VIEWER": "look at everything",
    "EDITOR": "look at everything and run things",
    "ADMIN": "do everything, with the other administrators",
}


def letter(invitation: Invitation, organisation: str, link: str, sender: str, written: datetime) -> Letter:
    """The mail; its Message-ID is the same however often it has to be handed over."""
    name = ids.digest("invitation", invitation.organisation_id, invitation.id, invitation.created.isoformat())
    day = f"{invitation.expires.day} {invitation.expires:%B %Y}"
    text = (
        f"{invitation.invited_by} invites you to {organisation} on Tillwright.\n\n"
        f"As {invitation.role.title()} you may {_MAY[invitation.role]}. To join, open this link:\n\n"
        f"{link}\n\n"
        f"It works once, until {day}, and only for {invitation.email}.\n"
        "If you did not expect this, leave it: nothing happens.\n"
    )
    subject = f"{invitation.invited_by} invites you to {organisation}"
    return Letter(f"<{name}@{domain_of(sender)}>", invitation.email, subject, text, None, written)
