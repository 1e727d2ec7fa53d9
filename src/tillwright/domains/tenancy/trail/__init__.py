"""Reading the audit trail, and proving that nobody changed it."""

from tillwright.domains.tenancy.trail.service import Proof, Trail

__all__ = ["Proof", "Trail"]
