"""What buying a product once grants, where a setting says so: a term for a product, a price, or every other product."""

from tillwright.domains.entitlements.purchases.model import PurchaseTerm
from tillwright.domains.entitlements.purchases.service import PurchaseTerms

__all__ = ["PurchaseTerm", "PurchaseTerms"]
