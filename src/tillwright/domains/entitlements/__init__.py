"""Entitlements: what each buyer may use until when, and the notices before it ends."""

from tillwright.domains.entitlements.end_soon import Notice
from tillwright.domains.entitlements.model import STATUSES, Entitlement, SentNotice, SentRenewal, Term
from tillwright.domains.entitlements.plans import Choices
from tillwright.domains.entitlements.renew_soon import Renewal
from tillwright.domains.entitlements.renewing import NextRenewal
from tillwright.domains.entitlements.service import Entitlements
from tillwright.domains.entitlements.sweeping import Coming, ComingRenewal

__all__ = [
    "STATUSES",
    "Choices",
    "Coming",
    "ComingRenewal",
    "Entitlement",
    "Entitlements",
    "NextRenewal",
    "Notice",
    "Renewal",
    "SentNotice",
    "SentRenewal",
    "Term",
]
