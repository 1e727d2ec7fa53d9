"""Proves that a connection works: every permission probed, nothing changed, a report that says what to do."""

from tillwright.domains.verification.drift import Drift
from tillwright.domains.verification.mail import MailVerification
from tillwright.domains.verification.report import Finding, Report
from tillwright.domains.verification.rotation import Rotation
from tillwright.domains.verification.service import Verification

__all__ = ["Drift", "Finding", "MailVerification", "Report", "Rotation", "Verification"]
