"""Organisations, people, roles, sessions and API keys: who is asking, and what may they do."""

from tillwright.domains.tenancy.model import ApiClient, Organisation, Principal, Session, SignedIn
from tillwright.domains.tenancy.service import Tenancy

__all__ = ["ApiClient", "Organisation", "Principal", "Session", "SignedIn", "Tenancy"]
