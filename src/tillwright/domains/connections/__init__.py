"""Users' own Stripe accounts: linked by OAuth, read and never written, let go of from every side."""

from tillwright.domains.connections.model import Connection, Notice, Revocation, RevocationState
from tillwright.domains.connections.reading import Listing, Reading
from tillwright.domains.connections.service import Connections

__all__ = ["Connection", "Connections", "Listing", "Notice", "Reading", "Revocation", "RevocationState"]
