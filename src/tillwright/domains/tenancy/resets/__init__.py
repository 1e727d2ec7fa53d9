"""Passwords that are changed: by who knows the present one, or by a link in a mail."""

from tillwright.domains.tenancy.resets.service import Resets

__all__ = ["Resets"]
