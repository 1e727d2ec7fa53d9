"""The people of an organisation: invited by mail, given a role, removed; never without an administrator."""

from tillwright.domains.tenancy.people.model import Invitation, Member, Offer
from tillwright.domains.tenancy.people.service import People

__all__ = ["Invitation", "Member", "Offer", "People"]
