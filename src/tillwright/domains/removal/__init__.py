"""Deletion of an integration, over all rooms: at Stripe as far as possible, here for good, with a receipt."""

from tillwright.domains.removal.debts import Debts
from tillwright.domains.removal.receipt import Line, Receipt
from tillwright.domains.removal.service import Part, Removal
from tillwright.domains.removal.stake import Stake

__all__ = ["Debts", "Line", "Part", "Receipt", "Removal", "Stake"]
