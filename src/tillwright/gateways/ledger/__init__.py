"""What must outlive a restored database: deletions and the audit trail's heads, in files beside the keys."""

from tillwright.gateways.ledger.files import Head, Ledger

__all__ = ["Head", "Ledger"]
